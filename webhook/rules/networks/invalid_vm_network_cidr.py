"""The subnet of the guest on the pod network is invalid or too small.

What
    An interface has `masquerade`, or a plugin with KubeVirt's slirp sidecar. And `vmNetworkCIDR` or `vmIPv6NetworkCIDR` of its network has
    no prefix length, is not an address, has the other IP family, or has fewer than four addresses (a prefix above /30, for IPv6 above
    /126).

Why
    No webhook checks these fields. virt-handler reads them when the VM starts. It fails with "failed to parse VM CIDR" or "VM CIDR subnet
    is too small" and retries without end: the VM never starts. It reads `vmNetworkCIDR` where pods have an IPv4 address, and
    `vmIPv6NetworkCIDR` where they have an IPv6 address.

Refused
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {vmNetworkCIDR: 10.11.12.0}}]

    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {vmNetworkCIDR: 10.11.12.0/31}}]

    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {vmIPv6NetworkCIDR: "fd10:0:2::/127"}}]

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {vmNetworkCIDR: 10.11.12.0/24, vmIPv6NetworkCIDR: "fd10:0:2::/120"}}]

Source
    gatewayIP in pkg/network/setup/netpod/netpod.go@v1.1.1, @v1.5.3 and @v1.9.0. For slirp networkCIDR in
    cmd/sidecars/network-slirp-binding/domain/domain.go@v1.1.1 and @v1.9.0, which checks the form of `vmNetworkCIDR` only. Leading zeros in
    `vmNetworkCIDR` are accepted: virt-api rewrites them (staging/src/kubevirt.io/api/core/v1/schema.go@v1.9.0).
"""

import ipaddress
import re
from collections.abc import Iterator

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.plugins.sidecars import SLIRP_IMAGE
from webhook.rules.base import Action, Group, SpecRule, Violation
from webhook.vmi.spec import Interface, PodNetwork
from webhook.vmi.vmi import VMI

_HOST_BITS = 2
_EXAMPLES = {4: "10.0.2.0/24", 6: "fd10:0:2::/120"}
_PREFIX = re.compile(r"[0-9]{1,3}")
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")


def check(vmi: VMI, registry: Registry) -> Iterator[Violation]:
    """Check the subnets of each pod network whose interface uses them."""
    for index, network in enumerate(vmi.networks):
        interface = vmi.interface_named.get(network.name or "")
        if network.pod is None or interface is None:
            continue
        if interface.masquerade is not None:
            yield from _about_masquerade(index, network.pod)
        elif _is_slirp(interface, registry) and network.pod.vm_network_cidr:
            fault = _parsed(network.pod.vm_network_cidr, 4)
            if isinstance(fault, str):
                yield _violation(index, 4, network.pod.vm_network_cidr, fault)


def _about_masquerade(index: int, pod: PodNetwork) -> Iterator[Violation]:
    for family, written in ((4, pod.vm_network_cidr), (6, pod.vm_ipv6_network_cidr)):
        if not written:
            continue
        subnet = _parsed(written, family)
        if isinstance(subnet, str):
            yield _violation(index, family, written, subnet)
        elif subnet.version != family:
            yield _violation(index, family, written, f"is an IPv{subnet.version} subnet", Action.WARN)
        elif subnet.max_prefixlen - subnet.prefixlen < _HOST_BITS:
            yield _violation(index, family, written, "has fewer than four addresses")


def _parsed(written: str, family: int) -> ipaddress.IPv4Network | ipaddress.IPv6Network | str:
    """The subnet as Go's net.ParseCIDR reads it, or why it is none."""
    address, slash, prefix = written.partition("/")
    if not slash:
        return "has no prefix length"
    if _PREFIX.fullmatch(prefix) is None or "%" in address:
        return "is not a subnet"
    if family == 4 and ":" not in address:  # noqa: PLR2004 - of IPv4
        address = _LEADING_ZEROS.sub("", address)
    try:
        return ipaddress.ip_network(f"{address}/{int(prefix)}", strict=False)
    except ValueError:
        return "is not a subnet"


def _violation(index: int, family: int, written: str, fault: str, at_most: Action = Action.DENY) -> Violation:
    field = "vmNetworkCIDR" if family == 4 else "vmIPv6NetworkCIDR"  # noqa: PLR2004 - of IPv4
    message = f"{field} {quoted(written)} {fault}, so the VM never starts"
    return Violation(("networks", index, "pod", field), message, f"write an IPv{family} subnet such as {_EXAMPLES[family]}", at_most)


def _is_slirp(interface: Interface, registry: Registry) -> bool:
    name = interface.binding.name if interface.binding is not None else None
    return registry.built_in_sidecars.get(name or "") == SLIRP_IMAGE


RULE = SpecRule(name="invalid-vm-network-cidr", group=Group.NETWORKS, check=check, trait="has_pod_subnets")
