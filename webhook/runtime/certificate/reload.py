"""Take a changed certificate into service, and log what came of it."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol

import structlog

from webhook.tls.provider import CertificateProvider

log = structlog.get_logger(__name__)


class Certificate(Protocol):
    """The certificate of the admission port, wherever it comes from."""

    @property
    def source(self) -> CertificateProvider | None:
        """What hands it to handshakes; `None` as long as a managed certificate has not been made."""

    async def begun(self) -> CertificateProvider:
        """The source, as soon as there is a pair that can be served."""
        ...

    async def check(self) -> str | None:
        """Why there is no certificate to serve with; `None` once there is one."""


async def reload_certificate(source: CertificateProvider) -> None:
    """Look at the bytes that a source has now; a new pair that can be served takes the place of the one in service."""
    failures = source.failures
    if await asyncio.to_thread(source.poll_once):
        log.info("certificate reloaded", expires=expiry_of(source))
    elif source.failures > failures:
        log.error("certificate refused", problem=str(source.last_error))


def expiry_of(source: CertificateProvider) -> str:
    """When the certificate in service expires, in ISO 8601."""
    return datetime.fromtimestamp(source.expires_at, UTC).isoformat()
