"""Deployment, pods, Service and EndpointSlices."""

from collections.abc import Mapping

import msgspec

from webhook.doctor.objects.meta import Object, Selector
from webhook.kube.metadata import ObjectMeta


class DeploymentSpec(Object, frozen=True):
    """`spec` of a Deployment."""

    replicas: int = 1
    selector: Selector = Selector()


class DeploymentStatus(Object, frozen=True):
    """`status` of a Deployment."""

    observed_generation: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0


class Deployment(Object, frozen=True):
    """A Deployment."""

    metadata: ObjectMeta = ObjectMeta()
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class Waiting(Object, frozen=True):
    """Why a container does not run."""

    reason: str = ""
    message: str = ""


class Terminated(Object, frozen=True):
    """How a container ended."""

    reason: str = ""
    exit_code: int = 0


class ContainerState(Object, frozen=True):
    """`state` and `lastState` of a container."""

    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(Object, frozen=True):
    """The status of a container."""

    name: str
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodStatus(Object, frozen=True):
    """`status` of a pod."""

    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    container_statuses: list[ContainerStatus] | None = None


class ContainerPort(Object, frozen=True):
    """One port that a container listens on."""

    container_port: int
    name: str = ""


class Container(Object, frozen=True):
    """A container in the spec of a pod."""

    ports: list[ContainerPort] | None = None


class PodSpec(Object, frozen=True):
    """`spec` of a pod."""

    containers: list[Container] | None = None


class Pod(Object, frozen=True):
    """A pod."""

    metadata: ObjectMeta = ObjectMeta()
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    def port(self, name: str, otherwise: int) -> int:
        """The number of the port with this name; `otherwise` if there is none."""
        number = self.named_port(name)
        return otherwise if number is None else number

    def named_port(self, name: str) -> int | None:
        """The number of the port with this name; `None` if there is none."""
        ports = (port for container in self.spec.containers or () for port in container.ports or ())
        return next((port.container_port for port in ports if port.name == name), None)


class Pods(Object, frozen=True):
    """A list of pods."""

    items: list[Pod] | None = None


class ServicePort(Object, frozen=True):
    """One port of a Service; `target_port` is a number, or the name of a container's port."""

    port: int
    name: str = ""
    target_port: int | str | None = None

    @property
    def target(self) -> int | str:
        """The port of the pod, as a number or a name; without `targetPort` it is that of the Service."""
        return self.target_port or self.port


class ServiceSpec(Object, frozen=True):
    """`spec` of a Service."""

    ports: list[ServicePort] | None = None
    selector: Mapping[str, str] | None = None


class Service(Object, frozen=True):
    """A Service."""

    spec: ServiceSpec = ServiceSpec()


class EndpointConditions(Object, frozen=True):
    """Conditions of an endpoint. Without `ready` it counts as ready."""

    ready: bool | None = None


class Endpoint(Object, frozen=True):
    """One endpoint of a Service."""

    addresses: list[str] | None = None
    conditions: EndpointConditions = EndpointConditions()


class EndpointPort(Object, frozen=True):
    """One port of an EndpointSlice."""

    name: str | None = None
    port: int | None = None


class EndpointSlice(Object, frozen=True):
    """Some endpoints of a Service."""

    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None

    def ports_by_name(self) -> Mapping[str, int]:
        """The ports' numbers by their names, which are those of the Service's ports."""
        return {each.name or "": each.port for each in self.ports or () if each.port is not None}


class EndpointSlices(Object, frozen=True):
    """A list of them."""

    items: list[EndpointSlice] | None = None
