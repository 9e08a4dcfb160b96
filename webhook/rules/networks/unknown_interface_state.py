"""An interface has a state that KubeVirt does not know.

What
    `interfaces[].state` is none of `absent`, `up` and `down` (the last two since KubeVirt 1.5), in exactly this spelling.

Why
    `absent` unplugs the NIC. `up` and `down` set its link. KubeVirt does not know any other state.

Refused
    bridge: {}
    state: Down

Accepted
    bridge: {}
    state: down

Source
    pkg/network/admitter/admit.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._states import ABSENT, LINK_STATES, LINK_STATES_SINCE, STATE_SINCE
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_KNOWN, _KNOWN_BEFORE = (ABSENT, *LINK_STATES), (ABSENT,)


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Compare with the states of the running KubeVirt. An empty string counts as absent."""
    state = interface.state
    if not state or state == ABSENT:
        return ()
    has_link_states = registry.at_least(*LINK_STATES_SINCE)
    if has_link_states and state in LINK_STATES:
        return ()
    known = _KNOWN if has_link_states else _KNOWN_BEFORE
    accepted = "use " + " or ".join(quoted(value) for value in known) + ", or remove state"
    return [Violation(("state",), _message(state, known, vmi, registry), accepted)]


def _message(state: str, known: tuple[str, ...], vmi: VMI, registry: Registry) -> str:
    if state in LINK_STATES:
        return f"state {quoted(state)} is unknown to KubeVirt {registry.version}: it came with {LINK_STATES_SINCE}"
    return f"state {quoted(state)} is unknown to KubeVirt{vmi.meant(state, known)}"


RULE = InterfaceRule(
    name="unknown-interface-state",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.NOT_SUPPORTED,
    field="state",
    since=STATE_SINCE,
    upstream_since=STATE_SINCE,
)
