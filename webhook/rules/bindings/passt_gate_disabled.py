"""An interface uses passtBinding, and its feature gate is off.

What
    `passtBinding: {}` is set, and feature gate `PasstBinding` is off.

Why
    KubeVirt refuses the VM. The gate exists from 1.8 on. In 1.8 it is off unless it is listed. In 1.9 it is on unless it is disabled. For
    1.10 it is planned to be always on. Without a KubeVirt CR the rule assumes the default and warns.

Refused
    passtBinding: {}        # KubeVirt 1.8, gate PasstBinding not listed

Accepted
    masquerade: {}

Source
    pkg/network/admitter/passt.go@v1.9.0, which reports `interfaces[i].name`; pkg/virt-config/featuregate/feature-gates.go@v1.9.0;
    for 1.10 kubevirt/enhancements#253.
"""

from webhook.kube.version import Version
from webhook.plugins.gates import GateState, how_to_enable
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_SINCE = Version(1, 8)


def check(_interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Check the gate. A default only warns, since it is a guess."""
    state = registry.gate("PasstBinding")
    if state.is_on:
        return ()
    at_most = Action.DENY if state.is_known else Action.WARN
    message = f"passtBinding needs feature gate PasstBinding, {_why_off(state, registry)}"
    return [Violation(("passtBinding",), message, "use masquerade: {}", at_most, how_to_enable("PasstBinding"))]


def _why_off(state: GateState, registry: Registry) -> str:
    if not state.is_known:
        return f"which is off by default in KubeVirt {registry.version} ({registry.gates_doubt})"
    if "PasstBinding" in registry.disabled_gates:
        return "which is disabled"
    return "which is not enabled; it is on by default from KubeVirt 1.9"


RULE = InterfaceRule(
    name="passt-gate-disabled",
    group=Group.BINDINGS,
    check=check,
    depends_on_cr=True,
    field="passt_binding",
    since=_SINCE,
    upstream_since=_SINCE,
)
