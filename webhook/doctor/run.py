"""One run of `bindguard doctor`: connect, collect a snapshot, and evaluate all checks in the order of the report."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from webhook.cluster.connection import connect
from webhook.doctor.checks import access, certificates, configurations, dry_run, other_webhooks, pods, registry, service_routing, workload
from webhook.doctor.checks.missing_objects import INSTALL
from webhook.doctor.collect import collect
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
"""Causes before their effects."""


def evaluated(snapshot: Snapshot) -> list[Result]:
    """The results of all checks, or one result where nothing is installed."""
    parts = (snapshot.validating, snapshot.mutating, snapshot.deployment, snapshot.service)
    if all(part.status == NOT_FOUND for part in parts):
        found = (
            f"there is no Bindguard in namespace {snapshot.names.namespace}, and no webhook configuration {snapshot.names.configuration}"
        )
        return [fail("installation", found, INSTALL)]
    return [result for check in CHECKS for result in check(snapshot)]


class Examined(NamedTuple):
    """The results, and the address of the API server."""

    results: list[Result]
    server: str


def examine(names: Names, *, kubeconfig: str | None, context: str | None) -> Examined:
    """Examine the installation with these names.

    Args:
        names: Names of its objects.
        kubeconfig: A file; `None` for the usual one, or in a pod its service account.
        context: A context of the kubeconfig; `None` for the current one.

    Raises:
        UsageError: There is no such kubeconfig or context.
        UnreadableError: The API server does not answer or does not accept the credentials; the message says what to do.
    """
    return asyncio.run(_examined(names, kubeconfig, context))


async def _examined(names: Names, kubeconfig: str | None, context: str | None) -> Examined:
    api = await connect(kubeconfig=kubeconfig, context=context)
    try:
        return Examined(evaluated(await collect(api, names, datetime.now(UTC))), api.base_url)
    finally:
        await api.close()
