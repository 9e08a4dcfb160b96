"""Credentials and trust for calls with httpx, from the official client's configuration.

A token is refreshed before it expires: the official client's hook reads the service account's token again, or runs an exec plugin. After a
401 or an untrusted certificate the whole configuration is read again, since files of tokens and CAs are replaced while the server runs and
the hook depends on a wall clock, which may jump.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx

from webhook import __version__
from webhook.cluster.api_error import ApiError
from webhook.cluster.kubeconfig_errors import captured_logs, cut_to_a_line
from webhook.cluster.proxy import without_user
from webhook.errors import UsageError

if TYPE_CHECKING:  # `webhook.cluster.kubeconfig` says why it is not imported
    from kubernetes.client import Configuration

_FRESH_SECONDS = 30.0
"""A token is used for this long before the hook, which may run a program, is called again. The hook checks the token's expiry."""

_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=60)
_USER_AGENT = f"bindguard/{__version__}"


class Credentials:
    """One user of one API server.

    Attributes:
        base_url: Address of the server.
        proxy: The proxy, for messages, without user and password; `None` without one.
        extensions: httpx' `extensions` of every request.
    """

    def __init__(self, configuration: "Configuration", reload: "Callable[[], Configuration] | None" = None) -> None:
        """Use `configuration`; `reload` reads it again from its source."""
        self._configuration = configuration
        self._reload = reload
        self._context = _context(configuration)
        self._reading: asyncio.Task[None] | None = None
        self._authorization: str | None = None
        self._asked_at = float("-inf")
        self.base_url = str(configuration.host).rstrip("/")
        self.proxy = without_user(configuration.proxy) if configuration.proxy else None
        self.extensions = {"sni_hostname": configuration.tls_server_name} if configuration.tls_server_name else {}

    def client(self) -> httpx.AsyncClient:
        """A new HTTP client for the server."""
        return httpx.AsyncClient(
            base_url=self.base_url,
            verify=self._context,
            proxy=self._configuration.proxy or None,
            trust_env=False,  # the configuration has the proxies of the environment
            timeout=None,  # noqa: S113 - every call has its own timeout
            limits=_LIMITS,
            follow_redirects=False,
        )

    async def headers(self) -> dict[str, str]:
        """The headers of a request; `ApiError` of reason `unauthorized` when no credentials can be had."""
        if time.monotonic() - self._asked_at > _FRESH_SECONDS:
            await self._read(self._authorize)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": _USER_AGENT}
        return headers | ({"Authorization": self._authorization} if self._authorization else {})

    async def renew(self) -> None:
        """Read the configuration again, after a 401 or an untrusted certificate; `ApiError` as for `headers`."""
        await self._read(self._read_again)

    async def _read(self, read: Callable[[], None]) -> None:
        """Run `read` in a thread, once for all callers that wait: an exec plugin that hangs blocks one thread, not one for each call."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(asyncio.to_thread(read))
        try:
            await asyncio.shield(self._reading)
        except Exception as error:  # the hook raises any exception for a missing file or a broken plugin
            message = f"{self.base_url}: there are no credentials: {str(error).rstrip('.') or type(error).__name__}"
            raise ApiError(message, status=0, reason="unauthorized") from error

    def _read_again(self) -> None:
        if self._reload is not None:
            self._configuration = self._reload()
            # a cluster's CA is replaced without a restart of its pods; CAs that were trusted before stay trusted
            cas, data = self._configuration.ssl_ca_cert, self._configuration.ca_cert_data
            if cas or data:
                self._context.load_verify_locations(cafile=cas, cadata=data)
        self._authorize()

    def _authorize(self) -> None:
        with captured_logs():  # a plugin may fail while its last token is still valid; once that is refused, the reason is reported
            self._authorization = _authorization(self._configuration)
        self._asked_at = time.monotonic()


def _authorization(configuration: "Configuration") -> str | None:
    token = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    if token:
        return token.strip()
    return configuration.get_basic_auth_token() if configuration.username else None


def _context(configuration: "Configuration") -> ssl.SSLContext:
    """A TLS context that verifies as kubectl does; `UsageError` for certificates that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, configuration.key_file)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the certificates for {configuration.host} cannot be used: {cut_to_a_line(str(error))}; mend the kubeconfig"
        ) from error
    if configuration.assert_hostname is False or not configuration.verify_ssl:
        context.check_hostname = False
    if not configuration.verify_ssl:
        context.verify_mode = ssl.CERT_NONE
    return context
