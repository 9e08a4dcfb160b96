"""The binding of an interface does not support its state.

What
    `interfaces[].state` is `absent` without the bridge binding, or `up` or `down` with SR-IOV.

Why
    `absent` unplugs a NIC, and KubeVirt can do that for bridges only. `up` and `down` set the link of a virtual NIC. An SR-IOV NIC is
    hardware, and only the guest controls it.

Refused
    sriov: {}
    state: down

Accepted
    bridge: {}
    state: down

Source
    pkg/network/admitter/admit.go@v1.9.0; `up` and `down` since v1.5.0.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._states import ABSENT, LINK_STATES, LINK_STATES_SINCE, STATE_SINCE
from webhook.vmi.bindings import wiring
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Compare state and binding. `unknown-interface-state` reports `up` and `down` in releases without them."""
    state = interface.state
    if state == ABSENT and interface.bridge is None:
        message = f"state {quoted(state)} works with bridge only, and interface {quoted(interface.name)} has {wiring(interface)}"
        return [Violation(("state",), message, "remove state, or stop the VM and remove the interface and its network")]
    if state in LINK_STATES and interface.sriov is not None and registry.at_least(*LINK_STATES_SINCE):
        message = f"state {quoted(state)} does not work with sriov, the binding of interface {quoted(interface.name)}"
        return [Violation(("state",), message, "remove state, and set the link in the guest")]
    return ()


RULE = InterfaceRule(
    name="state-unsupported-by-binding", group=Group.NETWORKS, check=check, field="state", since=STATE_SINCE, upstream_since=STATE_SINCE
)
