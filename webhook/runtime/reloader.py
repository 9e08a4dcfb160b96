"""Reload the registry file and the certificate while the server runs, and log and count the results."""

import asyncio

import structlog

from webhook.http.metrics import Metrics
from webhook.runtime.certificate.reload import Certificate, reload_certificate
from webhook.runtime.polling import Poller
from webhook.runtime.registry.cluster import ClusterRegistry
from webhook.runtime.registry.file import Look, RegistryFile

log = structlog.get_logger(__name__)

_UNSETTLED_SECONDS = 0.25
"""Interval of polling a registry file that has just changed."""


def registry_watcher(registry: RegistryFile, metrics: Metrics, *, seconds: float) -> Poller:
    """The poller that reloads a registry file, every `seconds`."""

    async def poll() -> None:
        if await _registry_refused(registry):
            metrics.registry_reload_failures.inc()

    return Poller("registry", poll, seconds=seconds)


def certificate_watcher(certificate: Certificate, *, seconds: float) -> Poller:
    """The poller that reloads the certificate in service, if there is one, every `seconds`."""

    async def poll() -> None:
        if certificate.source is not None:
            await reload_certificate(certificate.source)

    return Poller("certificate", poll, seconds=seconds)


async def _registry_refused(registry: RegistryFile) -> bool:
    while (look := await asyncio.to_thread(registry.look)) is Look.UNSETTLED:  # noqa: ASYNC110 - there is no event for a finished file
        await asyncio.sleep(_UNSETTLED_SECONDS)
    if look is Look.SWAPPED:
        log.info("registry reloaded", **told_of(registry))
    elif look is Look.REFUSED:
        log.error("registry refused", problem=registry.problem, serving=registry.rule_set.version)
    return look is Look.REFUSED


def told_of(registry: RegistryFile | ClusterRegistry) -> dict[str, object]:
    """The fields of a log line about the registry in service."""
    rule_set = registry.rule_set
    version = rule_set.registry.version
    return {
        "source": rule_set.registry.source,
        "version": rule_set.version,
        "kubevirt_version": None if version is None else str(version),
        "plugins": len(rule_set.registry.plugins),
        "rules": len(rule_set.plan.actions),
        "notes": registry.notes,
    }
