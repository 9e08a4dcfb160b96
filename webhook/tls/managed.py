"""A certificate that looks after itself: from what is there, and the time, to the one step that is next.

Nothing is remembered between steps: whoever comes next reads the Secret and the caBundles, and goes on from there. The order keeps every
leaf that a server may show verifiable:

1. A CA is made and put into the Secret, before the CAs that may have signed what is served now.
2. All of them go into every caBundle.
3. Only when that has been seen there for `SETTLE_SECONDS` is a leaf signed by the new CA.
   Where the Secret has no certificate, and no server puts the one that it serves back into it, there is nothing to wait for.
4. An old CA goes when the last leaf that it can have signed has expired: its key was given up in step 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from cryptography import x509

from webhook.tls.names import covers, names_in
from webhook.tls.secret_contents import CA, CA_KEY, CERT, KEY, MAX_CAS, SecretContents, cas_in, held_in, pem_of
from webhook.tls.selfsigned import CA_NAME, Issued, make_ca, make_leaf

RENEW = "bindguard.io/renew"
"""The Secret's annotation by which a person asks for a step before its time."""
WISHES = ("leaf", "ca", "bundle")

LEAF_DAYS = 90
CA_DAYS = 730
CA_LEAST_DAYS = 180
"""A CA with less to live is replaced: leaves never outlive it, and have half of this time for trouble."""

SETTLE_SECONDS = 120.0
"""API servers watch webhook configurations. One that has lost its watch tries again within 60 s (client-go's reflector waits 30 to 60 s
at most, https://github.com/kubernetes/client-go/blob/master/tools/cache/reflector.go); this is twice that."""

UNCLAIMED_SECONDS = 20.0
"""A server that serves a certificate puts it back into a Secret without one: it looks every 4 s, every 8 s after a failure, and each of its
two calls ends within 5 s."""

_LEAF = timedelta(days=LEAF_DAYS)
_CLOCKS = timedelta(days=1)  # what clocks may differ, by far


@dataclass(frozen=True, kw_only=True)
class CertificateState:
    """What is there.

    Attributes:
        secret: The Secret's data.
        wish: Value of its annotation `RENEW`; empty without.
        bundles: The caBundle of every webhook of every configuration that exists.
        settled_seconds: For how long all bundles have been seen to be the Secret's `ca.crt`.
        unclaimed_seconds: For how long the Secret has been seen unchanged and without a certificate that can be served.
        names: DNS names and IP addresses that the leaf must be for, at least one.
        now: The time.
    """

    secret: Mapping[str, bytes] = field(repr=False)
    wish: str = ""
    bundles: Sequence[bytes] = ()
    settled_seconds: float = 0.0
    unclaimed_seconds: float = 0.0
    names: Sequence[str]
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Write:
    """Put this into the Secret, and leave its other keys.

    Attributes:
        event: What happens thereby, for the log.
        reason: Why.
        data: The keys to be set.
        grants: Whether the wish is fulfilled by it.
    """

    event: str
    reason: str
    data: Mapping[str, bytes] = field(repr=False)
    grants: bool = False


@dataclass(frozen=True)
class Publish:
    """Put these CAs into every caBundle that differs."""

    bundle: bytes


@dataclass(frozen=True)
class Nothing:
    """Nothing to do for so many seconds, unless something changes."""

    seconds: float


Step: TypeAlias = Write | Publish | Nothing


def next_step(situation: CertificateState, *, settle_seconds: float = SETTLE_SECONDS) -> Step:
    """The one step that is next. Once it is taken, look again: nothing else leads on."""
    held = held_in(situation.secret, situation.now)
    signer = held.signer
    reason = _ca_due(signer, situation)
    if signer is None or reason:
        return _new_ca(situation, held, reason)
    kept = _kept(held, signer, situation)
    bundle = pem_of(kept)
    if situation.secret.get(CA) != bundle or situation.wish == "bundle":
        return Write(
            event="CAs put in order",
            reason="only those stay whose leaves may be served",
            data={CA: bundle},
            grants=_is(situation, "bundle"),
        )
    if any(each != bundle for each in situation.bundles):
        return Publish(bundle)
    return _leaf_or_nothing(situation, held, signer, kept, settle_seconds)


def _ca_due(signer: Issued | None, situation: CertificateState) -> str:
    """Why another CA is needed; empty when none is."""
    if signer is None:
        return "the Secret holds no CA with its key that is valid now"
    if situation.wish == "ca":
        return f"the annotation {RENEW} asks for it"
    return f"the CA expires in less than {CA_LEAST_DAYS} days" if situation.now >= _ca_renewal(signer) else ""


def _new_ca(situation: CertificateState, held: SecretContents, reason: str) -> Write:
    """A CA that signs nothing yet. A leaf that cannot be served is taken away, one that can stays until it is replaced.

    Without the old CA's key nobody knows what it has signed: then all that is published stays trusted too.
    """
    now = situation.now
    ca = make_ca(now=now, days=CA_DAYS, name=f"{CA_NAME} {now:%Y-%m-%dT%H:%M:%SZ}")
    first = () if held.issuer is None else (held.issuer,)
    lost = () if held.signer is not None else (each for bundle in situation.bundles for each in cas_in(bundle, now))
    cas = dict.fromkeys((ca.certificate, *first, *held.trusted, *lost))
    data = {CA: pem_of([*cas][:MAX_CAS]), CA_KEY: ca.key_pem()}
    if held.leaf is None:
        data |= {CERT: b"", KEY: b""}
    return Write(event="CA made", reason=reason, data=data, grants=_is(situation, "ca"))


def _kept(held: SecretContents, signer: Issued, situation: CertificateState) -> tuple[x509.Certificate, ...]:
    """The CAs that are trusted on, the signing one first."""
    old_leaves_live = situation.now < _last_old_leaf(signer) and situation.wish != "bundle"
    others = (each for each in held.trusted if old_leaves_live or each == held.issuer)
    return tuple(dict.fromkeys((signer.certificate, *others)))


def _leaf_or_nothing(
    situation: CertificateState, held: SecretContents, signer: Issued, kept: Sequence[x509.Certificate], settle_seconds: float
) -> Step:
    reason = _leaf_due(situation, held, signer)
    if not reason:
        return Nothing(max(1.0, min((at - situation.now).total_seconds() for at in _next_times(held, signer, kept))))
    left = settle_seconds - situation.settled_seconds if _may_be_served_by_another(held, signer, kept) else 0.0
    if held.leaf is None:
        left = min(left, UNCLAIMED_SECONDS - situation.unclaimed_seconds)
    if left > 0:
        return Nothing(left)
    leaf = make_leaf(signer, situation.names, now=situation.now, days=LEAF_DAYS)
    data = {CERT: leaf.certificate_pem(), KEY: leaf.key_pem()}
    return Write(event="certificate issued", reason=reason, data=data, grants=_is(situation, "leaf"))


def _leaf_due(situation: CertificateState, held: SecretContents, signer: Issued) -> str:
    """Why another leaf is needed; empty when none is."""
    if held.leaf is None:
        return "the certificate has expired" if held.expired else "the Secret holds no certificate with its key that can be served"
    has = names_in(held.leaf)
    missing = [name for name in situation.names if not covers(has, name)]
    if missing:
        return f"the certificate is not for {', '.join(missing)}"
    if held.issuer != signer.certificate:
        return "the certificate was signed by another CA"
    if situation.wish == "leaf":
        return f"the annotation {RENEW} asks for it"
    return "two thirds of its life are over" if situation.now >= _leaf_renewal(held.leaf) else ""


def _may_be_served_by_another(held: SecretContents, signer: Issued, kept: Sequence[x509.Certificate]) -> bool:
    """Whether some server may show a leaf of a CA that API servers trust, while they may not yet know the one that signs.

    At the first start there is none, nor when the leaf has expired: nothing is gained by waiting.
    """
    return len(kept) > 1 and held.issuer != signer.certificate and not held.expired


def _next_times(held: SecretContents, signer: Issued, kept: Sequence[x509.Certificate]) -> Iterator[datetime]:
    yield _ca_renewal(signer)
    if held.leaf is not None:
        yield _leaf_renewal(held.leaf)
    for each in kept[1:]:
        yield min(each.not_valid_after_utc, _last_old_leaf(signer))


def _ca_renewal(signer: Issued) -> datetime:
    return signer.certificate.not_valid_after_utc - timedelta(days=CA_LEAST_DAYS)


def _leaf_renewal(leaf: x509.Certificate) -> datetime:
    return leaf.not_valid_before_utc + (leaf.not_valid_after_utc - leaf.not_valid_before_utc) * 2 / 3


def _last_old_leaf(signer: Issued) -> datetime:
    """When the last leaf of the CAs before this one has expired: their keys were gone when it was made."""
    return signer.certificate.not_valid_before_utc + _LEAF + _CLOCKS


def _is(situation: CertificateState, wish: str) -> bool:
    return situation.wish == wish
