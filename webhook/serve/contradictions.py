"""Settings that do not go together, which no single value shows. Reads nothing."""

from collections.abc import Iterator

from webhook.serve.effective import Effective
from webhook.serve.names import flag, variable
from webhook.serve.settings import Transport


def contradictions(found: Effective) -> Iterator[str]:
    """One line for each; none when all goes together."""
    settings = found.settings
    if settings.registry is None:
        yield f"no registry: {_ways('registry', 'FILE')}"
    yield from _transport_problems(found)
    if settings.client_names and settings.client_ca is None:
        yield f"{found.origin('client_names')}: client names need a client CA to be believed; {_ways('client_ca', 'FILE')}"
    if settings.port == settings.operations_port != 0 and settings.host == settings.operations_host:
        yield f"{found.origin('port')} and {found.origin('operations_port')}: both are {settings.port}; each port needs a number of its own"


def _transport_problems(found: Effective) -> Iterator[str]:
    settings = found.settings
    given = [name for name in ("tls_cert", "tls_key", "self_signed", "plain_http") if getattr(settings, name)]
    places = ", ".join(f"{name} ({found.origin(name)})" for name in given)
    if not given:
        yield "no certificate: give --tls-cert and --tls-key, or --self-signed to try it out, or --plain-http behind a proxy that ends TLS"
    elif given in (["tls_cert"], ["tls_key"]):
        missing = "tls_key" if given == ["tls_cert"] else "tls_cert"
        yield f"{found.origin(given[0])}: a certificate and its key go together; {_ways(missing, 'FILE')}"
    elif given not in (["tls_cert", "tls_key"], ["self_signed"], ["plain_http"]):
        yield f"{places}: only one of these can be; choose a certificate with its key, self_signed or plain_http"
    if settings.tls_names and settings.transport is not Transport.FILES:
        yield f"{found.origin('tls_names')}: names are insisted on in tls_cert only; a self-signed certificate gets self_signed_names"
    if settings.plain_http and settings.client_ca is not None:
        yield f"{found.origin('client_ca')}: without TLS no client shows a certificate; leave it out, or plain_http"


def _ways(setting: str, value: str) -> str:
    return f"give {flag(setting)} {value}, {variable(setting)} or {setting}: in the configuration file"
