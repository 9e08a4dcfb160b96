"""`bindguard review`: recorded reviews and bare objects in, the answers of a server or of the engine out, as kubectl would show them."""

import contextlib
import sys
from collections.abc import Iterator
from typing import TypedDict, Unpack

import click
import msgspec

from webhook.admission.review import MUTATE, VALIDATE
from webhook.cli.file_names import not_empty
from webhook.cli.output import to_stdout
from webhook.cli.packages import missing_package
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE, UnreadableError, UsageError
from webhook.files import read_file
from webhook.kube.text import visible
from webhook.report.json_text import json_text
from webhook.review_client.client import Ask, Remote, Trust, UnansweredError, parse_address
from webhook.review_client.kubectl_output import kubectl_lines, verdict_lines
from webhook.review_client.responses import read_answer
from webhook.review_client.reviews import MAX_BYTES, PreviousObjects, Reader, ReviewRequest, former, questions

_ENDPOINTS = {"validate": VALIDATE, "mutate": MUTATE}
_OF_SERVER = ("ca", "insecure", "client_cert", "client_key", "tls_server_name", "timeout")
_OF_ENGINE = ("registry", "kubevirt_version", "vmis", "overhead", "config")
_MAX_SECONDS = 30  # no webhook configuration may have a longer timeout
_SECONDS = 10.0


class _Options(TypedDict):
    files: tuple[str, ...]
    old: str | None
    endpoint: str | None
    output: str
    server: str | None
    ca: str | None
    insecure: bool
    client_cert: str | None
    client_key: str | None
    tls_server_name: str | None
    timeout: float | None
    registry: str | None
    kubevirt_version: str | None
    vmis: str | None
    overhead: str | None
    config: str | None


@click.command("review", short_help="Ask for the answer to recorded reviews.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", callback=not_empty)
@click.option("--old", metavar="FILE", help="Objects as they were before: an object that is among them by name is an UPDATE.")
@click.option("--endpoint", type=click.Choice(list(_ENDPOINTS)), help="Where to ask.  [default: mutate for pods, else validate]")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of an answer.")
@click.option("--server", metavar="URL", help="Server to ask, such as https://localhost:8443.")
@click.option("--ca", metavar="FILE", help="CAs that the server's certificate is trusted by.  [default: the system's]")
@click.option("--insecure", is_flag=True, help="Ask a server with any certificate.")
@click.option("--client-cert", metavar="FILE", help="Certificate to show to the server, PEM.")
@click.option("--client-key", metavar="FILE", help="Its key, PEM.  [default: in the same file]")
@click.option("--tls-server-name", metavar="NAME", help="Name that the server's certificate is for, where that is not the host.")
@click.option("--timeout", type=click.FloatRange(0, _MAX_SECONDS, min_open=True), help="Seconds to wait for an answer.  [default: 10]")
@click.option("--registry", metavar="FILE", help="Without a server: what to check against, as for `bindguard serve`.")
@click.option("--kubevirt-version", metavar="VERSION", help="Without a server: KubeVirt release to check against.")
@click.option("--vmis", metavar="DIR", help="Without a server: VMI files that launcher pods are matched with.")
@click.option("--overhead", metavar="MODE", help="Without a server: when pods get overhead: auto, even-if-counted or off.")
@click.option("--config", metavar="FILE", help="Without a server: configuration as for `bindguard serve`.")
def command(**options: Unpack[_Options]) -> None:
    """Ask a server, or the engine without one, for the answer to recorded AdmissionReviews, and show it as kubectl would.

    FILEs are YAML or JSON, or - for standard input. A bare object, such as a VM, is wrapped into the review of its creation.

    Exit code: 0 all allowed, 1 some denied, 2 wrong usage, 3 something could not be read, or got no answer.
    """
    with contextlib.ExitStack() as stack:
        ask = stack.enter_context(_engine(options)) if options["server"] is None else _remote(options["server"], options)
        sys.exit(_asked(ask, options))


def _remote(server: str, options: _Options) -> Ask:
    given = [name for name in _OF_ENGINE if options.get(name) is not None]
    if given:
        raise UsageError(f"--server and {_flags(given)}: a server checks against its own; leave one out")
    address = parse_address(server)
    if options["insecure"] and options["ca"] is not None:
        raise UsageError("--ca and --insecure: with any certificate accepted no CA is needed; leave one out")
    if options["client_key"] is not None and options["client_cert"] is None:
        raise UsageError("--client-key: a key is of no use without its certificate; give --client-cert too")
    of_tls = [name for name in _OF_SERVER if name != "timeout" and options.get(name)]
    if address.scheme == "http" and of_tls:
        raise UsageError(f"--server {server} and {_flags(of_tls)}: there is no TLS with http; write https")
    trust = Trust(
        ca=options["ca"],
        insecure=options["insecure"],
        certificate=options["client_cert"],
        key=options["client_key"],
        server_name=options["tls_server_name"],
    )
    return Remote(address, trust, seconds=options["timeout"] or _SECONDS).ask


@contextlib.contextmanager
def _engine(options: _Options) -> Iterator[Ask]:
    given = [name for name in _OF_SERVER if options.get(name)]
    if given:
        raise UsageError(f"{_flags(given)}: of no use without --server")
    try:
        from webhook.runtime.engine import engine, engine_settings  # noqa: PLC0415 - a server is asked without these packages
    except ModuleNotFoundError as error:
        raise missing_package("review without --server", error) from error
    names = {"registry": "registry", "kubevirt_version": "kubevirt_version", "vmis": "vmi_directory", "overhead": "overhead"}
    flags = {setting: options.get(name) for name, setting in names.items()}
    with engine(engine_settings({**flags, "config": options["config"]})) as (ask, notes):
        for note in notes:
            click.echo(f"note: {visible(note)}", err=True)
        yield ask


def _flags(names: list[str]) -> str:
    return ", ".join("--" + name.replace("_", "-") for name in names)


def _asked(ask: Ask, options: _Options) -> int:
    """Ask everything that can be read; the exit code is of the worst that happened."""
    if (*options["files"], options["old"]).count("-") > 1:
        raise UsageError("-: standard input can be read once only")
    before = former(*_reader(options["old"])) if options["old"] is not None else PreviousObjects()
    worst = EXIT_CLEAN
    for name in options["files"]:
        try:
            for question in questions(*_reader(name), before):
                worst = max(worst, _answered(ask, question, options))
        except UnreadableError as error:
            worst = _failed(str(error))
    if options["old"] is not None and not before.used and worst != EXIT_UNREADABLE:
        raise UsageError(f"--old {options['old']}: holds no older state of any object in {', '.join(options['files'])}")
    return worst


def _answered(ask: Ask, question: ReviewRequest, options: _Options) -> int:
    """Ask one question and show the answer."""
    endpoint = options["endpoint"]
    try:
        body = ask(_ENDPOINTS[endpoint] if endpoint is not None else question.endpoint, question.body)
        response = read_answer(body, question.uid)
        lines = [] if options["output"] == "json" else list(verdict_lines(question, response))
    except UnansweredError as error:
        return _failed(f"{question.place}: {question.subject}: {error}")
    to_stdout("".join(f"{line}\n" for line in lines) or json_text(msgspec.json.decode(body)))
    if lines:
        click.echo("".join(f"{line}\n" for line in kubectl_lines(response)), err=True, nl=False)
    return EXIT_CLEAN if response.allowed else EXIT_FINDINGS


def _failed(problem: str) -> int:
    click.echo(f"bindguard: {visible(problem)}", err=True)
    return EXIT_UNREADABLE


def _reader(name: str) -> tuple[str, Reader]:
    """A file's name and how it is read."""
    return ("<stdin>", _stdin) if name == "-" else (name, lambda: read_file(name, max_bytes=MAX_BYTES, pipe=True))


def _stdin() -> bytes:
    if sys.stdin is None:
        raise UnreadableError("standard input is closed", file="<stdin>")
    return sys.stdin.buffer.read(MAX_BYTES + 1)
