"""How each setting is written as a flag, as a variable and as a key; and the effective settings with where each was written."""

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
"""Settings of several values, whose flag is repeated; all other flags are named as their setting."""

_SERVICE_LINK = re.compile(r"BINDGUARD_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_PROTO|_PORT|_ADDR)?)")
_LINKED_PORT = re.compile(r"(?:tcp|udp|sctp)://")


class SettingName(NamedTuple):
    """Where a value stands, as its writer would call it, and the value."""

    place: str
    value: object


def flag(setting: str) -> str:
    """`--tls-cert` of `tls_cert`."""
    return _FLAGS.get(setting, "--" + setting.replace("_", "-"))


def variable(setting: str) -> str:
    """`BINDGUARD_TLS_CERT` of `tls_cert`."""
    return PREFIX + ("EXCLUDE_NAMESPACES" if setting == "exclude" else setting.upper())


def variables_in(environment: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The variables that are meant for us; an empty one counts as not set.

    Kubernetes puts `BINDGUARD_PORT=tcp://...` and others like it into every pod beside a Service named `bindguard` or `bindguard-...`:
    https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
    """
    for name, value in environment.items():
        if not name.startswith(PREFIX) or not value or _SERVICE_LINK.fullmatch(name):
            continue
        if not (name.endswith("_PORT") and _LINKED_PORT.match(value)):
            yield name, value


SETTING_OF_VARIABLE: Mapping[str, str] = {variable(name): name for name in ServeSettings.model_fields} | {PREFIX + "CONFIG": "config"}


Layer = Mapping[str, SettingName]
"""What one place says, by setting."""


class EffectiveSetting(NamedTuple):
    """The settings that count, and the layers that they were made of, highest first."""

    settings: ServeSettings
    layers: Sequence[Layer]

    def origin(self, setting: str) -> str:
        """Where the value was written, or `default`."""
        return next((layer[setting].place for layer in self.layers if setting in layer), "default")
