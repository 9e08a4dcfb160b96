"""Everything that was gathered about an installation at one moment, as one value that checks look at."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from webhook.doctor.objects.records import Lease, Namespaces, Secret
from webhook.doctor.objects.webhooks import Configuration, Configurations, Webhook
from webhook.doctor.objects.workload import Deployment, EndpointSlices, Pod, Pods, Service
from webhook.doctor.settings import ServerSettings

T_co = TypeVar("T_co", covariant=True)

VM_CREATION = ("kubevirt.io", "virtualmachines", "CREATE")

FORBIDDEN = 403
NOT_FOUND = 404


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What the objects of the installation are called; the defaults are the chart's.

    Attributes:
        namespace: Of all that has one.
        configuration: Both webhook configurations.
        deployment: The Deployment, and the ConfigMap of its pods.
        service: The Service that the API server calls.
        service_account: As whom the pods run.
        secret: Where the certificate is.
        lease: By which replicas agree who renews it.
        dry_run_namespace: Where VMs are created by a dry run; empty: chosen from those that Bindguard is asked about.
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
    """What the API server answered to one question.

    Attributes:
        value: The object; `None` when there was none to be had.
        problem: Why not; empty when there is a value.
        status: The HTTP status, 0 when there was no answer.
    """

    value: T_co | None
    problem: str = ""
    status: int = 200


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One permission.

    Attributes:
        verb: Such as `get`.
        group: API group; empty for the core.
        resource: Plural, with a subresource after a slash.
        namespace: `None` for all, or for what has none.
        name: `None` for all.
        purpose: What it is for, as a person would say it.
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


class Readiness(msgspec.Struct, frozen=True):
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
    """What one pod tells of itself on its operations port, and what it shows in a TLS handshake.

    Attributes:
        version: Of Bindguard.
        readiness: Its `/readyz`, whatever the status.
        registry: Its `/registry`.
        metrics: Its metrics, by name with labels: `bindguard_connections{port="admission"}`.
        shown: The certificate that it shows, DER.
    """

    version: ReadResult[str]
    readiness: ReadResult[Readiness]
    registry: ReadResult[ServedRegistry]
    metrics: ReadResult[Mapping[str, float]]
    shown: ReadResult[bytes]

    @property
    def silent(self) -> str:
        """Why the pod tells nothing at all of itself; empty when it tells something."""
        told = (self.version, self.readiness, self.registry, self.metrics)
        return self.readiness.problem if all(answer.value is None for answer in told) else ""


class DryRuns(msgspec.Struct, frozen=True, kw_only=True):
    """What the API server answered when it was asked to create VMs without storing them.

    Attributes:
        namespace: Where.
        good: Warnings about a VM without mistakes, or why it was refused.
        bad: The same about a VM that Bindguard must refuse.
    """

    namespace: str
    good: ReadResult[Sequence[str]]
    bad: ReadResult[Sequence[str]]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """An installation at one moment.

    Attributes:
        names: What was looked for.
        at: When, with its time zone.
        version: Of the Bindguard that looks.
        validating: The ValidatingWebhookConfiguration.
        mutating: The MutatingWebhookConfiguration.
        all_validating: All of the cluster.
        all_mutating: All of the cluster.
        settings: What the ConfigMap says.
        kubevirts: All KubeVirt CRs, as plain data; none when the cluster does not know the kind.
        inside: What each pod tells, by its name.
        namespaces: All of the cluster.
        dry_runs: What became of two VMs; `None` where no webhook is to be called about one.
        caller: Whether the caller has a permission that looking needs.
        server: Whether the pods' service account has a permission that serving needs.
    """

    names: Names
    at: datetime
    version: str
    validating: ReadResult[Configuration]
    mutating: ReadResult[Configuration]
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
    inside: Mapping[str, PodProbe]
    namespaces: ReadResult[Namespaces]
    dry_runs: DryRuns | None
    caller: Mapping[Need, ReadResult[bool]]
    server: Mapping[Need, ReadResult[bool]]

    @property
    def vm_webhook(self) -> Webhook | None:
        """The one that is asked about VMs that are created, as far as it could be read."""
        return self.validating.value.asked_about(*VM_CREATION) if self.validating.value is not None else None

    def webhooks(self) -> Iterator[Webhook]:
        """All of both configurations, as far as those could be read."""
        for answer in (self.validating, self.mutating):
            yield from (answer.value.webhooks or ()) if answer.value is not None else ()

    def staying_pods(self) -> list[Pod]:
        """Those that nobody has deleted, as far as they could be read."""
        found = self.pods.value
        return [pod for pod in (found.items or () if found is not None else ()) if pod.metadata.deletion_timestamp is None]
