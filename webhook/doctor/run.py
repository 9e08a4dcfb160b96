"""A run of the doctor: connect, gather, check."""

import asyncio
from datetime import UTC, datetime
from typing import NamedTuple

from webhook.cluster.connection import connect
from webhook.doctor.collect import gather
from webhook.doctor.evaluation import evaluated
from webhook.doctor.result import Result
from webhook.doctor.snapshot import Names


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
