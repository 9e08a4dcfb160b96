"""Reload the certificate when it has changed, and log the result."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol

import structlog

from webhook.tls.provider import CertificateProvider

log = structlog.get_logger(__name__)


class Certificate(Protocol):
    """The certificate of the admission port, from any origin."""

    @property
    def source(self) -> CertificateProvider | None:
        """Its provider; `None` until a managed certificate has been created."""

    async def wait_until_available(self) -> CertificateProvider:
        """Wait until there is a pair that can be served; its provider."""
        ...

    async def check(self) -> str | None:
        """Why there is no certificate to serve; `None` once there is one."""


async def reload_certificate(source: CertificateProvider) -> None:
    """Have a provider read its contents, in a thread, and log whether a new pair is in use or was refused."""
    failures = source.failures
    if await asyncio.to_thread(source.poll_once):
        log.info("certificate reloaded", expires=expiry_of(source))
    elif source.failures > failures:
        log.error("certificate refused", problem=str(source.last_error))


def expiry_of(source: CertificateProvider) -> str:
    """When the current certificate expires, in ISO 8601."""
    return datetime.fromtimestamp(source.expires_at, UTC).isoformat()
