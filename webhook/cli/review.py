"""`bindguard review`: sends reviews to a server or to the engine, and prints the responses as kubectl does."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypedDict, Unpack

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
from webhook.review_client.kubectl_output import finding_as_json, kubectl_lines, verdict_lines
from webhook.review_client.responses import read_answer
from webhook.review_client.reviews import MAX_BYTES, PreviousObjects, Reader, ReviewRequest, read_previous_objects, read_reviews
from webhook.rules.base import Finding

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


@click.command("review", short_help="Send recorded reviews to a server, or evaluate them here.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", callback=not_empty)
@click.option("--old", metavar="FILE", help="Previous objects. An object with the same kind, namespace and name becomes an UPDATE.")
@click.option("--endpoint", type=click.Choice(list(_ENDPOINTS)), help="Endpoint.  [default: mutate for pods, else validate]")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output format.")
@click.option("--server", metavar="URL", help="Server to send reviews to, such as https://localhost:8443.")
@click.option("--ca", metavar="FILE", help="CA certificates of the server, PEM.  [default: the system's]")
@click.option("--insecure", is_flag=True, help="Accept any server certificate.")
@click.option("--client-cert", metavar="FILE", help="Client certificate, PEM.")
@click.option("--client-key", metavar="FILE", help="Key of the client certificate, PEM.  [default: in the same file]")
@click.option("--tls-server-name", metavar="NAME", help="Name in the server's certificate, if it is not the host in the URL.")
@click.option("--timeout", type=click.FloatRange(0, _MAX_SECONDS, min_open=True), help="Seconds to wait for a response.  [default: 10]")
@click.option("--registry", metavar="FILE", help="Without --server: registry to check against, as for `bindguard serve`.")
@click.option("--kubevirt-version", metavar="VERSION", help="Without --server: KubeVirt release to check against.")
@click.option("--vmis", metavar="DIR", help="Without --server: directory with the VMIs of launcher pods.")
@click.option("--overhead", metavar="MODE", help="Without --server: when pods get overhead: auto, even-if-counted or off.")
@click.option("--config", metavar="FILE", help="Without --server: configuration file of `bindguard serve`.")
def command(**options: Unpack[_Options]) -> None:
    """Send AdmissionReviews to a server, or evaluate them without one, and print the response as kubectl does.

    FILEs are YAML or JSON, or - for standard input. An object such as a VM becomes the review of its creation.

    Without --server, the output also has what KubeVirt's own webhook refuses, which Bindguard leaves to it.

    Exit code: 0 all allowed, 1 some denied, 2 wrong usage, 3 a file could not be read, or there was no response.
    """
    with contextlib.ExitStack() as stack:
        evaluator = stack.enter_context(_local(options)) if options["server"] is None else _remote(options["server"], options)
        sys.exit(_review_all(evaluator, options))


class _Evaluator(NamedTuple):
    """Where reviews are sent.

    Attributes:
        ask: Returns the response to a review.
        left_to_kubevirt: Returns what else KubeVirt's own webhook refuses; `None` where only the server knows.
    """

    ask: Ask
    left_to_kubevirt: Callable[[bytes], Sequence[Finding]] | None = None


def _remote(server: str, options: _Options) -> _Evaluator:
    given = [name for name in _OF_ENGINE if options.get(name) is not None]
    if given:
        raise UsageError(f"--server and {_flags(given)}: a server has its own; remove one of them")
    address = parse_address(server)
    if options["insecure"] and options["ca"] is not None:
        raise UsageError("--ca and --insecure: with --insecure no CA is needed; remove one of them")
    if options["client_key"] is not None and options["client_cert"] is None:
        raise UsageError("--client-key: needs the certificate of the key; add --client-cert")
    of_tls = [name for name in _OF_SERVER if name != "timeout" and options.get(name)]
    if address.scheme == "http" and of_tls:
        raise UsageError(f"--server {server} and {_flags(of_tls)}: http has no TLS; write https")
    trust = Trust(
        ca=options["ca"],
        insecure=options["insecure"],
        certificate=options["client_cert"],
        key=options["client_key"],
        server_name=options["tls_server_name"],
    )
    return _Evaluator(Remote(address, trust, seconds=options["timeout"] or _SECONDS).ask)


@contextlib.contextmanager
def _local(options: _Options) -> Iterator[_Evaluator]:
    given = [name for name in _OF_SERVER if options.get(name)]
    if given:
        raise UsageError(f"{_flags(given)}: only with --server; add it, or remove {_flags(given)}")
    try:
        from webhook.runtime.engine import engine, engine_settings  # noqa: PLC0415 - a server is asked without these packages
    except ModuleNotFoundError as error:
        raise missing_package("review without --server", error) from error
    names = {"registry": "registry", "kubevirt_version": "kubevirt_version", "vmis": "vmi_directory", "overhead": "overhead"}
    flags = {setting: options.get(name) for name, setting in names.items()}
    with engine(engine_settings({**flags, "config": options["config"]})) as local:
        for note in local.notes:
            click.echo(f"note: {visible(note)}", err=True)
        yield _Evaluator(local.ask, local.left_to_kubevirt)


def _flags(names: list[str]) -> str:
    return ", ".join("--" + name.replace("_", "-") for name in names)


def _review_all(evaluator: _Evaluator, options: _Options) -> int:
    """Review all that can be read; returns the exit code of the worst result."""
    if (*options["files"], options["old"]).count("-") > 1:
        raise UsageError("-: standard input can be read only once")
    before = read_previous_objects(*_reader(options["old"])) if options["old"] is not None else PreviousObjects()
    worst = EXIT_CLEAN
    for name in options["files"]:
        try:
            for request in read_reviews(*_reader(name), before):
                worst = max(worst, _review(evaluator, request, options))
        except UnreadableError as error:
            worst = _failed(str(error))
    if options["old"] is not None and not before.used and worst != EXIT_UNREADABLE:
        raise UsageError(f"--old {options['old']}: has no previous state of an object in {', '.join(options['files'])}")
    return worst


def _review(evaluator: _Evaluator, request: ReviewRequest, options: _Options) -> int:
    """Send one review and print the response."""
    endpoint = _ENDPOINTS[options["endpoint"]] if options["endpoint"] is not None else request.endpoint
    as_text = options["output"] == "text"
    try:
        body = evaluator.ask(endpoint, request.body)
        response = read_answer(body, request.uid)
        left = None
        if evaluator.left_to_kubevirt is not None and endpoint == VALIDATE:
            left = evaluator.left_to_kubevirt(request.body)
        lines = list(verdict_lines(request, response, left or ())) if as_text else []
    except UnansweredError as error:
        return _failed(f"{request.place}: {request.subject}: {error}")
    if as_text:
        to_stdout("".join(f"{line}\n" for line in lines))
        click.echo("".join(f"{line}\n" for line in kubectl_lines(response)), err=True, nl=False)
    else:
        to_stdout(
            json_text(msgspec.json.decode(body) | ({} if left is None else {"leftToKubeVirt": [finding_as_json(each) for each in left]}))
        )
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
