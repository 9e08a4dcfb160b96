"""What is looked at before a pair is served: each check by name, so that a command can tell what was fine too."""

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
"""OpenSSL and Go follow more, but nobody issues such a chain: the wrong file was mounted, such as a whole CA bundle."""

_RSA_BITS = range(2048, 8193)  # Go's TLS clients refuse more: https://go.dev/issue/61460
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_BROKEN_HASHES = ("md5", "sha1")
_FIT_KEYS = "use ECDSA P-256, or another of ECDSA P-384, P-521, Ed25519, RSA 2048 to 8192 bits"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A certificate chain and its key as read, not yet trusted with anything.

    Attributes:
        chain: At least one certificate, in the file's order.
        key: The private key, or `None` when only the chain is looked at.
        names: DNS names and IP addresses that the leaf must be for.
        at: The moment of the check, with its time zone.
        cert_file: Where the chain was read.
        key_file: Where the key was read.
    """

    chain: Sequence[x509.Certificate]
    key: PrivateKey | None
    names: Sequence[str]
    at: datetime
    cert_file: str
    key_file: str


def problems_of(candidate: Candidate) -> tuple[Problem, ...]:
    """Everything that is wrong, in the order of `CHECKS`."""
    return tuple(problem for look in CHECKS.values() for problem in look(candidate))


def validity(certificate: x509.Certificate, what: str, at: datetime, file: str) -> Iterator[Problem]:
    """Whether a certificate, called `what`, is valid at this moment."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < start:
        message = f"{what} is not valid before {moment(start)}; correct this machine's clock, or issue it anew"
        yield Problem(Fault.NOT_YET_VALID, file, message)
    if at > end:
        yield Problem(Fault.EXPIRED, file, f"{what} expired on {moment(end)}; renew it")


def moment(time: datetime) -> str:
    """A time as messages tell it: UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _keys_are_fit(candidate: Candidate) -> Iterator[Problem]:
    for number, certificate in enumerate(candidate.chain, 1):
        unfit = _unfit_key(certificate.public_key())
        if unfit:
            yield Problem(Fault.UNFIT, candidate.cert_file, f"certificate {number} has {unfit}, which TLS clients do not take; {_FIT_KEYS}")


def _unfit_key(public: object) -> str:
    match public:
        case rsa.RSAPublicKey(key_size=bits):
            return "" if bits in _RSA_BITS else f"an RSA key of {bits} bits"
        case ec.EllipticCurvePublicKey(curve=curve):
            return "" if curve.name in _CURVES else f"a key on the curve {curve.name}"
        case ed25519.Ed25519PublicKey():
            return ""
        case _:
            return f"a {type(public).__name__}"


def _key_matches(candidate: Candidate) -> Iterator[Problem]:
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


def _chain_holds(candidate: Candidate) -> Iterator[Problem]:
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


def _is_valid_now(candidate: Candidate) -> Iterator[Problem]:
    for number, certificate in enumerate(candidate.chain, 1):
        yield from validity(certificate, f"certificate {number} ({shown(certificate.subject)})", candidate.at, candidate.cert_file)


def _names_are_covered(candidate: Candidate) -> Iterator[Problem]:
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


def _may_serve(candidate: Candidate) -> Iterator[Problem]:
    leaf = candidate.chain[0]
    purposes = extension(leaf, x509.ExtendedKeyUsage)
    serving = (x509.oid.ExtendedKeyUsageOID.SERVER_AUTH, x509.oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    if purposes is not None and not any(purpose in serving for purpose in purposes):
        yield Problem(
            Fault.UNFIT, candidate.cert_file, "its extended key usage lacks serverAuth (cert-manager: `server auth`); issue one with it"
        )


def _signatures_are_fit(candidate: Candidate) -> Iterator[Problem]:
    """A self-signed root is trusted for being known; nobody looks at its signature."""
    for number, certificate in enumerate(candidate.chain, 1):
        algorithm = _signature_hash(certificate)
        if algorithm in _BROKEN_HASHES and certificate.subject != certificate.issuer:
            message = f"certificate {number} is signed with {algorithm}, which TLS clients refuse; have it signed with SHA-256"
            yield Problem(Fault.UNFIT, candidate.cert_file, message)


CHECKS: dict[str, Callable[[Candidate], Iterator[Problem]]] = {
    "keys are of kinds that TLS clients take": _keys_are_fit,
    "key and certificate belong together": _key_matches,
    "the chain is whole and in order": _chain_holds,
    "it is valid now": _is_valid_now,
    "it is for the wanted names": _names_are_covered,
    "it may serve TLS": _may_serve,
    "signatures are of kinds that TLS clients take": _signatures_are_fit,
}


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether the certificate may sign others."""
    constraints = extension(certificate, x509.BasicConstraints)
    usage = extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def is_issued_by(issued: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed it, and under the issuer's name."""
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
    """Whether what the key signs verifies: a damaged key can be read all the same."""
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
