"""An interface uses KubeVirt's passt or slirp plugin, which will be removed.

What
    KubeVirt is 1.8 or later, and `binding.name` is `passt`, or a plugin whose `sidecarImage` is `network-passt-binding`. Or KubeVirt is
    1.10 or later, and the plugin's `sidecarImage` is `network-slirp-binding`.

Why
    KubeVirt 1.8 added passt to its core as `passtBinding`. Only the core binding has seamless migration. The plugin is planned to work up
    to KubeVirt 1.12. HyperConverged does not register it from 1.19 on, and VMs that still use it then neither start nor migrate. KubeVirt
    1.10 has no slirp sidecar, and older images get no fixes. A move to another binding changes the spec of the VM and needs a restart.

Refused
    binding: {name: passt}

Accepted
    passtBinding: {}

Source
    kubevirt/enhancements#88 and #253; kubevirt/kubevirt#16416; kubevirt/kubevirt#18613 removes cmd/sidecars/network-slirp-binding, which
    v1.9.0 has and d923fdb8 does not; kubevirt/hyperconverged-cluster-operator controllers/handlers/kubevirt.go@03da3cff.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.gates import how_to_enable
from webhook.plugins.registry import Registry
from webhook.plugins.sidecars import PASST_IMAGE, SLIRP_IMAGE
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_SLIRP_REMOVED = Version(1, 10)


def check(interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Check for the name passt, registered or not, then for the sidecar."""
    name = interface.binding.name if interface.binding is not None else None
    image = registry.built_in_sidecars.get(name or "")
    if name == "passt" or image == PASST_IMAGE:
        message = (
            f"plugin {quoted(name)} is the passt plugin, which the core binding passtBinding replaces; "
            "the plugin is planned to work up to KubeVirt 1.12, and HyperConverged does not register it from 1.19 on"
        )
        is_on = registry.gate("PasstBinding").is_on
        gate = "" if is_on else ", once feature gate PasstBinding is on,"
        instead = f"use passtBinding: {{}} instead of binding{gate} and restart the VM"
        return [Violation(("binding",), message, instead, for_admin="" if is_on else how_to_enable("PasstBinding"))]
    if image == SLIRP_IMAGE and registry.at_least(*_SLIRP_REMOVED):
        message = f"plugin {quoted(name)} is the slirp plugin, whose sidecar KubeVirt does not ship from {_SLIRP_REMOVED} on"
        return [Violation(("binding",), message, "use passtBinding: {} or masquerade: {} instead of binding, and restart the VM")]
    return ()


RULE = InterfaceRule(
    name="deprecated-plugin",
    group=Group.CONSEQUENCES,
    check=check,
    depends_on_cr=True,
    action=Action.WARN,
    field="binding",
    since=Version(1, 8),
)
