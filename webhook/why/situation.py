"""Everything about one VM that says why it does not run, as plain data, with what could not be read."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from webhook.kube.fieldpath import look_up, text_at
from webhook.plugins.registry import Registry

Object = Mapping[str, Any]


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What was read about one VM.

    Attributes:
        namespace: Namespace of the VM.
        name: Name of the VM.
        vm: The VirtualMachine; `None` when it does not exist.
        vmi: Its VirtualMachineInstance; `None` when it does not exist.
        pods: The VMI's launcher pods, the newest first.
        events: Events about these objects, the newest first.
        attachments: The NetworkAttachmentDefinitions that VM and plugins name, by `namespace/name`; `None` for one that is missing.
        attachment_names: Names of all NetworkAttachmentDefinitions in the VM's namespace and in `default`, as `namespace/name`.
        quotas: ResourceQuotas of the namespace.
        registry: The registry of the KubeVirt CR; the unknown one when it could not be read.
        unread: What could not be read, and why, one sentence each.
    """

    namespace: str
    name: str
    vm: Object | None
    vmi: Object | None
    pods: Sequence[Object] = ()
    events: Sequence[Object] = ()
    attachments: Mapping[str, Object | None] = {}
    attachment_names: Sequence[str] = ()
    quotas: Sequence[Object] = ()
    registry: Registry
    unread: Sequence[str] = ()

    @property
    def pod(self) -> Object | None:
        """The newest launcher pod."""
        return self.pods[0] if self.pods else None

    @property
    def has_pod(self) -> bool:
        """Whether there is a launcher pod; where pods cannot be read, the phase of the VMI says so."""
        return self.pod is not None or text_at(self.vmi, "status", "phase") in ("Scheduling", "Scheduled", "Running")

    @property
    def has_ended(self) -> bool:
        """Whether the guest has shut down and is not to be started again."""
        always = text_at(self.vm, "spec", "runStrategy") == "Always" or look_up(self.vm, ("spec", "running")) is True
        return text_at(self.vmi, "status", "phase") == "Succeeded" and not always

    @property
    def wants_to_run(self) -> bool:
        """Whether the VM's run strategy, or `running`, asks for a VMI."""
        strategy = text_at(self.vm, "spec", "runStrategy")
        if strategy:
            return strategy not in ("Halted", "Manual", "WaitAsReceiver") or bool(look_up(self.vm, ("status", "stateChangeRequests")))
        return look_up(self.vm, ("spec", "running")) is True


def items_at(obj: object, *path: str) -> list[Any]:
    """The list at `path` inside plain JSON data; empty where there is none."""
    found = look_up(obj, path)
    return found if isinstance(found, list) else []


def condition(obj: Object | None, type_: str) -> Object | None:
    """The condition of that type in an object's status."""
    return next((each for each in items_at(obj, "status", "conditions") if text_at(each, "type") == type_), None)


def attachments_of(spec: object) -> list[str]:
    """The networkNames of the Multus networks in a VMI spec, as they are written."""
    names = (text_at(network, "multus", "networkName") for network in items_at(spec, "networks"))
    return [name for name in names if name]


def plugins_of(spec: object) -> list[str]:
    """The binding plugins that the interfaces of a VMI spec name."""
    names = (text_at(interface, "binding", "name") for interface in items_at(spec, "domain", "devices", "interfaces"))
    return list(dict.fromkeys(name for name in names if name))


def qualified(name: str, namespace: str) -> str:
    """`namespace/name` of a NetworkAttachmentDefinition; without a namespace in `name`, that of the VM."""
    return name if "/" in name else f"{namespace}/{name}"
