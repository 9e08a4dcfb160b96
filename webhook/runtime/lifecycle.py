"""The life cycle of a server: start, ready, drain, stop; and the signals for it.

SIGTERM and SIGINT: the server becomes not ready, serves on until endpoints are updated, finishes the requests in flight and exits with 0.
A second signal stops it at once. SIGHUP: it checks the files of registry and certificate for changes now. A background task must run as
long as the server. If one ends, the server exits with 1, as it would otherwise serve an outdated registry or certificate unnoticed.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Mapping

import structlog
import uvloop

from webhook import __version__
from webhook.admission.overhead_due import may_count
from webhook.admission.pods import OverheadMode
from webhook.errors import EXIT_CLEAN, EXIT_UNREADABLE, EXIT_USAGE, BindguardError, UsageError
from webhook.http.large import SWITCH_SECONDS
from webhook.http.listener import Listener
from webhook.http.probes import Check, ask
from webhook.runtime.assembly import Assembly, assembled
from webhook.runtime.certificate.reload import expiry_of
from webhook.runtime.log_writer import LogWriter
from webhook.runtime.logs import configure_logs, gap_line, is_json, log_start_failure, log_uncaught
from webhook.runtime.memory import return_freed_memory
from webhook.runtime.reloader import told_of
from webhook.runtime.settings.model import ServeSettings, Transport
from webhook.runtime.settings.names import EffectiveSetting

log = structlog.get_logger(__name__)

EXIT_INTERNAL_ERROR = 1
"""The server ended because of a bug."""
EXIT_SIGNALLED = 128
"""Added to the number of the signal that ended the process, as shells do."""

_READINESS_SECONDS = 0.2
_LAST_LINES_TIMEOUT = 1.0
"""Seconds at the exit to write buffered log lines: nothing may read them."""
_SLOW_START_SECONDS = 10.0
"""After this long, the reasons why the server is not ready are logged as a warning."""


def serve(found: EffectiveSetting) -> int:
    """Run a server until a signal stops it. With a JSON log, an error that ends it is a line of the log.

    Returns:
        The exit code.

    Raises:
        BindguardError: A setting, an address, the registry or the certificate cannot be used, and the log is not JSON.
        OSError: A call to the system failed, and the log is not JSON.
    """
    return_freed_memory()
    sys.setswitchinterval(SWITCH_SECONDS)
    writer = _start_log(found.settings)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(found, writer))
    except (BindguardError, OSError) as error:
        if not is_json(found.settings.log_format, terminal=sys.stderr.isatty()):
            raise  # the command line prints it for a person
        log_start_failure(error)
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_UNREADABLE
    except Exception:
        log.critical("cannot go on", failed="server", exc_info=True)
        return EXIT_INTERNAL_ERROR
    finally:
        writer.close(_LAST_LINES_TIMEOUT)


def _start_log(settings: ServeSettings) -> LogWriter:
    form, terminal = settings.log_format, sys.stderr.isatty()

    def line_about_dropped(count: int) -> str:
        return gap_line(form, terminal=terminal, count=count)

    writer = LogWriter(sys.stderr.fileno(), line_about_dropped)
    configure_logs(level=settings.log_level, form=form, write=writer.write, terminal=terminal)
    log_uncaught()
    return writer


async def _run(found: EffectiveSetting, writer: LogWriter) -> int:
    started = time.monotonic()
    signals = _Signals()

    def log_lines_dropped() -> int:
        return writer.dropped

    async with assembled(found.settings, log_lines_dropped=log_lines_dropped) as assembly, contextlib.AsyncExitStack() as cleanup:
        signals.on_hangup(assembly.reload_now)
        await _start(assembly.operations, found, "operations_")
        cleanup.push_async_callback(assembly.operations.stop, 1.0)
        opening = asyncio.create_task(_open(assembly, found, started))
        background = [asyncio.create_task(coroutine, name=name) for name, coroutine in assembly.background_tasks()]
        for task in (*background, opening):
            cleanup.callback(task.cancel)
        signal_name = await stop_signal(asyncio.create_task(signals.next()), opening, background)
        await _drain(signal_name, signals, assembly, found.settings, writer)
        return EXIT_CLEAN if signal_name else EXIT_INTERNAL_ERROR


async def stop_signal(
    received: "asyncio.Task[signal.Signals]", opening: "asyncio.Task[None]", background: Iterable["asyncio.Task[None]"]
) -> str:
    """Wait until the server has to stop. An exception of `opening` is raised.

    Args:
        received: Ends with the signal that stops the server.
        opening: Opens the admission port; may end.
        background: The background tasks; if one ends, this is logged.

    Returns:
        The name of the signal; empty when a background task has ended.
    """
    waiting = {received, opening, *background}
    while not received.done():
        ended, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if opening in ended:
            opening.result()
        for each in ended - {received, opening}:
            failure = (None if each.cancelled() else each.exception()) or RuntimeError("it ended without an error")
            log.critical("cannot go on", failed=each.get_name(), exc_info=failure)
        if ended - {received, opening}:
            received.cancel()
            return ""
    return received.result().name


async def _open(assembly: Assembly, found: EffectiveSetting, started: float) -> None:
    """Open the admission port as soon as there is a certificate, and log when the server is ready."""
    announcing = asyncio.create_task(_announce(assembly, found.settings, started))
    try:
        admission = await assembly.admission_port()
        await _start(admission, found, "")
        assembly.admission = admission
        await announcing
    finally:
        announcing.cancel()


async def _drain(signal_name: str, signals: "_Signals", assembly: Assembly, settings: ServeSettings, writer: LogWriter) -> None:
    assembly.draining = True
    admission = assembly.admission
    connections = admission.connections if admission is not None else 0
    log.info("draining", signal=signal_name or None, seconds=settings.drain_seconds, connections=connections)
    if admission is None:
        log.info("stopped")
        return
    draining = asyncio.create_task(admission.drain(settings.drain_seconds))
    second = asyncio.create_task(signals.next())
    await asyncio.wait({draining, second}, return_when=asyncio.FIRST_COMPLETED)
    if draining.done():
        second.cancel()
        draining.result()
        log.info("stopped")
        return
    log.warning("stopped at once", signal=second.result().name, connections=admission.connections)
    writer.close(_LAST_LINES_TIMEOUT)
    os._exit(EXIT_SIGNALLED + second.result())  # a second signal means: do not wait for anything


async def _start(listener: Listener, found: EffectiveSetting, prefix: str) -> None:
    """Start a listener; `UsageError` names the setting with the address or port that cannot be used."""
    host, port = getattr(found.settings, f"{prefix}host"), getattr(found.settings, f"{prefix}port")
    try:
        await listener.start()
    except OSError as error:
        setting = f"{prefix}host" if isinstance(error, socket.gaierror) else f"{prefix}port"
        reason = error.strerror if isinstance(error, socket.gaierror) or not error.errno else os.strerror(error.errno)
        place = f"{setting} ({found.origin(setting)})"
        raise UsageError(
            f"{place}: cannot listen on {_address(host, port)}: {reason}; give an address and a port that are free here"
        ) from error


async def _announce(assembly: Assembly, settings: ServeSettings, started: float) -> None:
    """Log when the server is ready, and until then why it is not."""
    await wait_until_ready(assembly.checks, started)
    _freeze_objects()
    _warn_of_double_overhead(assembly, settings)
    log.info("ready", **_ready_fields(assembly, settings), seconds=round(time.monotonic() - started, 3))


async def wait_until_ready(checks: Mapping[str, Check], started: float) -> None:
    """Wait for readiness, and log why the server is not ready, once for each change of the reasons.

    Args:
        checks: The readiness checks, by name.
        started: When the server started, in seconds of the monotonic clock; `_SLOW_START_SECONDS` later the level is warning.
    """
    logged: object = None
    while not (readiness := await ask(checks)).ready:
        level = logging.INFO if time.monotonic() < started + _SLOW_START_SECONDS else logging.WARNING
        reasons = {name: result.reason for name, result in readiness.checks.items() if not result.ready}
        if (level, reasons) != logged:
            log.log(level, "not ready", reasons=reasons)
        logged = level, reasons
        await asyncio.sleep(_READINESS_SECONDS)


def _warn_of_double_overhead(assembly: Assembly, settings: ServeSettings) -> None:
    version = assembly.registry.rule_set.registry.version
    if OverheadMode(settings.overhead) is OverheadMode.EVEN_IF_COUNTED and may_count(version):
        kubevirt = "unknown" if version is None else str(version)
        log.warning("overhead may be counted twice", kubevirt=kubevirt, overhead=settings.overhead, remedy="set overhead: auto")


def _freeze_objects() -> None:
    """Exclude the present objects from garbage collection: they stay, and scanning them at each full collection would delay reviews."""
    gc.collect()
    gc.freeze()


def _ready_fields(assembly: Assembly, settings: ServeSettings) -> dict[str, object]:
    scheme = "http" if settings.transport is Transport.PLAIN_HTTP else "https"
    fields: dict[str, object] = {
        "admission": f"{scheme}://{_address(settings.host, 0 if assembly.admission is None else assembly.admission.port)}",
        "operations": f"http://{_address(settings.operations_host, assembly.operations.port)}",
        "bindguard": __version__,
        "registry": told_of(assembly.registry),
    }
    if assembly.certificate is not None:
        fields["certificate_expires"] = expiry_of(assembly.certificate)
    return fields | ({"ca_bundle": assembly.ca_bundle} if assembly.ca_bundle else {})


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _ignore() -> None:
    """A SIGHUP before there is anything to reload must not end the process."""


class _Signals:
    """SIGTERM and SIGINT in the order of their arrival, and a callback for SIGHUP."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received: asyncio.Queue[signal.Signals] = asyncio.Queue()
        for each in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(each, self._received.put_nowait, each)
        self.on_hangup(_ignore)

    def on_hangup(self, reload: Callable[[], None]) -> None:
        self._loop.add_signal_handler(signal.SIGHUP, reload)

    async def next(self) -> signal.Signals:
        return await self._received.get()
