"""`bindguard certs`: makes, inspects and verifies certificates."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError
from webhook.kube.names import is_dns_label
from webhook.kube.text import quoted, visible
from webhook.report.json_text import json_text
from webhook.tls.files import read_file
from webhook.tls.handshake import presented_by
from webhook.tls.inspect import Description, describe
from webhook.tls.names import names_for_service
from webhook.tls.pair import utc_now
from webhook.tls.pem import certificates
from webhook.tls.selfsigned import MAX_DAYS, make_ca, make_leaf
from webhook.tls.store import ca_bundle, write_pair
from webhook.tls.verify import ServingRequirements, Verification, verify, whole_days

_DAYS = click.IntRange(1, MAX_DAYS)
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:/\s]+):([0-9]{1,5})")
_MAX_PORT = 65535

_output = click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output format.")


@click.group("certs", short_help="Make, inspect and verify certificates.")
def command() -> None:
    """Make, inspect and verify the certificates of the webhook server."""


@command.command("generate")
@click.option("--dir", "directory", default="certs", show_default=True, metavar="DIR", help="Directory for ca.crt, tls.crt and tls.key.")
@click.option("--service", default="bindguard", show_default=True, help="Name of the Service that the API server calls.")
@click.option("--namespace", default="bindguard", show_default=True, help="Namespace of that Service.")
@click.option("--name", "names", multiple=True, metavar="NAME", help="Additional DNS name or IP address; repeatable.")
@click.option("--days", type=_DAYS, default=90, show_default=True, help="How long the certificate is valid.")
@click.option("--ca-days", type=_DAYS, default=730, show_default=True, help="How long the CA is valid.")
@click.option("--force", is_flag=True, help="Replace existing files.")
@_output
def generate(  # noqa: PLR0913 - one parameter per flag
    *, directory: str, service: str, namespace: str, names: tuple[str, ...], days: int, ca_days: int, force: bool, output: str
) -> None:
    """Make a CA and a certificate for a Service, and print the caBundle for the webhook configuration.

    The key of the CA is not stored, so this CA cannot sign anything else.
    """
    if days > ca_days:
        raise UsageError(f"--days {days}: the certificate cannot outlive its CA; write at most --ca-days ({ca_days})")
    _be_label(service, "--service", "Service")
    _be_label(namespace, "--namespace", "namespace")
    now = utc_now().replace(microsecond=0)  # certificates know whole seconds only
    ca = make_ca(now=now, days=ca_days)
    leaf = make_leaf(ca, (*names_for_service(service, namespace), *names), now=now, days=days)
    paths = write_pair(directory, ca, leaf, force=force)
    made = {str(paths.cert): describe(leaf.certificate, now), str(paths.ca): describe(ca.certificate, now)}
    if output == "json":
        _print_json({"certificate": str(paths.cert), "key": str(paths.key), "ca": str(paths.ca), "files": made, "caBundle": ca_bundle(ca)})
        return
    for file, what in made.items():
        click.echo(f"{file}: expires on {what.not_after}")
    click.echo(f"{paths.key}: the private key of {paths.cert}\nnames: {', '.join(made[str(paths.cert)].names)}")
    click.echo(f"caBundle: {ca_bundle(ca)}")


@command.command("inspect")
@click.argument("place", metavar="FILE|HOST:PORT")
@_output
def inspect(*, place: str, output: str) -> None:
    """Print the contents of the certificates in a PEM FILE, or of the certificate of a server."""
    address = None if Path(place).exists() else _address(place)
    now = utc_now()
    if address is None:
        found, extra = certificates(read_file(place), place), ""
    else:
        server = presented_by(*address)
        found, extra = (server.certificate,), f"agreed on    {server.version}, {server.cipher}\n"
    described = [describe(each, now) for each in found]
    if output == "json":
        _print_json(described)
        return
    click.echo("\n".join(map(_described, described)) + extra, nl=False)


@command.command("verify")
@click.option("--cert", required=True, metavar="FILE", help="Certificate chain, PEM, the server's certificate first.")
@click.option("--key", metavar="FILE", help="Private key of the certificate.  [default: the key is not checked]")
@click.option("--ca", metavar="FILE", help="CA certificates of the clients: the decoded caBundle.  [default: trust is not checked]")
@click.option("--name", "names", multiple=True, metavar="NAME", help="DNS name or IP address that the certificate must have; repeatable.")
@click.option(
    "--within-days", type=click.IntRange(0, MAX_DAYS), default=30, show_default=True, help="Report what expires within so many days."
)
@_output
def verify_pair(*, cert: str, key: str | None, ca: str | None, names: tuple[str, ...], within_days: int, output: str) -> None:  # noqa: PLR0913 - one parameter per flag
    """Verify certificate, key and CA as the server and its clients do.

    Exit code: 0 no problems, 1 problems, 2 wrong usage, 3 a file could not be read.
    """
    verdicts = verify(ServingRequirements(cert=cert, key=key, ca=ca, names=names, within_days=within_days), utc_now())
    well = not any(verdict.problems for verdict in verdicts)
    if output == "json":
        _print_json({"ok": well, "checks": verdicts})
    else:
        click.echo("".join(map(_told, verdicts)), nl=False)
    sys.exit(EXIT_CLEAN if well else EXIT_FINDINGS)


def _be_label(name: str, flag: str, what: str) -> None:
    if not is_dns_label(name):
        rule = "write at most 63 lower-case letters, digits and -, with a letter or digit at both ends"
        raise UsageError(f"{flag}: no {what} can be called {quoted(name)}; {rule}")


def _address(place: str) -> tuple[str, int] | None:
    match = _ADDRESS.fullmatch(place)
    if match is None or not 0 < int(match[2]) <= _MAX_PORT:
        return None
    return match[1].strip("[]"), int(match[2])


def _described(one: Description) -> str:
    lines = {
        "subject": one.subject,
        "issuer": one.issuer,
        "names": ", ".join(one.names) or "none",
        "valid": f"{one.not_before} to {one.not_after}; {_left(one.days_left)}",
        "key": one.key + ("; a CA, may sign others" if one.is_ca else ""),
        "serial": one.serial,
        "SHA-256": one.fingerprint,
    }
    return "".join(f"{name:11}  {visible(value)}\n" for name, value in lines.items())


def _left(days: int) -> str:
    """Whole days left, or since expiry; `days` is rounded down."""
    return f"{whole_days(days)} left" if days >= 0 else f"expired {whole_days(-days - 1)} ago"


def _told(verdict: Verification) -> str:
    if not verdict.problems:
        return f"ok       {visible(verdict.check)}\n"
    return "".join(f"problem  {visible(str(problem))}\n" for problem in verdict.problems)


def _print_json(value: object | Sequence[object]) -> None:
    click.echo(json_text(msgspec.to_builtins(value)), nl=False)
