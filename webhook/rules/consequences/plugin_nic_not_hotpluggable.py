"""An update adds a NIC that a running VM does not get.

What
    An UPDATE of a VMI, or of a VM that has one (`status.created` is true), adds an interface with a plugin `binding`.

Why
    KubeVirt hotplugs only bridge and SR-IOV interfaces into a running VM. It does not hotplug an interface with a plugin, and sets no
    `RestartRequired` condition. The guest gets the NIC only when the VM restarts.

Refused
    binding: {name: passt}        # on an interface that the update adds

Accepted
    bridge: {}                    # likewise

Source
    pkg/network/controllers/vm.go@v1.9.0 (what is hotplugged) and pkg/network/vmliveupdate@v1.9.0 (looks at known interfaces only).
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Compare with the interfaces before the update, by name."""
    if vmi.old is None or interface.binding is None or (interface.name or "") in vmi.old:
        return ()
    message = (
        f"new interface {quoted(interface.name)} uses plugin {quoted(interface.binding.name)}, and KubeVirt does not hotplug plugins: "
        "the running VM gets this NIC only when it restarts"
    )
    return [Violation(("binding",), message, "restart the VM after the update, or use bridge or sriov, which are hotplugged")]


RULE = InterfaceRule(
    name="plugin-nic-not-hotpluggable", group=Group.CONSEQUENCES, check=check, action=Action.WARN, field="binding", since=Version(1, 1)
)
