"""The flag, variable and key of each setting, and the effective settings with their origins."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from webhook.runtime.settings.model import ServeSettings

PREFIX = "BINDGUARD_"

_FLAGS = {
    "rules": "--rule",
    "exclude": "--exclude-namespace",
    "tls_names": "--tls-name",
    "self_signed_names": "--self-signed-name",
    "client_names": "--client-name",
}
"""Flags that are repeated for several values; all other flags have the name of their setting."""

_SERVICE_LINK = re.compile(r"BINDGUARD_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_PROTO|_PORT|_ADDR)?)")
_LINKED_PORT = re.compile(r"(?:tcp|udp|sctp)://")


class SettingName(NamedTuple):
    """A value with its place: the flag, the variable, or file and key."""

    place: str
    value: object


def flag(setting: str) -> str:
    """The flag of a setting: `--tls-cert` for `tls_cert`."""
    return _FLAGS.get(setting, "--" + setting.replace("_", "-"))


def variable(setting: str) -> str:
    """The variable of a setting: `BINDGUARD_TLS_CERT` for `tls_cert`."""
    return PREFIX + ("EXCLUDE_NAMESPACES" if setting == "exclude" else setting.upper())


def variables_in(environment: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The variables of Bindguard's settings with their values; an empty variable is not set.

    Skips variables such as `BINDGUARD_PORT=tcp://...`. Kubernetes sets them in each pod beside a Service `bindguard` or `bindguard-...`:
    https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
    """
    for name, value in environment.items():
        if not name.startswith(PREFIX) or not value or _SERVICE_LINK.fullmatch(name):
            continue
        if not (name.endswith("_PORT") and _LINKED_PORT.match(value)):
            yield name, value


SETTING_OF_VARIABLE: Mapping[str, str] = {variable(name): name for name in ServeSettings.model_fields} | {PREFIX + "CONFIG": "config"}


Layer = Mapping[str, SettingName]
"""The values of one source (flags, variables or file) by setting."""


class EffectiveSetting(NamedTuple):
    """The effective settings, and the layers that they were merged from; the first one takes precedence."""

    settings: ServeSettings
    layers: Sequence[Layer]

    def origin(self, setting: str) -> str:
        """Where the value of a setting was set: flag, variable, or file and key; `default` if nowhere."""
        return next((layer[setting].place for layer in self.layers if setting in layer), "default")
