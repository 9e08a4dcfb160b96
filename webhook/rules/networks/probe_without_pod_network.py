"""A VM has an HTTP or TCP probe but no pod network.

What
    `livenessProbe` or `readinessProbe` has `httpGet` or `tcpSocket`, and no network is `pod: {}`.

Why
    The kubelet sends the probe to the address of the pod. Without the pod network the guest does not have this address, so KubeVirt refuses
    the VM. Probes with `exec` or `guestAgentPing` work without the pod network.

Refused
    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: blue}}]
    readinessProbe: {httpGet: {port: 80}}

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]
    readinessProbe: {httpGet: {port: 80}}

    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: blue}}]
    readinessProbe: {guestAgentPing: {}}

Source
    appendStatusCauseForProbeNotAllowedWithNoPodNetworkPresent in
    pkg/virt-api/webhooks/validating-webhook/admitters/vmi-create-admitter.go@v1.1.1 to v1.9.0.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, SpecRule, Violation
from webhook.vmi.vmi import VMI

_HELP = "connect an interface to the pod network, or use exec or guestAgentPing"


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Look for a pod network.

    KubeVirt adds one to a VM or VMI without interfaces and networks, unless autoattachPodInterface is false. A replica set or pool is
    validated as it is written.
    """
    if (vmi.gets_default_interface and vmi.gets_defaults) or any(network.pod is not None for network in vmi.networks):
        return ()
    probes = (("livenessProbe", vmi.spec.liveness_probe), ("readinessProbe", vmi.spec.readiness_probe))
    return [
        Violation((probe, handler), f"{handler} probes the VM over the pod network, and this VM has none", _HELP)
        for probe, value in probes
        if value is not None
        for handler, found in (("httpGet", value.http_get), ("tcpSocket", value.tcp_socket))
        if found is not None
    ]


RULE = SpecRule(name="probe-without-pod-network", group=Group.NETWORKS, check=check, trait="has_probe", upstream_since=Version(0, 1))
