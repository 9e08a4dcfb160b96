"""An interface uses passtBinding while its feature gate is off.

What
    `passtBinding: {}` is set, and feature gate `PasstBinding` is off.

Why
    KubeVirt refuses the VM. The gate came with 1.8 and is off there unless it is listed; in 1.9 it is on unless it is disabled; for 1.10 it
    is planned as always on. Where no KubeVirt CR tells the gates, this rule goes by that default, and warns.

Refused
    passtBinding: {}        # KubeVirt 1.8, gate PasstBinding not listed

Accepted
    masquerade: {}

Source
    pkg/network/admitter/passt.go@v1.9.0, which reports `interfaces[i].name`; pkg/virt-config/featuregate/feature-gates.go@v1.9.0;
    for 1.10 kubevirt/enhancements#253.
"""

from webhook.kube.version import Version
from webhook.plugins.gates import GateState
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_SINCE = Version(1, 8)
_ON = "add PasstBinding to spec.configuration.developerConfiguration.featureGates in the KubeVirt CR, or choose masquerade"


def check(_interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Ask for the gate; a default is no more than a guess."""
    state = registry.gate("PasstBinding")
    if state.is_on:
        return ()
    return [Violation(("passtBinding",), _message(state, registry), _ON, Action.DENY if state.is_known else Action.WARN)]


def _message(state: GateState, registry: Registry) -> str:
    if not state.is_known:
        return f"feature gate PasstBinding is off by default in KubeVirt {registry.version}, and no KubeVirt CR says otherwise"
    if "PasstBinding" in registry.disabled_gates:
        return "feature gate PasstBinding is disabled"
    return "feature gate PasstBinding is off: it is not listed, and KubeVirt turns it on by default only from 1.9"


RULE = InterfaceRule(
    name="passt-gate-disabled", group=Group.BINDINGS, check=check, field="passt_binding", since=_SINCE, upstream_since=_SINCE
)
