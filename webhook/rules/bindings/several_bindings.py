"""An interface has more than one binding.

What
    More than one of `bridge`, `masquerade`, `sriov`, `passtBinding` and `binding` is set on an interface.

Why
    A NIC has one binding. With two of them the parts of KubeVirt choose differently, and the VM does not start correctly. From 1.9 KubeVirt
    refuses any two. Before 1.9 it refused only a plugin together with a core binding.

Refused
    interfaces: [{name: default, masquerade: {}, bridge: {}}]
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    pkg/network/admitter/binding.go@v1.9.0, which reports `interfaces[i]`; kubevirt/kubevirt#18374. It does not count discontinued bindings.
    Before 1.3 KubeVirt counts them together with a plugin (pkg/virt-api/webhooks/validating-webhook/admitters/network.go@v1.1.1).
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.bindings import BINDINGS, DISCONTINUED, DISCONTINUED_SINCE
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Count the bindings that the running KubeVirt knows. The API server drops all others."""
    # Written out, not a loop over BINDINGS: this is asked about every interface of every review. A test holds the two together.
    count = (
        (interface.bridge is not None)
        + (interface.masquerade is not None)
        + (interface.sriov is not None)
        + (interface.passt_binding is not None)
        + (interface.binding is not None)
    )
    if count <= 1:
        return _legacy(interface, registry) if count and interface.binding is not None else ()
    fields = [binding.field for binding in BINDINGS if binding.is_set(interface) and registry.at_least(*binding.since)]
    if len(fields) <= 1:
        return ()
    message = f"interface {quoted(interface.name)} has {len(fields)} bindings: {', '.join(fields)}"
    return [Violation((fields[1],), message, f"keep one of {', '.join(fields)}")]


def _legacy(interface: Interface, registry: Registry) -> Mistakes:
    """Before 1.3 slirp, passt and macvtap count too, together with a plugin."""
    if interface.slirp is None and interface.passt is None and interface.macvtap is None:
        return ()
    if registry.at_least(*DISCONTINUED_SINCE):
        return ()
    fields = [binding.field for binding in DISCONTINUED if binding.is_set(interface)]
    message = f"interface {quoted(interface.name)} has {len(fields) + 1} bindings: {', '.join([*fields, 'binding'])}"
    return [Violation(("binding",), message, f"keep one of {', '.join([*fields, 'binding'])}")]


RULE = InterfaceRule(name="several-bindings", group=Group.BINDINGS, check=check, upstream_since=Version(1, 9))
