"""The checks of a certificate and its key before they are served, by name: `bindguard certs verify` reports the passed ones too."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InternalError, InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from webhook.tls.names import covers, extension, names_in, shown
from webhook.tls.pem import UNPARSABLE, PrivateKey
from webhook.tls.problems import Fault, Problem

MAX_CHAIN_LENGTH = 10
"""OpenSSL and Go accept more. A longer chain means that the wrong file was mounted, such as a CA bundle."""

_RSA_BITS = range(2048, 8193)  # Go's TLS clients refuse more: https://go.dev/issue/61460
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_WEAK_HASHES = ("md5", "sha1")
_KEY_HELP = "use ECDSA P-256, or another of ECDSA P-384, P-521, Ed25519, RSA 2048 to 8192 bits"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A certificate chain and its key as read, before the checks.

    Attributes:
        chain: At least one certificate, in the file's order.
        key: The private key, or `None` when only the chain is checked.
        names: DNS names and IP addresses that the leaf must cover.
        at: The time of the check; timezone-aware.
        cert_file: The file of the chain, for messages.
        key_file: The file of the key, for messages.
    """

    chain: Sequence[x509.Certificate]
    key: PrivateKey | None
    names: Sequence[str]
    at: datetime
    cert_file: str
    key_file: str


def problems_of(candidate: Candidate) -> tuple[Problem, ...]:
    """The problems of a candidate, in the order of `CHECKS`; empty when it can be served."""
    return tuple(problem for check in CHECKS.values() for problem in check(candidate))


def validity(certificate: x509.Certificate, what: str, at: datetime, file: str) -> Iterator[Problem]:
    """The problem of a certificate that is not valid at a time, if it is not.

    Args:
        certificate: The certificate.
        what: What messages call it.
        at: The time; timezone-aware.
        file: The file of the certificate, for messages.
    """
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < start:
        message = f"{what} is not valid before {moment(start)}; correct this machine's clock, or issue it anew"
        yield Problem(Fault.NOT_YET_VALID, file, message)
    if at > end:
        yield Problem(Fault.EXPIRED, file, f"{what} expired on {moment(end)}; renew it")


def moment(time: datetime) -> str:
    """A UTC time in the format of messages: RFC 3339, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_keys(candidate: Candidate) -> Iterator[Problem]:
    for number, certificate in enumerate(candidate.chain, 1):
        rejected = _rejected_key(certificate.public_key())
        if rejected:
            yield Problem(
                Fault.UNFIT, candidate.cert_file, f"certificate {number} has {rejected}, which TLS clients do not take; {_KEY_HELP}"
            )


def _rejected_key(public: object) -> str:
    """Kind and size of a public key that TLS clients reject; empty when they accept it."""
    match public:
        case rsa.RSAPublicKey(key_size=bits):
            return "" if bits in _RSA_BITS else f"an RSA key of {bits} bits"
        case ec.EllipticCurvePublicKey(curve=curve):
            return "" if curve.name in _CURVES else f"a key on the curve {curve.name}"
        case ed25519.Ed25519PublicKey():
            return ""
        case _:
            return f"a {type(public).__name__}"


def _check_key_match(candidate: Candidate) -> Iterator[Problem]:
    key = candidate.key
    if key is None:
        return
    owners = [number for number, each in enumerate(candidate.chain, 1) if each.public_key() == key.public_key()]
    if 1 in owners:
        if not can_sign(key):
            yield Problem(Fault.MISMATCH, candidate.key_file, "the private key is damaged: what it signs does not verify; write it anew")
    elif owners:
        message = (
            f"the key belongs to certificate {owners[0]} of {candidate.cert_file}; the server's own must come first, its issuers after it"
        )
        yield Problem(Fault.BROKEN_CHAIN, candidate.key_file, message)
    else:
        leaf = shown(candidate.chain[0].subject)
        message = f"the key does not belong to the certificate {leaf} of {candidate.cert_file}; replace both files together"
        yield Problem(Fault.MISMATCH, candidate.key_file, message)


def _check_chain(candidate: Candidate) -> Iterator[Problem]:
    if len(candidate.chain) > MAX_CHAIN_LENGTH:
        message = f"holds {len(candidate.chain)} certificates, more than {MAX_CHAIN_LENGTH}; put only the leaf and its intermediates here"
        yield Problem(Fault.BROKEN_CHAIN, candidate.cert_file, message)
        return
    for number, (issued, issuer) in enumerate(pairwise(candidate.chain), 1):
        if not is_issued_by(issued, issuer):
            message = (
                f"certificate {number + 1} ({shown(issuer.subject)}) did not issue certificate {number} ({shown(issued.subject)}); "
                "put the leaf first, then each one's issuer"
            )
            yield Problem(Fault.BROKEN_CHAIN, candidate.cert_file, message)
        elif not is_ca(issuer):
            message = f"certificate {number + 1} ({shown(issuer.subject)}) signed another, but it is no CA; have the leaf signed by a CA"
            yield Problem(Fault.BROKEN_CHAIN, candidate.cert_file, message)


def _check_validity(candidate: Candidate) -> Iterator[Problem]:
    for number, certificate in enumerate(candidate.chain, 1):
        yield from validity(certificate, f"certificate {number} ({shown(certificate.subject)})", candidate.at, candidate.cert_file)


def _check_names(candidate: Candidate) -> Iterator[Problem]:
    names = names_in(candidate.chain[0])
    missing = [wanted for wanted in candidate.names if not covers(names, wanted)]
    has = (
        f"it is for {', '.join(names[:MAX_CHAIN_LENGTH])}"
        if names
        else "it has no subject alternative names, and the common name does not count"
    )
    if missing or not names:
        wanted = f"the certificate is not for {', '.join(missing)}: " if missing else ""
        yield Problem(Fault.WRONG_NAME, candidate.cert_file, f"{wanted}{has}; issue one for the name under which the server is called")


def _check_key_usage(candidate: Candidate) -> Iterator[Problem]:
    leaf = candidate.chain[0]
    purposes = extension(leaf, x509.ExtendedKeyUsage)
    serving = (x509.oid.ExtendedKeyUsageOID.SERVER_AUTH, x509.oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    if purposes is not None and not any(purpose in serving for purpose in purposes):
        yield Problem(
            Fault.UNFIT, candidate.cert_file, "its extended key usage lacks serverAuth (cert-manager: `server auth`); issue one with it"
        )


def _check_signatures(candidate: Candidate) -> Iterator[Problem]:
    """Skip self-signed certificates: a client trusts a root by its key and does not verify its signature."""
    for number, certificate in enumerate(candidate.chain, 1):
        algorithm = _signature_hash(certificate)
        if algorithm in _WEAK_HASHES and certificate.subject != certificate.issuer:
            message = f"certificate {number} is signed with {algorithm}, which TLS clients refuse; have it signed with SHA-256"
            yield Problem(Fault.UNFIT, candidate.cert_file, message)


CHECKS: dict[str, Callable[[Candidate], Iterator[Problem]]] = {
    "keys are of kinds that TLS clients take": _check_keys,
    "key and certificate belong together": _check_key_match,
    "the chain is whole and in order": _check_chain,
    "it is valid now": _check_validity,
    "it is for the wanted names": _check_names,
    "it may serve TLS": _check_key_usage,
    "signatures are of kinds that TLS clients take": _check_signatures,
}


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether the certificate may sign others."""
    constraints = extension(certificate, x509.BasicConstraints)
    usage = extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def is_issued_by(issued: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed the certificate, and whether it names that issuer."""
    try:
        issued.verify_directly_issued_by(issuer)
    except (*UNPARSABLE, InvalidSignature):
        return False
    return True


def _signature_hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UNPARSABLE:
        return "an unknown hash"
    return algorithm.name if algorithm is not None else ""


def can_sign(key: PrivateKey) -> bool:
    """Whether a signature of the key verifies. A damaged key can parse without an error."""
    data = b"bindguard"
    public = key.public_key()
    try:
        if isinstance(key, rsa.RSAPrivateKey) and isinstance(public, rsa.RSAPublicKey):
            public.verify(key.sign(data, padding.PKCS1v15(), hashes.SHA256()), data, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(key.sign(data, ec.ECDSA(hashes.SHA256())), data, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, ed25519.Ed25519PrivateKey) and isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(key.sign(data), data)
    except (*UNPARSABLE, InvalidSignature, InternalError):
        return False
    return True
