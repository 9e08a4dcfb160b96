"""Looks at registry and certificate while the server runs: what is logged and counted about each."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from webhook.http.metrics import Metrics
from webhook.runtime.polling import Poller
from webhook.runtime.registry.cluster import ClusterRegistry
from webhook.runtime.registry.file import Look, RegistryFile
from webhook.tls.provider import CertificateSource

log = structlog.get_logger(__name__)

_UNSETTLED_SECONDS = 0.25
"""How often a registry file is looked at that has just changed."""

Served = Callable[[], CertificateSource | None]


def registry_watcher(registry: RegistryFile, metrics: Metrics, *, seconds: float) -> Poller:
    """What keeps a registry file up to date; it looks every so many seconds."""

    async def look() -> None:
        if await _registry_refused(registry):
            metrics.registry_reload_failures.inc()

    return Poller("registry", look, seconds=seconds)


def certificate_watcher(served: Served, metrics: Metrics, *, seconds: float) -> Poller:
    """What keeps the certificate in service up to date, as soon as there is one; it looks every so many seconds."""

    async def look() -> None:
        source = served()
        if source is not None and await _certificate_refused(source):
            metrics.certificate_reload_failures.inc()

    return Poller("certificate", look, seconds=seconds)


async def _registry_refused(registry: RegistryFile) -> bool:
    while (look := await asyncio.to_thread(registry.look)) is Look.UNSETTLED:  # noqa: ASYNC110 - nobody tells when a file is written
        await asyncio.sleep(_UNSETTLED_SECONDS)
    if look is Look.SWAPPED:
        log.info("registry reloaded", **told_of(registry))
    elif look is Look.REFUSED:
        log.error("registry refused", problem=registry.problem, serving=registry.rule_set.version)
    return look is Look.REFUSED


async def _certificate_refused(source: CertificateSource) -> bool:
    failures = source.failures
    if await asyncio.to_thread(source.poll_once):
        log.info("certificate reloaded", expires=expiry_of(source))
    elif source.failures > failures:
        log.error("certificate refused", problem=str(source.last_error))
    return source.failures > failures


def expiry_of(source: CertificateSource) -> str:
    """When the pair in service expires."""
    return datetime.fromtimestamp(source.expires_at, UTC).isoformat()


def told_of(registry: RegistryFile | ClusterRegistry) -> dict[str, object]:
    """What a log line says about the registry in service."""
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
