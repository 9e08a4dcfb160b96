"""Objects about a VM as a cluster has them; each test changes one thing."""

from typing import Any

from tests.builders import registry
from webhook.why.situation import Situation

Object = dict[str, Any]

SINCE = "2026-11-27T02:00:00Z"


def vm(*plugins: str, networks: tuple[str, ...] = (), strategy: str = "Always", **status: Any) -> Object:
    """A VM with an interface on the pod network for each plugin, or masquerade, and one for each Multus network."""
    binding: Object = {"binding": {"name": plugins[0]}} if plugins else {"masquerade": {}}
    interfaces = [{"name": "default", **binding}, *({"name": f"n{index}", "bridge": {}} for index in range(len(networks)))]
    nets = [
        {"name": "default", "pod": {}},
        *({"name": f"n{index}", "multus": {"networkName": each}} for index, each in enumerate(networks)),
    ]
    template = {"spec": {"domain": {"devices": {"interfaces": interfaces}}, "networks": nets}}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "web", "namespace": "shop", "uid": "vm-uid"},
        "spec": {"runStrategy": strategy, "template": template},
        "status": status,
    }


def vmi(of: Object, phase: str = "Pending", *conditions: Object) -> Object:
    """The VMI of a VM."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "web", "namespace": "shop", "uid": "vmi-uid"},
        "spec": of["spec"]["template"]["spec"],
        "status": {"phase": phase, "conditions": list(conditions)},
    }


def pod(*conditions: Object, **status: Any) -> Object:
    """The launcher pod."""
    return {"metadata": {"name": "virt-launcher-web-x", "uid": "pod-uid"}, "status": {"conditions": list(conditions), **status}}


def condition(type_: str, status: str, message: str = "", reason: str = "") -> Object:
    return {"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": SINCE}


def event(reason: str, message: str) -> Object:
    return {"reason": reason, "message": message, "firstTimestamp": SINCE, "lastTimestamp": SINCE}


def waiting(container: str, reason: str, image: str = "registry/image:1") -> Object:
    return {"name": container, "image": image, "state": {"waiting": {"reason": reason, "message": "back-off"}}}


def situation(of: Object | None, **fields: Any) -> Situation:
    """What was read about a VM; `passt` and `l2bridge` are registered."""
    plugins = {
        "passt": {"sidecarImage": "quay.io/passt:v1", "networkAttachmentDefinition": "default/netbindingpasst"},
        "l2bridge": {"domainAttachmentType": "managedTap"},
    }
    known = {"registry": registry(plugins), "vmi": None} | fields
    return Situation(namespace="shop", name="web", vm=of, **known)
