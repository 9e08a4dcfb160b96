"""The model of the settings, with their defaults and accepted values."""

import enum
import re
import urllib.parse
from typing import Annotated, Any, Literal

import pydantic

from webhook.admission.rule_set import RULE_PLACEHOLDER
from webhook.kube.quantity import parse_quantity
from webhook.kube.text import visible
from webhook.rules.base import Action

_MAX_URL_LENGTH = 500
ADDRESS = "0.0.0.0"  # noqa: S104 - a webhook is called from outside its pod; probes come from the node


class Transport(enum.StrEnum):
    """The origin of the certificate of the admission port."""

    FILES = "tls_cert and tls_key"
    MANAGED = "managed"
    SELF_SIGNED = "self_signed"
    PLAIN_HTTP = "plain_http"


def _off(value: object) -> object:
    """Accept false for `off`: YAML reads an unquoted `off` as false."""
    return "off" if value is False else value


def _number(value: object) -> object:
    """Refuse booleans: pydantic would convert `true` to 1."""
    if isinstance(value, bool):
        raise ValueError("a boolean is no number")  # noqa: TRY004 - pydantic reports ValueErrors only
    return value


def _size(value: object) -> object:
    """Accept a size as a Kubernetes quantity, such as `7Mi`."""
    return int(parse_quantity(value).value) if isinstance(value, str) else _number(value)


def _one_line(text: str) -> str:
    """Refuse invisible characters and line breaks, since the text is part of messages to owners of VMs."""
    if text != visible(text):
        raise ValueError("not one line of visible characters")
    return text


def _help_url(text: str) -> str:
    """Check that a text is an http or https URL in ASCII whose only placeholder is the name of the rule."""
    parts = urllib.parse.urlsplit(text)
    without_placeholder = text.replace(RULE_PLACEHOLDER, "")
    is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and len(text) <= _MAX_URL_LENGTH
    if not is_address or not without_placeholder.isascii() or re.search(r"[\s\x00-\x1f\x7f{}<>\"\\^`|\[\]]", without_placeholder):
        raise ValueError("not an http or https address")
    return text


def _setting(default: object, about: str, accepted: str) -> Any:  # noqa: ANN401 - pydantic.Field has the same return type
    return pydantic.Field(default, description=about, json_schema_extra={"accepted": accepted})


_Number = pydantic.BeforeValidator(_number)
_Port = Annotated[int, _Number, pydantic.Field(ge=0, le=65535)]
_Seconds = Annotated[float, _Number, pydantic.Field(gt=0, le=3600, allow_inf_nan=False)]
_Wait = Annotated[float, _Number, pydantic.Field(ge=0, le=3600, allow_inf_nan=False)]
_Bytes = Annotated[int, pydantic.BeforeValidator(_size), pydantic.Field(ge=1024, le=1024**3)]
_Count = Annotated[int, _Number, pydantic.Field(ge=1, le=100_000)]
_Text = Annotated[str, pydantic.Field(min_length=1)]
_HelpURL = Annotated[_Text, pydantic.AfterValidator(_help_url)]
_Contact = Annotated[str, pydantic.Field(min_length=1, max_length=200), pydantic.AfterValidator(_one_line)]
_RuleAction = Annotated[Action, pydantic.BeforeValidator(_off)]

_A_PORT = "a port, 0 to 65535 (0: any free one)"
_SECONDS = "seconds, above 0 and at most 3600"
_FLAG = "true or false"


class Exclude(pydantic.BaseModel):
    """The objects that are not checked, as in the configuration of `check`."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    namespaces: tuple[_Text, ...] = ()


class ServeSettings(pydantic.BaseModel):
    """The settings of `bindguard serve`. Paths are relative to the working directory, times in seconds, sizes in bytes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, validate_default=True)

    registry: _Text | None = _setting(
        None, "KubeVirt CR, HyperConverged CR or registry file to check against; reloaded when it changes.", "a file name"
    )
    cluster: bool = _setting(False, "Read the registry and VMIs from the API server.", _FLAG)
    kubeconfig: _Text | None = _setting(None, "Kubeconfig for `cluster`; without it the service account of the pod.", "a file name")
    context: _Text | None = _setting(None, "Context of the kubeconfig; without it its current context.", "a context's name")
    state_directory: _Text | None = _setting(
        None, "Where the last registry is saved, for a start while the API server is away.", "a directory name"
    )
    supplementary: _Text | None = _setting(None, "Registry file whose overheads are added to the registry of the cluster.", "a file name")
    kubevirt_version: _Text | None = _setting(None, "KubeVirt release to check against; overrides the registry.", "a release such as 1.9")
    rules: dict[str, _RuleAction] = _setting(
        {}, "Action of a rule, group or glob; overrides the default action.", "deny, warn or off for each"
    )
    exclude: Exclude = _setting(Exclude(), "Namespaces whose objects are not checked.", "names or globs of namespaces")
    help_url: _HelpURL | None = _setting(
        None,
        "Address of a page about a rule, in each denial and warning; {rule} in it is replaced by the rule's name.",
        f"an http or https URL of at most {_MAX_URL_LENGTH} characters, with {{rule}} as its only placeholder",
    )
    contact: _Contact | None = _setting(
        None, "Whom to ask, in each denial and warning, such as a mailing list.", "one line of at most 200 characters"
    )
    overhead: Annotated[Literal["auto", "even-if-counted", "off"], pydantic.BeforeValidator(_off)] = _setting(
        "auto",
        "When launcher pods get the overhead of their plugins; `auto`: where KubeVirt has not counted it.",
        "auto, off, or even-if-counted, which counts it twice on KubeVirt 1.3 and later",
    )
    validate_pods: Annotated[Literal["off", "warn", "deny"], pydantic.BeforeValidator(_off)] = _setting(
        "off", "What /validate does with launcher pods that lack overhead.", "off, warn or deny"
    )
    vmi_directory: _Text | None = _setting(
        None, "Directory of VMI files to use in place of an API server; for development and tests.", "a directory name"
    )

    host: _Text = _setting(ADDRESS, "Address of the admission port.", "an address or host name of this machine")
    port: _Port = _setting(8443, "Admission port: /validate and /mutate.", _A_PORT)
    operations_host: _Text = _setting(ADDRESS, "Address of the operations port.", "an address or host name of this machine")
    operations_port: _Port = _setting(8080, "Operations port: probes, metrics, registry view; plain HTTP.", _A_PORT)

    tls_cert: _Text | None = _setting(None, "Certificate chain, PEM; reloaded when it changes.", "a file name")
    tls_key: _Text | None = _setting(None, "Private key of the certificate, PEM; reloaded when it changes.", "a file name")
    tls_names: tuple[_Text, ...] = _setting(
        (),
        "Names that the certificate must have. A certificate without them is refused; with `managed` the leader replaces it.",
        "DNS names or addresses",
    )
    managed: bool = _setting(False, "Make and renew certificates in the cluster, without cert-manager.", _FLAG)
    managed_namespace: _Text | None = _setting(
        None, "Namespace of managed_secret and managed_lease; without it the namespace of the pod.", "a name"
    )
    managed_secret: _Text = _setting("bindguard-tls", "Secret with the managed certificates.", "a name")
    managed_lease: _Text = _setting("bindguard", "Lease for the election of the replica that manages certificates.", "a name")
    managed_settle_seconds: _Wait = _setting(
        120.0, "How long a new CA is in every caBundle before it signs a certificate.", "seconds, 0 to 3600"
    )
    webhook_configuration: _Text = _setting(
        "bindguard", "Name of the webhook configurations, validating and mutating, that get the managed caBundle.", "a name"
    )
    self_signed: bool = _setting(False, "Make a CA and a certificate, or use those made before.", _FLAG)
    self_signed_directory: _Text = _setting("certs", "Where `self_signed` stores CA and certificate.", "a directory name")
    self_signed_names: tuple[_Text, ...] = _setting(
        ("localhost", "127.0.0.1"), "DNS names and addresses in a self-signed certificate.", "names"
    )
    plain_http: bool = _setting(False, "Serve without TLS; only behind a sidecar proxy that terminates TLS.", _FLAG)
    client_ca: _Text | None = _setting(
        None, "CA file; clients must present a certificate that it signed. Reloaded when it changes.", "a file name"
    )
    client_names: tuple[_Text, ...] = _setting((), "A client certificate must have one of these names; needs client_ca.", "names")
    tls_minimum: Literal["1.2", "1.3"] = _setting("1.2", "Lowest TLS version.", '"1.2" or "1.3"')
    reload_seconds: _Seconds = _setting(2.0, "How often certificate and registry files are checked for changes.", _SECONDS)

    plain_uvicorn: bool = _setting(
        False, "Serve both ports by uvicorn alone: no limits of connections, no fast path; to tell our fault from uvicorn's.", _FLAG
    )
    max_body_bytes: _Bytes = _setting(7 * 1024**2, "Largest request body.", "1024 (1Ki) to 1Gi bytes")
    max_in_flight: _Count = _setting(512, "Concurrent requests; more are answered with 429.", "1 to 100000")
    header_seconds: _Seconds = _setting(5.0, "Longest time to receive the head of a request.", _SECONDS)
    body_seconds: _Seconds = _setting(5.0, "Longest time to receive the body of a request.", _SECONDS)
    deadline_seconds: _Seconds = _setting(10.0, "Deadline of a request that names no timeout.", _SECONDS)
    drain_seconds: _Wait = _setting(5.0, "How long to continue serving after SIGTERM.", "seconds, 0 to 3600")

    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info", "Lowest level that is logged.", "debug, info, warning or error"
    )
    log_format: Literal["json", "console"] | None = _setting(
        None, "Format of a log line; without it console on a terminal, else json.", "json or console"
    )

    @property
    def transport(self) -> Transport:
        """The origin of the certificate; `contradictions` refuses more than one."""
        if self.plain_http:
            return Transport.PLAIN_HTTP
        if self.managed:
            return Transport.MANAGED
        return Transport.SELF_SIGNED if self.self_signed else Transport.FILES


def accepted(name: str) -> str:
    """The description of a setting's accepted values, for messages; empty without one."""
    extra = ServeSettings.model_fields[name].json_schema_extra
    return str(extra["accepted"]) if isinstance(extra, dict) else ""
