"""A passt interface has state down, and KubeVirt ignores it.

What
    An interface has `passtBinding: {}` and `state: down`.

Why
    KubeVirt admits the VM but does not read the state of such an interface: the guest boots with the link up.

Refused
    passtBinding: {}
    state: down

Accepted
    masquerade: {}
    state: down

Source
    passtBindingOptions in pkg/virt-launcher/virtwrap/converter/network/configurator.go@v1.9.0 sets no link state, while tapBindingOptions
    does. kubevirt/kubevirt#18365, open in 2026-08, would set it.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, _vmi: VMI, _registry: Registry) -> Mistakes:
    """Check the state."""
    if interface.state != "down":
        return ()
    message = f"interface {quoted(interface.name)} has state down, which KubeVirt does not apply to passtBinding: its link is up"
    return [Violation(("state",), message, "remove state, or use masquerade: {}, which can have its link down")]


RULE = InterfaceRule(
    name="state-without-effect",
    group=Group.NETWORKS,
    check=check,
    action=Action.WARN,
    field="passt_binding",
    since=Version(1, 8),
)
