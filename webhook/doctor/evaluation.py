"""All checks run over a snapshot. Pure; the table is by hand, in the order of the report: causes before what they cause."""

from collections.abc import Callable, Iterator, Sequence

from webhook.doctor.checks import access, certificates, configurations, other_webhooks, pods, registry, service_routing, workload
from webhook.doctor.checks.missing_objects import INSTALL
from webhook.doctor.result import Result, fail
from webhook.doctor.snapshot import NOT_FOUND, Snapshot

CHECKS: Sequence[Callable[[Snapshot], Iterator[Result]]] = (
    access.check,
    workload.check,
    service_routing.check,
    pods.check,
    certificates.check,
    configurations.check,
    registry.check,
    other_webhooks.check,
)


def evaluated(snapshot: Snapshot) -> list[Result]:
    """What all checks found; where nothing is installed at all, just that."""
    if _is_absent(snapshot):
        found = (
            f"there is no Bindguard in namespace {snapshot.names.namespace}, and no webhook configuration {snapshot.names.configuration}"
        )
        return [fail("installation", found, INSTALL)]
    return [result for check in CHECKS for result in check(snapshot)]


def _is_absent(snapshot: Snapshot) -> bool:
    parts = (snapshot.validating, snapshot.mutating, snapshot.deployment, snapshot.service)
    return all(answer.status == NOT_FOUND for answer in parts)
