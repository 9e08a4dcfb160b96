"""The certificate of the admission port by the settings: from files, or self-signed.

A self-signed pair is created once and used again at the next start. A new CA at each start would not match the caBundle.
"""

import base64
import ssl
from pathlib import Path
from typing import NamedTuple

import structlog

from webhook.errors import UnreadableError
from webhook.runtime.settings.model import ServeSettings, Transport
from webhook.tls.clients import client_name_allowed
from webhook.tls.files import read_file
from webhook.tls.pair import PairFiles, utc_now
from webhook.tls.problems import PairError
from webhook.tls.provider import CertificateProvider
from webhook.tls.selfsigned import make_ca, make_leaf
from webhook.tls.store import PairPaths, write_pair

log = structlog.get_logger(__name__)

_CA_DAYS = 3650
_LEAF_DAYS = 365
_MINIMUM = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class ConfiguredCertificate(NamedTuple):
    """A certificate in files, which exists from the start."""

    source: CertificateProvider

    async def wait_until_available(self) -> CertificateProvider:
        """The provider, at once."""
        return self.source

    async def check(self) -> str | None:
        """Always `None`: the certificate was loaded at the start."""
        return None


def certificate_source(settings: ServeSettings) -> CertificateProvider:
    """The provider of a pair in files, which is created first where `self_signed` asks for it.

    Raises:
        PairError: The pair cannot be served.
        UnreadableError: The self-signed pair cannot be served.
        UsageError: The self-signed pair cannot be created or written.
    """
    if settings.transport is Transport.SELF_SIGNED:
        return _self_signed(settings)
    return CertificateProvider(pair_files(settings, settings.tls_cert or "", settings.tls_key or "", settings.tls_names))


def ca_bundle(settings: ServeSettings) -> str:
    """The self-signed CA in the format of a webhook configuration's `clientConfig.caBundle`; `PairError` when it cannot be read."""
    return base64.b64encode(read_file(str(PairPaths(Path(settings.self_signed_directory)).ca))).decode()


def listening_context(settings: ServeSettings, source: CertificateProvider) -> ssl.SSLContext:
    """A context for the admission port. It refuses clients whose certificate has none of the names in `client_names`."""
    context = source.context_for_listener()
    if settings.client_names:
        context.sslobject_class = _checking_client_names(settings.client_names)
    return context


def _self_signed(settings: ServeSettings) -> CertificateProvider:
    paths = PairPaths(Path(settings.self_signed_directory))
    if not paths.cert.exists() and not paths.key.exists():
        ca = make_ca(now=utc_now(), days=_CA_DAYS)
        write_pair(paths.directory, ca, make_leaf(ca, settings.self_signed_names, now=utc_now(), days=_LEAF_DAYS))
        log.info("self-signed certificate made", directory=str(paths.directory), names=settings.self_signed_names)
    try:
        return CertificateProvider(pair_files(settings, str(paths.cert), str(paths.key), settings.self_signed_names))
    except PairError as error:
        hint = f"remove {paths.cert}, {paths.key} and {paths.ca} to have others made, and replace the caBundle then"
        raise UnreadableError(f"{error}; {hint}") from error


def pair_files(settings: ServeSettings, cert: str, key: str, names: tuple[str, ...]) -> PairFiles:
    """The files and names of a pair, with client CA and lowest TLS version from the settings."""
    return PairFiles(cert=cert, key=key, client_ca=settings.client_ca, names=names, minimum=_MINIMUM[settings.tls_minimum])


def _checking_client_names(names: tuple[str, ...]) -> type[ssl.SSLObject]:
    """A class of TLS connections that also checks the client's name: OpenSSL verifies only who signed its certificate."""

    class NameCheckingConnection(ssl.SSLObject):
        """A connection whose client certificate must have one of the names."""

        def do_handshake(self) -> None:
            super().do_handshake()
            peer = self.getpeercert()
            if not client_name_allowed(peer, names):
                log.warning("client refused", subject=str((peer or {}).get("subject", "")), wanted=names)
                raise ssl.SSLCertVerificationError("the client certificate has none of the wanted names")

    return NameCheckingConnection
