"""The certificate of the admission port as the settings want it: a pair of files, or one made here.

A self-signed pair is made once and used again: another CA at each start would be one that no webhook configuration knows.
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
    """A certificate that is there from the start, and that somebody else keeps."""

    source: CertificateProvider

    async def begun(self) -> CertificateProvider:
        """The source."""
        return self.source

    async def check(self) -> str | None:
        """Nothing is waited for."""
        return None


def certificate_source(settings: ServeSettings) -> CertificateProvider:
    """The pair in service; `PairError` when it cannot be served with."""
    if settings.transport is Transport.SELF_SIGNED:
        return _self_signed(settings)
    return CertificateProvider(pair_files(settings, settings.tls_cert or "", settings.tls_key or "", settings.tls_names))


def ca_bundle(settings: ServeSettings) -> str:
    """The self-signed CA as `clientConfig.caBundle` of a webhook configuration wants it."""
    return base64.b64encode(read_file(str(PairPaths(Path(settings.self_signed_directory)).ca))).decode()


def listening_context(settings: ServeSettings, source: CertificateProvider) -> ssl.SSLContext:
    """A context for the admission port, which refuses clients whose certificate carries none of the wanted names."""
    context = source.context_for_listener()
    if settings.client_names:
        context.sslobject_class = _named(settings.client_names)
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
    """Where a pair is, and what else the settings want of a TLS server."""
    return PairFiles(cert=cert, key=key, client_ca=settings.client_ca, names=names, minimum=_MINIMUM[settings.tls_minimum])


def _named(names: tuple[str, ...]) -> type[ssl.SSLObject]:
    """The handshake with a question more: OpenSSL verifies who signed a client's certificate, not whose it is."""

    class Named(ssl.SSLObject):
        """A connection whose client must carry one of the names."""

        def do_handshake(self) -> None:
            super().do_handshake()
            peer = self.getpeercert()
            if not client_name_allowed(peer, names):
                log.warning("client refused", subject=str((peer or {}).get("subject", "")), wanted=names)
                raise ssl.SSLCertVerificationError("the client certificate carries none of the wanted names")

    return Named
