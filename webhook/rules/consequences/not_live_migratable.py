"""A VM is to be live-migrated, and its interface on the pod network prevents that.

What
    `evictionStrategy` of the VMI, or of the cluster if the VMI has none, is `LiveMigrate` or `LiveMigrateIfPossible`. And the interface on
    the pod network has a binding that the running KubeVirt does not migrate: a bridge without annotation
    `kubevirt.io/allow-pod-bridge-network-live-migration`, SR-IOV, a plugin that is registered without `migration` (any plugin in 1.1), or
    before 1.3 slirp, passt or macvtap.

Why
    KubeVirt reports it only when the VM runs (condition `LiveMigratable=False`, reason `InterfaceNotLiveMigratable`), and it matters only
    when a node is drained. With `LiveMigrate` every eviction is answered with 429, and the drain hangs. With `LiveMigrateIfPossible` the VM
    is shut down. HyperConverged sets `LiveMigrate` for the cluster by default if there are several workers. Memory and CPU hotplug need
    migration too. Interfaces on secondary networks do not prevent migration.

Refused
    interfaces: [{name: default, bridge: {}}]
    networks: [{name: default, pod: {}}]
    evictionStrategy: LiveMigrate

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]
    evictionStrategy: LiveMigrate

Source
    pkg/network/vmispec/interface.go and pkg/util/migrations/migrations.go@v1.9.0, and the latter at v1.1.1 and v1.4.1. No KubeVirt release
    reports it at admission. The strategy of the cluster is `spec.configuration.evictionStrategy` of the KubeVirt CR, or
    `spec.evictionStrategy` of the HyperConverged CR (in v1 `spec.virtualization.evictionStrategy`).
"""

from typing import NamedTuple

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, Mistakes, SpecRule, Violation
from webhook.rules.consequences._migration import ALLOW_BRIDGE, AT_DRAIN, eviction_strategy, pod_interface
from webhook.vmi.bindings import DISCONTINUED, DISCONTINUED_SINCE
from webhook.vmi.spec import Interface, PluginBinding
from webhook.vmi.vmi import VMI

_PLUGINS_MIGRATE_SINCE = Version(1, 2)
_USE_MASQUERADE = "use masquerade: {} on the pod network"


class _Hindrance(NamedTuple):
    """What prevents migration.

    Attributes:
        field: The binding.
        what: The same in words.
        remedy: What the owner of the VM can do.
        for_admin: What only an administrator of the cluster can do.
    """

    field: str
    what: str
    remedy: str
    for_admin: str = ""


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Check the interface on the pod network. Other rules report what prevents the VM from starting."""
    strategy = eviction_strategy(vmi, registry)
    if strategy not in AT_DRAIN:
        return ()
    index = pod_interface(vmi)
    hindrance = _hindrance(vmi.interfaces[index], vmi, registry) if index is not None else None
    if index is None or hindrance is None:
        return ()
    path = ("domain", "devices", "interfaces", index, hindrance.field)
    whose = "" if vmi.spec.eviction_strategy is not None else "the cluster's "
    message = f"{whose}evictionStrategy is {quoted(strategy)}, but {hindrance.what} prevents live migration of the VM: {AT_DRAIN[strategy]}"
    return [Violation(path, message, f'{hindrance.remedy}, or set evictionStrategy to "None"', for_admin=hindrance.for_admin)]


def _hindrance(interface: Interface, vmi: VMI, registry: Registry) -> _Hindrance | None:
    if interface.masquerade is not None or interface.passt_binding is not None:
        return None
    if interface.bridge is not None:
        return _bridge(vmi, registry)
    if interface.sriov is not None:
        return _Hindrance("sriov", "sriov on the pod network", f"{_USE_MASQUERADE} and sriov on a Multus network")
    if interface.binding is not None:
        return _plugin(interface.binding, registry)
    return _discontinued(interface, registry)


def _bridge(vmi: VMI, registry: Registry) -> _Hindrance | None:
    if ALLOW_BRIDGE in vmi.annotations or not registry.permit_bridge_on_pod_network:  # the latter is `bridge-not-permitted`'s to tell
        return None
    return _Hindrance("bridge", "a bridge on the pod network", f"{_USE_MASQUERADE}, or set annotation {ALLOW_BRIDGE} on the VMI")


def _plugin(binding: PluginBinding, registry: Registry) -> _Hindrance | None:
    plugin = registry.plugins.get(binding.name or "")
    if not binding.name or (registry.known and plugin is None):
        return None
    if not registry.at_least(*_PLUGINS_MIGRATE_SINCE):
        what = f"plugin {quoted(binding.name)} on the pod network (KubeVirt {registry.version} migrates no plugin)"
        return _Hindrance("binding", what, _USE_MASQUERADE)
    if plugin is None or plugin.migration is not None:
        return None
    what = f"plugin {quoted(binding.name)} on the pod network (registered without migration)"
    for_admin = f"register {quoted(binding.name)} with migration: {{}} in {registry.owner}, if it can migrate"
    return _Hindrance("binding", what, _USE_MASQUERADE, for_admin)


def _discontinued(interface: Interface, registry: Registry) -> _Hindrance | None:
    if registry.at_least(*DISCONTINUED_SINCE):
        return None
    for binding in DISCONTINUED:
        if binding.is_set(interface):
            return _Hindrance(binding.field, f"{binding.field} on the pod network", _USE_MASQUERADE)
    return None


RULE = SpecRule(name="not-live-migratable", group=Group.CONSEQUENCES, check=check, depends_on_cr=True, action=Action.WARN)
