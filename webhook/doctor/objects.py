"""The objects of an installation, as far as a check looks at them, as the API server writes them. Judges nothing."""

from collections.abc import Mapping
from datetime import datetime

import msgspec


class _Object(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Go writes an empty list as null or leaves it out."""


class Metadata(_Object, frozen=True):
    """`metadata`."""

    name: str = ""
    namespace: str = ""
    generation: int = 0
    resource_version: str = ""
    annotations: Mapping[str, str] | None = None
    labels: Mapping[str, str] | None = None
    deletion_timestamp: str | None = None


class Requirement(_Object, frozen=True):
    """One of a selector's `matchExpressions`."""

    key: str
    operator: str
    values: list[str] | None = None


class Selector(_Object, frozen=True):
    """A label selector."""

    match_labels: Mapping[str, str] | None = None
    match_expressions: list[Requirement] | None = None

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        by_labels = all(labels.get(key) == value for key, value in (self.match_labels or {}).items())
        return by_labels and all(_meets(labels, each) for each in self.match_expressions or ())


def _meets(labels: Mapping[str, str], requirement: Requirement) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in (requirement.values or ())
        case "NotIn":
            return value not in (requirement.values or ())
        case "Exists":
            return value is not None
        case _:
            return value is None


class ServiceReference(_Object, frozen=True):
    """The Service that a webhook is called through."""

    namespace: str
    name: str
    path: str = ""
    port: int = 443


class ClientConfig(_Object, frozen=True):
    """How a webhook is called; `ca_bundle` is base64 of PEM."""

    url: str | None = None
    service: ServiceReference | None = None
    ca_bundle: str = ""


class Rule(_Object, frozen=True):
    """Which requests a webhook is asked about."""

    api_groups: list[str] | None = None
    api_versions: list[str] | None = None
    operations: list[str] | None = None
    resources: list[str] | None = None

    def covers(self, group: str, resource: str, operation: str) -> bool:
        """Whether such a request is among them, whatever its version."""
        in_group = _among(group, self.api_groups)
        in_resources = _among(resource, self.resources) or "*/*" in (self.resources or ())
        return in_group and in_resources and _among(operation, self.operations)


def _among(value: str, values: list[str] | None) -> bool:
    return "*" in (values or ()) or value in (values or ())


class Webhook(_Object, frozen=True):
    """One webhook, validating or mutating, with the defaults that the API server fills in."""

    name: str
    client_config: ClientConfig
    rules: list[Rule] | None = None
    failure_policy: str = "Fail"
    match_policy: str = "Equivalent"
    timeout_seconds: int = 10
    object_selector: Selector = Selector()
    namespace_selector: Selector = Selector()
    reinvocation_policy: str = "Never"
    admission_review_versions: list[str] | None = None

    def covers(self, group: str, resource: str, operation: str) -> bool:
        """Whether a rule has such requests."""
        return any(rule.covers(group, resource, operation) for rule in self.rules or ())


class Configuration(_Object, frozen=True):
    """A ValidatingWebhookConfiguration or a MutatingWebhookConfiguration."""

    metadata: Metadata = Metadata()
    webhooks: list[Webhook] | None = None


class Configurations(_Object, frozen=True):
    """A list of them."""

    items: list[Configuration] | None = None


class DeploymentSpec(_Object, frozen=True):
    """`spec` of a Deployment."""

    replicas: int = 1
    selector: Selector = Selector()


class DeploymentStatus(_Object, frozen=True):
    """`status` of a Deployment."""

    observed_generation: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0


class Deployment(_Object, frozen=True):
    """A Deployment."""

    metadata: Metadata = Metadata()
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class Waiting(_Object, frozen=True):
    """Why a container does not run."""

    reason: str = ""
    message: str = ""


class ContainerState(_Object, frozen=True):
    """`state` of a container."""

    waiting: Waiting | None = None


class ContainerStatus(_Object, frozen=True):
    """One of a pod's containers."""

    name: str
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = ContainerState()


class PodStatus(_Object, frozen=True):
    """`status` of a pod."""

    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    container_statuses: list[ContainerStatus] | None = None


class Pod(_Object, frozen=True):
    """A pod."""

    metadata: Metadata = Metadata()
    status: PodStatus = PodStatus()


class Pods(_Object, frozen=True):
    """A list of pods."""

    items: list[Pod] | None = None


class ServicePort(_Object, frozen=True):
    """One port of a Service."""

    port: int


class ServiceSpec(_Object, frozen=True):
    """`spec` of a Service."""

    ports: list[ServicePort] | None = None


class Service(_Object, frozen=True):
    """A Service."""

    spec: ServiceSpec = ServiceSpec()


class EndpointConditions(_Object, frozen=True):
    """Absent means ready."""

    ready: bool | None = None


class Endpoint(_Object, frozen=True):
    """One endpoint of a Service."""

    addresses: list[str] | None = None
    conditions: EndpointConditions = EndpointConditions()


class EndpointPort(_Object, frozen=True):
    """One port of an EndpointSlice."""

    port: int | None = None


class EndpointSlice(_Object, frozen=True):
    """Some endpoints of a Service."""

    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None


class EndpointSlices(_Object, frozen=True):
    """A list of them."""

    items: list[EndpointSlice] | None = None


class LeaseSpec(_Object, frozen=True):
    """`spec` of a Lease."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    renew_time: datetime | None = None


class Lease(_Object, frozen=True):
    """A Lease."""

    spec: LeaseSpec = LeaseSpec()


class Secret(_Object, frozen=True):
    """A Secret; values are base64."""

    metadata: Metadata = Metadata()
    data: Mapping[str, str] | None = None


class Review(_Object, frozen=True):
    """The answer to an access review."""

    class Status(_Object, frozen=True):
        """`status`."""

        allowed: bool = False

    status: Status = Status()
