"""The life of a server: start, ready, drain, stop; and the signals that move it along.

SIGTERM and SIGINT: not ready, serve on while endpoints forget us, finish what is in flight, end with 0; a second one ends at once.
SIGHUP: look at the files of registry and certificate now. What is to run for as long as the server does, and ends all the same, ends the
server, with 1: nobody would look at a registry or a certificate any more, and nobody would notice.
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

EXIT_MISTAKE = 1
"""Something ended by a mistake of ours."""
EXIT_SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a process."""

_ASK_SECONDS = 0.2
_LAST_LINES_TIMEOUT = 1.0
"""Seconds at the exit for log lines that wait: nobody may read them."""
_START_SECONDS = 10.0
"""A start that takes longer is trouble: what it waits for is told once more, as a warning."""


def serve(found: EffectiveSetting) -> int:
    """Run a server until it is told to stop; the exit code. With a JSON log whatever ends it is a line of the log.

    Raises:
        BindguardError: A setting, an address, the registry or the certificate cannot be used, and the log is not JSON.
        OSError: The system refuses something, and the log is not JSON.
    """
    return_freed_memory()
    sys.setswitchinterval(SWITCH_SECONDS)
    writer = _start_log(found.settings)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_live(found, writer))
    except (BindguardError, OSError) as error:
        if not is_json(found.settings.log_format, terminal=sys.stderr.isatty()):
            raise  # the command line prints it for a person
        log_start_failure(error)
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_UNREADABLE
    except Exception:
        log.critical("cannot go on", failed="server", exc_info=True)
        return EXIT_MISTAKE
    finally:
        writer.close(_LAST_LINES_TIMEOUT)


def _start_log(settings: ServeSettings) -> LogWriter:
    form, terminal = settings.log_format, sys.stderr.isatty()
    writer = LogWriter(sys.stderr.fileno(), lambda count: gap_line(form, terminal=terminal, count=count))
    configure_logs(level=settings.log_level, form=form, write=writer.write, terminal=terminal)
    log_uncaught()
    return writer


async def _live(found: EffectiveSetting, writer: LogWriter) -> int:
    started = time.monotonic()
    signals = _Signals()
    async with assembled(found.settings, log_lines_dropped=lambda: writer.dropped) as assembly, contextlib.AsyncExitStack() as running:
        signals.on_hangup(assembly.look_now)
        await _start(assembly.operations, found, "operations_")
        running.push_async_callback(assembly.operations.stop, 1.0)
        opening = asyncio.create_task(_open(assembly, found, started))
        endless = [asyncio.create_task(each, name=what) for what, each in assembly.endless()]
        for task in (*endless, opening):
            running.callback(task.cancel)
        leaving = await reason_to_leave(asyncio.create_task(signals.next()), opening, endless)
        await _leave(leaving, signals, assembly, found.settings, writer)
        return EXIT_CLEAN if leaving else EXIT_MISTAKE


async def reason_to_leave(
    told: "asyncio.Task[signal.Signals]", opening: "asyncio.Task[None]", endless: Iterable["asyncio.Task[None]"]
) -> str:
    """The name of the signal that ends the server; empty when something endless has ended, which is logged.

    Raises what `opening` raises.
    """
    waiting = {told, opening, *endless}
    while not told.done():
        ended, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if opening in ended:
            opening.result()
        for each in ended - {told, opening}:
            failure = (None if each.cancelled() else each.exception()) or RuntimeError("it just ended")
            log.critical("cannot go on", failed=each.get_name(), exc_info=failure)
        if ended - {told, opening}:
            told.cancel()
            return ""
    return told.result().name


async def _open(assembly: Assembly, found: EffectiveSetting, started: float) -> None:
    """Begin to answer reviews, and tell so, as soon as there is what that takes."""
    announcing = asyncio.create_task(_announce(assembly, found.settings, started))
    try:
        admission = await assembly.admission_port()
        await _start(admission, found, "")
        assembly.admission = admission
        await announcing
    finally:
        announcing.cancel()


async def _leave(because: str, signals: "_Signals", assembly: Assembly, settings: ServeSettings, writer: LogWriter) -> None:
    assembly.draining = True
    admission = assembly.admission
    connections = admission.connections if admission is not None else 0
    log.info("draining", signal=because or None, seconds=settings.drain_seconds, connections=connections)
    if admission is None:
        log.info("stopped")
        return
    leaving = asyncio.create_task(admission.drain(settings.drain_seconds))
    second = asyncio.create_task(signals.next())
    await asyncio.wait({leaving, second}, return_when=asyncio.FIRST_COMPLETED)
    if leaving.done():
        second.cancel()
        leaving.result()
        log.info("stopped")
        return
    log.warning("stopped at once", signal=second.result().name, connections=admission.connections)
    writer.close(_LAST_LINES_TIMEOUT)
    os._exit(EXIT_SIGNALLED + second.result())  # nobody who asks twice wants to wait for anything


async def _start(listener: Listener, found: EffectiveSetting, prefix: str) -> None:
    """Bind; `UsageError` names the setting that cannot be bound."""
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
    """Tell when the server is ready, and until then why it is not."""
    await wait_until_ready(assembly.checks, started)
    _settle()
    _warn_of_double_overhead(assembly, settings)
    log.info("ready", **_told(assembly, settings), seconds=round(time.monotonic() - started, 3))


async def wait_until_ready(checks: Mapping[str, Check], started: float) -> None:
    """Tell why the server is not ready, once for each change of the reasons; soon after its start that is no trouble."""
    told: object = None
    while not (readiness := await ask(checks)).ready:
        level = logging.INFO if time.monotonic() < started + _START_SECONDS else logging.WARNING
        reasons = {name: result.reason for name, result in readiness.checks.items() if not result.ready}
        if (level, reasons) != told:
            log.log(level, "not ready", reasons=reasons)
        told = level, reasons
        await asyncio.sleep(_ASK_SECONDS)


def _warn_of_double_overhead(assembly: Assembly, settings: ServeSettings) -> None:
    version = assembly.registry.rule_set.registry.version
    if OverheadMode(settings.overhead) is OverheadMode.EVEN_IF_COUNTED and may_count(version):
        told = "unknown" if version is None else str(version)
        log.warning("overhead may be counted twice", kubevirt=told, overhead=settings.overhead, remedy="set overhead: auto")


def _settle() -> None:
    """What is there now stays: the collector need not look at it again at every full collection, which would hold up a review."""
    gc.collect()
    gc.freeze()


def _told(assembly: Assembly, settings: ServeSettings) -> dict[str, object]:
    scheme = "http" if settings.transport is Transport.PLAIN_HTTP else "https"
    told: dict[str, object] = {
        "admission": f"{scheme}://{_address(settings.host, 0 if assembly.admission is None else assembly.admission.port)}",
        "operations": f"http://{_address(settings.operations_host, assembly.operations.port)}",
        "bindguard": __version__,
        "registry": told_of(assembly.registry),
    }
    if assembly.certificate is not None:
        told["certificate_expires"] = expiry_of(assembly.certificate)
    return told | ({"ca_bundle": assembly.ca_bundle} if assembly.ca_bundle else {})


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Signals:
    """SIGTERM and SIGINT in the order they come; SIGHUP apart."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._come: asyncio.Queue[signal.Signals] = asyncio.Queue()
        for each in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(each, self._come.put_nowait, each)
        self.on_hangup(lambda: None)

    def on_hangup(self, reload: Callable[[], None]) -> None:
        self._loop.add_signal_handler(signal.SIGHUP, reload)

    async def next(self) -> signal.Signals:
        return await self._come.get()
