"""TLS contexts with the versions, ciphers and options that Bindguard uses."""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webhook.tls.clients import ClientCAs
from webhook.tls.pair import Pair
from webhook.tls.problems import Fault, failure

CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
"""Cipher suites for TLS 1.2: those with forward secrecy and AEAD, which Go calls secure. All suites of TLS 1.3 have both."""


def bare_context(*, verify_clients: bool, minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> ssl.SSLContext:
    """A server context with all options, without a certificate.

    Session tickets are off. A resumed session would not be verified against a client CA that has been replaced since, and the API server
    resumes no sessions.

    Args:
        verify_clients: Whether clients must present a certificate.
        minimum: The lowest TLS version.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = minimum
    context.set_ciphers(":".join(CIPHERS))
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    if verify_clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # as in Go, an intermediate in the CA file is a trust anchor
    return context


def serving_context(pair: Pair, clients: ClientCAs | None, minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> ssl.SSLContext:
    """A server context with a pair and client CAs (`None`: clients present no certificate); `PairError` when OpenSSL refuses the pair."""
    context = bare_context(verify_clients=clients is not None, minimum=minimum)
    try:
        with _temporary_path(pair.pem()) as path:
            context.load_cert_chain(path)
        if clients is not None:
            context.load_verify_locations(cadata=clients.pem)
    except ssl.SSLError as error:
        raise failure(Fault.UNFIT, pair.cert_file, f"OpenSSL refuses it ({error.reason}); issue one with an ECDSA P-256 key") from error
    return context


def unverified_context() -> ssl.SSLContext:
    """A client context that accepts any certificate: only to inspect what a server presents, never to send it anything confidential."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def _temporary_path(data: bytes) -> Iterator[str]:
    """A path at which OpenSSL can read these bytes while the block runs. On Linux it is in memory, so that no key is written to disk."""
    if not hasattr(os, "memfd_create"):
        with tempfile.TemporaryDirectory() as directory:  # of mode 0700
            path = Path(directory, "pair.pem")
            path.write_bytes(data)
            yield str(path)
        return
    with os.fdopen(os.memfd_create("bindguard-pair"), "wb") as file:
        file.write(data)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"
