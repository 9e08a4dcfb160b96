"""Who we are to an API server, and how its own certificate is verified: what the official client's configuration says, for httpx.

A token is asked for before it is old: the official client's hook reads the service account's token anew, or runs an exec plugin.
"""

import asyncio
import ssl
import time

import httpx
from kubernetes.client import Configuration

from webhook import __version__
from webhook.errors import UsageError

_FRESH_SECONDS = 30.0
"""So long a token is used without asking the hook, which may run a program. The hook itself goes by the token's expiry."""

_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=60)
_USER_AGENT = f"bindguard/{__version__}"


class Credentials:
    """One user of one API server.

    Attributes:
        base_url: The server's address.
        extensions: What httpx is to be told with every request.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._turn = asyncio.Lock()
        self._authorization: str | None = None
        self._asked_at = float("-inf")
        self.base_url = str(configuration.host).rstrip("/")
        self.extensions = {"sni_hostname": configuration.tls_server_name} if configuration.tls_server_name else {}

    def client(self) -> httpx.AsyncClient:
        """A client of the server; `UsageError` for certificates that cannot be used."""
        return httpx.AsyncClient(
            base_url=self.base_url,
            verify=_context(self._configuration),
            proxy=self._configuration.proxy or None,
            trust_env=False,
            timeout=None,  # noqa: S113 - every call has a time of its own
            limits=_LIMITS,
            follow_redirects=False,
        )

    async def headers(self, *, anew: bool = False) -> dict[str, str]:
        """The headers of a request; with `anew` the token in use was refused."""
        async with self._turn:
            if anew or time.monotonic() - self._asked_at > _FRESH_SECONDS:
                self._authorization = await asyncio.to_thread(_authorization, self._configuration)
                self._asked_at = time.monotonic()
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": _USER_AGENT}
        return headers | ({"Authorization": self._authorization} if self._authorization else {})


def _authorization(configuration: Configuration) -> str | None:
    token = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    if token:
        return token.strip()
    return configuration.get_basic_auth_token() if configuration.username else None


def _context(configuration: Configuration) -> ssl.SSLContext:
    """Verification as kubectl does it."""
    try:
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, configuration.key_file)
    except (OSError, ValueError) as error:
        raise UsageError(f"the certificates for {configuration.host} cannot be used: {error}; mend the kubeconfig") from error
    if configuration.assert_hostname is False or not configuration.verify_ssl:
        context.check_hostname = False
    if not configuration.verify_ssl:
        context.verify_mode = ssl.CERT_NONE
    return context
