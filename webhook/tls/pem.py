"""Parse certificates and private keys from PEM."""

import re
from collections.abc import Sequence

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from webhook.tls.problems import Fault, failure

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey

CERTIFICATE = "CERTIFICATE"
UNPARSABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)
"""What cryptography raises for malformed bytes, when it parses them and when a field is first read."""

_BOUNDARY = re.compile(rb"-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----")


class Block(msgspec.Struct, frozen=True):
    """One PEM block, with its BEGIN and END lines."""

    label: str
    text: bytes


def blocks(data: bytes, file: str) -> list[Block]:
    """The PEM blocks in order; text around them is ignored. `PairError` for a block without BEGIN or END."""
    found: list[Block] = []
    opening: re.Match[bytes] | None = None
    for boundary in _BOUNDARY.finditer(data):
        begins = boundary[1] == b"BEGIN"
        if begins is not (opening is None) or (opening is not None and opening[2] != boundary[2]):
            raise _truncated(file, opening or boundary)
        if opening is not None:
            found.append(Block(opening[2].decode(), data[opening.start() : boundary.end()] + b"\n"))
        opening = boundary if begins else None
    if opening is not None:
        raise _truncated(file, opening)
    return found


def certificates(data: bytes, file: str) -> tuple[x509.Certificate, ...]:
    """All certificates of a PEM file, in its order; `PairError` when there is none, or one that cannot be parsed."""
    found = blocks(data, file)
    wanted = [block.text for block in found if block.label == CERTIFICATE]
    if not wanted:
        raise failure(Fault.MALFORMED, file, f"holds no PEM certificate ({_labels(found)}); a file with BEGIN CERTIFICATE is expected")
    return tuple(_certificate(text, file, number) for number, text in enumerate(wanted, 1))


def fully_parsed(certificate: x509.Certificate) -> x509.Certificate:
    """The certificate, after all its fields have been parsed, which cryptography otherwise does lazily; raises one of `UNPARSABLE`."""
    _ = certificate.version, certificate.subject, certificate.issuer, certificate.not_valid_before_utc, certificate.not_valid_after_utc
    _ = certificate.public_key(), certificate.extensions
    return certificate


def private_key(data: bytes, file: str) -> PrivateKey:
    """The private key of a PEM file: RSA, ECDSA or Ed25519, without a passphrase.

    Raises:
        PairError: There is not exactly one key, it has a passphrase, it cannot be parsed, or it is of another kind.
    """
    found = blocks(data, file)
    keys = [block for block in found if block.label.endswith("PRIVATE KEY")]
    if len(keys) != 1:
        raise failure(Fault.MALFORMED, file, f"holds {len(keys) or 'no'} PEM private keys ({_labels(found)}); exactly one is expected")
    if keys[0].label.startswith("ENCRYPTED") or b"Proc-Type: 4,ENCRYPTED" in keys[0].text:
        raise failure(Fault.MALFORMED, file, "holds a key with a passphrase, and there is nobody to ask for it; store it without one")
    return _key(keys[0].text, file)


def _certificate(text: bytes, file: str, number: int) -> x509.Certificate:
    try:
        return fully_parsed(x509.load_pem_x509_certificate(text))
    except UNPARSABLE as error:
        raise failure(
            Fault.MALFORMED, file, f"certificate {number} of the file cannot be parsed ({_summary(error)}); write it anew"
        ) from error


def _key(text: bytes, file: str) -> PrivateKey:
    try:
        # The full check of an RSA key takes 40 to 300 ms and blocks the event loop; `checks.can_sign` tests a signature instead.
        key = load_pem_private_key(text, None, unsafe_skip_rsa_key_validation=True)
    except UNPARSABLE as error:
        raise failure(Fault.MALFORMED, file, f"the private key cannot be parsed ({_summary(error)}); write it anew") from error
    if not isinstance(key, PrivateKey):
        raise failure(Fault.UNFIT, file, f"holds a {type(key).__name__}, which TLS clients do not take; use ECDSA P-256")
    return key


def _truncated(file: str, boundary: re.Match[bytes]) -> Exception:
    label = boundary[2].decode()
    return failure(Fault.MALFORMED, file, f"the PEM block {label} has no BEGIN or no END: the file is cut off or still being written")


def _labels(found: Sequence[Block]) -> str:
    return "found " + ", ".join(sorted({block.label for block in found})) if found else "no PEM at all"


def _summary(error: Exception) -> str:
    text = str(error).partition("\n")[0].partition(". ")[0][:120]
    return text or type(error).__name__
