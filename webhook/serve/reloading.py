"""Looks at registry and certificate while the server runs: what is logged and counted about each. Does not read the files itself."""

import asyncio
from datetime import UTC, datetime

import structlog

from webhook.serve.registry_file import Look, RegistryFile
from webhook.serve.watch import Watcher
from webhook.server.metrics import Metrics
from webhook.tls.source import CertificateSource

log = structlog.get_logger(__name__)


def watchers(registry: RegistryFile, certificate: CertificateSource | None, metrics: Metrics, *, seconds: float) -> tuple[Watcher, ...]:
    """What keeps registry and certificate, if there is one, up to date; each looks every so many seconds."""

    async def look_at_registry() -> None:
        if await _registry_refused(registry):
            metrics.registry_reload_failures.inc()

    async def look_at_certificate() -> None:
        if certificate is not None and await _certificate_refused(certificate):
            metrics.certificate_reload_failures.inc()

    of_registry = Watcher("registry", look_at_registry, seconds=seconds)
    return (of_registry,) if certificate is None else (of_registry, Watcher("certificate", look_at_certificate, seconds=seconds))


async def _registry_refused(registry: RegistryFile) -> bool:
    look = await asyncio.to_thread(registry.look)
    if look is Look.SWAPPED:
        log.info("registry reloaded", **told_of(registry))
    elif look is Look.REFUSED:
        log.error("registry refused", problem=registry.problem, serving=registry.rulebook.version)
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


def told_of(registry: RegistryFile) -> dict[str, object]:
    """What a log line says about the registry in service."""
    rulebook = registry.rulebook
    version = rulebook.registry.version
    return {
        "source": rulebook.registry.source,
        "version": rulebook.version,
        "kubevirt_version": None if version is None else str(version),
        "plugins": len(rulebook.registry.plugins),
        "rules": len(rulebook.plan.actions),
        "notes": registry.notes,
    }
