"""A registration has a downwardAPI value that KubeVirt does not know.

What
    `downwardAPI` is neither empty nor `device-info`.

Why
    KubeVirt ignores an unknown value and does not report it. The sidecar starts without the network information that it needs.

Refused
    {sidecarImage: "quay.io/acme/vdpa:v1", downwardAPI: deviceInfo}

Accepted
    {sidecarImage: "quay.io/acme/vdpa:v1", downwardAPI: device-info}

Source
    staging/src/kubevirt.io/api/core/v1/types.go@v1.9.0 (DeviceInfo); the schema has no enum.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.plugins.suggestions import meant
from webhook.rules.base import Action, CauseType, Group, Mistakes, Registration, RegistrationRule, Violation

_KNOWN = ("device-info",)


def check(registration: Registration, _registry: Registry) -> Mistakes:
    """Compare with the only known value. An empty string counts as absent. Before 1.3 `pruned-field` reports the field."""
    found = registration.plugin.downward_api
    if not found or found in _KNOWN:
        return ()
    message = f"downwardAPI {quoted(found)} is unknown to KubeVirt and ignored{meant(found, _KNOWN)}"
    return [Violation(("downwardAPI",), message, 'use "device-info", or remove downwardAPI')]


RULE = RegistrationRule(
    name="unknown-downward-api",
    group=Group.REGISTRATIONS,
    check=check,
    cause=CauseType.NOT_SUPPORTED,
    action=Action.WARN,
    since=Version(1, 3),
)
