"""A run of the doctor: connect, collect, and evaluate all checks in the order of the report."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from webhook.cluster.connection import connect
from webhook.doctor.checks import access, certificates, configurations, dry_run, other_webhooks, pods, registry, service_routing, workload
from webhook.doctor.checks.missing_objects import INSTALL
from webhook.doctor.collect import gather
from webhook.doctor.result import Result, fail
from webhook.doctor.snapshot import NOT_FOUND, Names, Snapshot

CHECKS: Sequence[Callable[[Snapshot], Iterator[Result]]] = (
    access.check,
    workload.check,
    service_routing.check,
    pods.check,
    certificates.check,
    configurations.check,
    registry.check,
    dry_run.check,
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


class Examined(NamedTuple):
    """What was found, and where."""

    results: list[Result]
    server: str


def examine(names: Names, *, kubeconfig: str | None, context: str | None) -> Examined:
    """The installation of these names in a cluster.

    Raises:
        UsageError: There is no such kubeconfig or context.
        UnreadableError: The API server cannot be asked; the message says what to do.
    """
    return asyncio.run(_examined(names, kubeconfig, context))


async def _examined(names: Names, kubeconfig: str | None, context: str | None) -> Examined:
    api = await connect(kubeconfig=kubeconfig, context=context)
    try:
        snapshot = await gather(api, names, datetime.now(UTC))
    finally:
        await api.close()
    return Examined(evaluated(snapshot), api.base_url)
