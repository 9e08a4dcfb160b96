"""An interface uses a plugin, and the feature gate of plugins is off.

What
    `binding` is set, KubeVirt is 1.1 to 1.4, and feature gate `NetworkBindingPlugins` is not listed.

Why
    Up to 1.4 KubeVirt refuses all plugins unless an admin enables the gate. From 1.5 the gate is always on. Without a KubeVirt CR the rule
    assumes the default and warns.

Refused
    binding: {name: passt}        # KubeVirt 1.4, gate NetworkBindingPlugins not listed

Accepted
    masquerade: {}

Source
    pkg/network/admitter@v1.4.0, which reports `interfaces[i].name`; pkg/virt-config/featuregate/feature-gates.go@v1.5.0.
"""

from webhook.kube.version import Version
from webhook.plugins.gates import how_to_enable
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_SINCE = Version(1, 1)
_INSTEAD = "use a core binding such as masquerade: {}"
_GATE = "NetworkBindingPlugins"


def check(_interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Check the gate. A default only warns, since it is a guess."""
    state = registry.gate(_GATE)
    if state.is_on:
        return ()
    message = f"binding needs feature gate {_GATE}, which is off by default in KubeVirt {registry.version}"
    if state.is_known:
        return [Violation(("binding",), f"{message} and not enabled", _INSTEAD, for_admin=how_to_enable(_GATE))]
    return [Violation(("binding",), f"{message} ({registry.gates_doubt})", _INSTEAD, Action.WARN, how_to_enable(_GATE))]


RULE = InterfaceRule(
    name="plugin-gate-disabled",
    group=Group.PLUGINS,
    check=check,
    depends_on_cr=True,
    field="binding",
    since=_SINCE,
    until=Version(1, 5),
    upstream_since=_SINCE,
)
