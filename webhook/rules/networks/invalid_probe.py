"""The API server refuses a probe of the VM.

What
    In `livenessProbe` or `readinessProbe`, the `port` of `httpGet` or `tcpSocket` is not a valid port number or port name, `httpGet.scheme`
    is neither `HTTP` nor `HTTPS`, or `livenessProbe.successThreshold` is above 1.

Why
    KubeVirt checks only that a probe has one handler and that the VM is on the pod network. It copies the probe into the virt-launcher pod.
    The API server refuses the pod, and the VMI stays Pending.

Refused
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]
    readinessProbe: {httpGet: {port: 80, scheme: https}}

    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]
    livenessProbe: {tcpSocket: {port: 70000}}

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]
    readinessProbe: {httpGet: {port: 80, scheme: HTTPS}}

Source
    validateProbe in pkg/virt-api/webhooks/validating-webhook/admitters/vmi-create-admitter.go@v1.1.1 and @v1.9.0; WithLivelinessProbe and
    WithReadinessProbe in pkg/virt-controller/services/rendercontainer.go@v1.9.0. KubeVirt replaces a threshold below 1
    (staging/src/kubevirt.io/api/core/v1/defaults.go@v1.9.0). Compared with a kube-apiserver 1.20.
"""

from collections.abc import Iterator

from webhook.kube.text import quoted, shown
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, SpecRule, Violation
from webhook.rules.networks._ports import HIGHEST_PORT, is_port, name_faults
from webhook.vmi.spec import Probe
from webhook.vmi.vmi import VMI

_SCHEMES = ("HTTP", "HTTPS")
_PORT_HELP = f"write a number from 1 to {HIGHEST_PORT}, or the name of a port in lower case"


def check(vmi: VMI, _registry: Registry) -> Iterator[Violation]:
    """Check both probes. `exec` and `guestAgentPing` have nothing to check."""
    liveness = vmi.spec.liveness_probe
    for name, probe in (("livenessProbe", liveness), ("readinessProbe", vmi.spec.readiness_probe)):
        if probe is not None:
            yield from _about(name, probe)
    if liveness is not None and (liveness.success_threshold or 0) > 1:
        message = f"successThreshold of a liveness probe is {liveness.success_threshold}, and must be 1"
        yield Violation(("livenessProbe", "successThreshold"), message, "remove successThreshold")


def _about(name: str, probe: Probe) -> Iterator[Violation]:
    for handler, port in (
        ("httpGet", probe.http_get.port if probe.http_get is not None else None),
        ("tcpSocket", probe.tcp_socket.port if probe.tcp_socket is not None else None),
    ):
        faults = _port_faults(port)
        if faults:
            yield Violation((name, handler, "port"), f"port {shown(port)} of the probe {faults}", _PORT_HELP)
    scheme = probe.http_get.scheme if probe.http_get is not None else None
    if scheme and scheme not in _SCHEMES:
        message = f"scheme {quoted(scheme)} of the probe is neither HTTP nor HTTPS"
        yield Violation((name, "httpGet", "scheme"), message, "write HTTP or HTTPS in capitals")


def _port_faults(port: int | str | None) -> str:
    if port is None:  # which the CRD refuses
        return ""
    if isinstance(port, int):
        return "" if is_port(port) else f"is not a port; ports are 1 to {HIGHEST_PORT}"
    return " and ".join(name_faults(port)) if port else "is empty"


RULE = SpecRule(name="invalid-probe", group=Group.NETWORKS, check=check, trait="has_probe")
