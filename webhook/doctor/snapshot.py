"""What was read about an installation at one moment, as one value that all checks look at."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from webhook.doctor.objects.records import Lease, NamespaceList, Secret
from webhook.doctor.objects.webhooks import Configurations, Webhook, WebhookConfiguration
from webhook.doctor.objects.workload import Deployment, EndpointSlices, Pod, Pods, Service
from webhook.doctor.settings import ServerSettings

T_co = TypeVar("T_co", covariant=True)

VM_CREATION = ("kubevirt.io", "virtualmachines", "CREATE")

FORBIDDEN = 403
NOT_FOUND = 404


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the objects of an installation; the defaults are the chart's.

    Attributes:
        namespace: Namespace of all objects that have one.
        configuration: Both webhook configurations.
        deployment: The Deployment, and the ConfigMap of its pods.
        service: The Service that the API server calls.
        service_account: The ServiceAccount of the pods.
        secret: The Secret with the certificate.
        lease: The Lease of the replica that renews the certificate.
        dry_run_namespace: Where VMs are created by a dry run; empty: a namespace that Bindguard is asked about.
    """

    namespace: str = "bindguard"
    configuration: str = "bindguard"
    deployment: str = "bindguard"
    service: str = "bindguard"
    service_account: str = "bindguard"
    secret: str = "bindguard-tls"  # noqa: S105 - the name of an object
    lease: str = "bindguard"
    dry_run_namespace: str = ""


class ReadResult(msgspec.Struct, Generic[T_co], frozen=True):
    """The result of one request.

    Attributes:
        value: What was read; `None` if that failed.
        problem: Why it failed; empty if there is a value.
        status: The HTTP status; 0 without an answer.
    """

    value: T_co | None
    problem: str = ""
    status: int = 200


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One permission.

    Attributes:
        verb: Such as `get`.
        group: API group; empty for the core group.
        resource: Plural, with a subresource after a slash.
        namespace: `None` for all namespaces, and for cluster-wide resources.
        name: `None` for all names.
        purpose: What the server needs it for, as the end of a sentence.
    """

    verb: str
    group: str = ""
    resource: str
    namespace: str | None = None
    name: str | None = None
    purpose: str = ""

    def __str__(self) -> str:
        of = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f" {self.name}" if self.name is not None else ""
        within = f" in namespace {self.namespace}" if self.namespace is not None else ""
        return f"{self.verb} {of}{named}{within}"


class CheckOutcome(msgspec.Struct, frozen=True):
    """One check of a pod's `/readyz`."""

    ready: bool = False
    reason: str = ""


class ReadinessResponse(msgspec.Struct, frozen=True):
    """A pod's `/readyz`."""

    ready: bool
    checks: Mapping[str, CheckOutcome]


class ServedRegistry(msgspec.Struct, frozen=True, rename="camel"):
    """A pod's `/registry`."""

    source: str = ""
    version: str = ""
    age_seconds: float = 0.0
    known: bool = True
    plugins: Mapping[str, object] = msgspec.field(default_factory=dict)


class PodProbe(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one pod's operations port, and the certificate of its admission port.

    Attributes:
        version: The version of Bindguard that runs.
        readiness: The body of `/readyz`, whatever its status.
        registry: The body of `/registry`.
        metrics: Metrics of `/metrics`, by name with labels: `bindguard_connections{port="admission"}`.
        shown: The certificate of a TLS handshake, in DER.
    """

    version: ReadResult[str]
    readiness: ReadResult[ReadinessResponse]
    registry: ReadResult[ServedRegistry]
    metrics: ReadResult[Mapping[str, float]]
    shown: ReadResult[bytes]

    @property
    def unreachable(self) -> str:
        """Why the operations port answers nothing at all; empty if it answers anything."""
        answers = (self.version, self.readiness, self.registry, self.metrics)
        return self.readiness.problem if all(answer.value is None for answer in answers) else ""


class DryRuns(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of the API server to two VMs that were created by a dry run.

    Attributes:
        namespace: Where they were created.
        good: Warnings about a VM without mistakes, or why it was refused.
        bad: The same for a VM that Bindguard must refuse.
    """

    namespace: str
    good: ReadResult[Sequence[str]]
    bad: ReadResult[Sequence[str]]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """An installation at one moment.

    Attributes:
        names: Names of the objects.
        at: When it was read, with a time zone.
        version: The version of this command.
        validating: Bindguard's ValidatingWebhookConfiguration.
        mutating: Bindguard's MutatingWebhookConfiguration.
        all_validating: All ValidatingWebhookConfigurations of the cluster.
        all_mutating: All MutatingWebhookConfigurations of the cluster.
        settings: The server's settings in its ConfigMap.
        kubevirts: All KubeVirt CRs, as plain data; none if the cluster does not know the kind.
        probes: A probe of each running pod, by name.
        namespaces: All namespaces of the cluster.
        dry_runs: The answers about two VMs; `None` if no webhook of Bindguard is called for VMs.
        caller: Whether the caller has each permission that the doctor needs.
        server: Whether the pods' service account has each permission that the server needs.
    """

    names: Names
    at: datetime
    version: str
    validating: ReadResult[WebhookConfiguration]
    mutating: ReadResult[WebhookConfiguration]
    all_validating: ReadResult[Configurations]
    all_mutating: ReadResult[Configurations]
    deployment: ReadResult[Deployment]
    settings: ReadResult[ServerSettings]
    pods: ReadResult[Pods]
    service: ReadResult[Service]
    slices: ReadResult[EndpointSlices]
    lease: ReadResult[Lease]
    secret: ReadResult[Secret]
    kubevirts: ReadResult[Sequence[object]]
    probes: Mapping[str, PodProbe]
    namespaces: ReadResult[NamespaceList]
    dry_runs: DryRuns | None
    caller: Mapping[Need, ReadResult[bool]]
    server: Mapping[Need, ReadResult[bool]]

    @property
    def vm_webhook(self) -> Webhook | None:
        """Bindguard's webhook for the creation of VMs; `None` if there is none, or it could not be read."""
        return self.validating.value.asked_about(*VM_CREATION) if self.validating.value is not None else None

    def webhooks(self) -> Iterator[Webhook]:
        """The webhooks of both configurations, as far as those could be read."""
        for answer in (self.validating, self.mutating):
            yield from (answer.value.webhooks or ()) if answer.value is not None else ()

    def staying_pods(self) -> list[Pod]:
        """Pods that are not being deleted, as far as they could be read."""
        found = self.pods.value
        return [pod for pod in (found.items or () if found is not None else ()) if pod.metadata.deletion_timestamp is None]
