"""An interface uses the passt plugin, which gives way to the core binding passtBinding.

What
    KubeVirt is 1.8 or later, and `binding.name` is `passt`, or a plugin whose `sidecarImage` is `network-passt-binding`.

Why
    KubeVirt 1.8 took passt back into its core as `passtBinding`; seamless migration exists only there, and the plugin is to be
    deprecated once the core binding is GA. HyperConverged registers the plugin no more from 1.19: VMs that still name it then neither
    start nor migrate. Moving over changes the VM's spec and takes a restart.

Refused
    binding: {name: passt}

Accepted
    passtBinding: {}

Source
    kubevirt/enhancements#88 and #253; kubevirt/kubevirt#16416;
    kubevirt/hyperconverged-cluster-operator controllers/handlers/kubevirt.go@03da3cff.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.plugins.sidecars import PASST_IMAGE, image_name
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Go by the name, registered or not, else by the sidecar."""
    name = interface.binding.name if interface.binding is not None else None
    if name != "passt" and not _is_passt(name, registry):
        return ()
    message = (
        f"plugin {quoted(name)} is the passt plugin, which gives way to the core binding passtBinding: "
        "HyperConverged registers the plugin no more from 1.19"
    )
    gate = "" if registry.gate("PasstBinding").is_on else " once feature gate PasstBinding is on"
    return [Violation(("binding",), message, f"use passtBinding: {{}} in place of binding{gate}, and restart the VM")]


def _is_passt(name: str | None, registry: Registry) -> bool:
    plugin = registry.plugins.get(name or "")
    image = plugin.sidecar_image if plugin is not None else None
    return image is not None and PASST_IMAGE in image and image_name(image) == PASST_IMAGE


RULE = InterfaceRule(
    name="deprecated-plugin", group=Group.CONSEQUENCES, check=check, action=Action.WARN, field="binding", since=Version(1, 8)
)
