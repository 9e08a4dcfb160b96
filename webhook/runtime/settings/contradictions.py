"""Checks of settings that contradict each other."""

from collections.abc import Iterator

from webhook.runtime.settings.model import Transport
from webhook.runtime.settings.names import EffectiveSetting, flag, variable

_TRANSPORTS = (
    "give --tls-cert and --tls-key, or --managed in a cluster, or --self-signed to try it out, or --plain-http behind a proxy that ends TLS"
)


def contradictions_of_serving(found: EffectiveSetting) -> Iterator[str]:
    """The contradictions that prevent a server from starting, one message for each."""
    yield from _registry_problems(found)
    yield from _transport_problems(found)
    yield from _port_problems(found)


def contradictions_of_evaluation(found: EffectiveSetting) -> Iterator[str]:
    """The contradictions that prevent an evaluation without a server; settings of cluster and certificate are ignored."""
    if found.settings.registry is None:
        yield f"no registry: {_hint('registry', 'FILE')}"


def _registry_problems(found: EffectiveSetting) -> Iterator[str]:
    settings = found.settings
    if settings.registry is None and not settings.cluster:
        yield f"no registry: {_hint('registry', 'FILE')}; or --cluster, to read it from the API server"
    if settings.registry is not None and settings.cluster:
        yield f"{found.origin('registry')} and {found.origin('cluster')}: only one of these can be; choose"
    for name in ("state_directory", "supplementary"):
        if getattr(settings, name) is not None and not settings.cluster:
            yield f"{found.origin(name)}: {name} goes with cluster only; leave it out, or give --cluster"
    for name in ("kubeconfig", "context"):
        if getattr(settings, name) is not None and not settings.cluster and not settings.managed:
            yield f"{found.origin(name)}: {name} goes with cluster or managed only; leave it out, or give --cluster"


def _transport_problems(found: EffectiveSetting) -> Iterator[str]:
    settings = found.settings
    given = [name for name in ("tls_cert", "tls_key", "managed", "self_signed", "plain_http") if getattr(settings, name)]
    places = ", ".join(f"{name} ({found.origin(name)})" for name in given)
    if not given:
        yield f"no certificate: {_TRANSPORTS}"
    elif given in (["tls_cert"], ["tls_key"]):
        missing = "tls_key" if given == ["tls_cert"] else "tls_cert"
        yield f"{found.origin(given[0])}: a certificate and its key go together; {_hint(missing, 'FILE')}"
    elif given not in (["tls_cert", "tls_key"], ["managed"], ["self_signed"], ["plain_http"]):
        yield f"{places}: only one of these can be; choose a certificate with its key, managed, self_signed or plain_http"
    if settings.tls_names and settings.transport not in {Transport.FILES, Transport.MANAGED}:
        yield f"{found.origin('tls_names')}: these are names of tls_cert or managed; a self-signed certificate gets self_signed_names"
    if settings.managed and not settings.tls_names:
        yield f"{found.origin('managed')}: a managed certificate needs the names that the API server calls; {_hint('tls_names', 'NAME')}"
    if settings.plain_http and settings.client_ca is not None:
        yield f"{found.origin('client_ca')}: without TLS no client shows a certificate; leave it out, or plain_http"
    if settings.client_names and settings.client_ca is None:
        yield f"{found.origin('client_names')}: client names need a client CA to be believed; {_hint('client_ca', 'FILE')}"


def _port_problems(found: EffectiveSetting) -> Iterator[str]:
    settings = found.settings
    if settings.port == settings.operations_port != 0 and settings.host == settings.operations_host:
        yield f"{found.origin('port')} and {found.origin('operations_port')}: both are {settings.port}; each port needs a number of its own"


def _hint(setting: str, value: str) -> str:
    return f"give {flag(setting)} {value}, {variable(setting)} or {setting}: in the configuration file"
