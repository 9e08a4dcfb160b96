"""An interface has a NIC model that KubeVirt does not know.

What
    `interfaces[].model` is none of e1000, e1000e, igb (KubeVirt 1.4+), ne2k_pci, pcnet, rtl8139 and virtio.

Why
    The model is the NIC that QEMU emulates for the guest. KubeVirt accepts only these names, in this spelling.

Refused
    model: vmxnet3
    model: VirtIO        # case matters

Accepted
    model: virtio
    model: e1000e

Source
    pkg/network/admitter/netiface.go@v1.9.0; igb came with kubevirt/kubevirt#11754, listed in the release notes of 1.4.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_IGB = "igb"
_IGB_SINCE = Version(1, 4)
_ALWAYS_KNOWN = frozenset({"e1000", "e1000e", "ne2k_pci", "pcnet", "rtl8139", "virtio"})
_KNOWN = _ALWAYS_KNOWN | {_IGB}


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Look up the model among those of the running KubeVirt. An empty string counts as absent."""
    model = interface.model
    if not model or model in _ALWAYS_KNOWN:
        return ()
    known = _KNOWN if registry.at_least(*_IGB_SINCE) else _ALWAYS_KNOWN
    if model in known:
        return ()
    return [Violation(("model",), _message(model, known, vmi, registry), "use one of " + ", ".join(sorted(known)))]


def _message(model: str, known: frozenset[str], vmi: VMI, registry: Registry) -> str:
    if model == _IGB:
        return f"model {quoted(model)} is unknown to KubeVirt {registry.version}: it came with {_IGB_SINCE}"
    return f"model {quoted(model)} is unknown to KubeVirt{vmi.meant(model, known)}"


RULE = InterfaceRule(
    name="unknown-model", group=Group.NETWORKS, check=check, cause=CauseType.NOT_SUPPORTED, field="model", upstream_since=Version(0, 1)
)
