"""The rotation of a managed certificate: which step comes next, as a function of the cluster's state and the time.

No state is kept between steps: each leader reads the Secret and the caBundles, and continues from there. The order of the steps keeps
every leaf that a server may present verifiable:

1. A new CA is created and written into the Secret, together with the CAs that may have signed the leaves in use.
2. All of them are written into every caBundle.
3. The new CA signs a leaf only after every caBundle has had it for `SETTLE_SECONDS`.
   If the Secret has no certificate, and no server writes the one that it serves back into it, there is nothing to wait for.
4. An old CA is removed when the last leaf that it can have signed has expired. Its key was replaced in step 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from cryptography import x509

from webhook.tls.names import covers, names_in
from webhook.tls.secret_contents import CA, CA_KEY, CERT, KEY, MAX_CAS, SecretContents, cas_in, pem_of, usable_contents
from webhook.tls.selfsigned import CA_NAME, Issued, make_ca, make_leaf

RENEW = "bindguard.io/renew"
"""The Secret's annotation with which a person requests an early renewal; its values are `RENEWALS`."""
RENEWALS = ("leaf", "ca", "bundle")

LEAF_DAYS = 90
CA_DAYS = 730
CA_LEAST_DAYS = 180
"""A CA that expires within so many days is replaced. A leaf of `LEAF_DAYS` never outlives it, and the other half of the time is left to
repair a failed renewal."""

SETTLE_SECONDS = 120.0
"""API servers watch webhook configurations. One that has lost its watch retries within 60 s (client-go's reflector waits 30 to 60 s at
most, https://github.com/kubernetes/client-go/blob/master/tools/cache/reflector.go); this is twice that."""

UNCLAIMED_SECONDS = 20.0
"""A server that serves a certificate writes it back into a Secret without one: it polls every 4 s, every 8 s after a failure, and each of
its two calls ends within 5 s."""

_LEAF = timedelta(days=LEAF_DAYS)
_CLOCK_TOLERANCE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class CertificateState:
    """The state from which the next step follows.

    Attributes:
        secret: The Secret's data.
        renewal: Value of its annotation `RENEW`; empty without one.
        bundles: The caBundle of each webhook of each existing configuration.
        settled_seconds: For how long all bundles have been equal to the Secret's `ca.crt`.
        unclaimed_seconds: For how long the Secret has been unchanged and without a certificate that can be served.
        names: DNS names and IP addresses that the leaf must cover, at least one.
        now: The time; timezone-aware.
    """

    secret: Mapping[str, bytes] = field(repr=False)
    renewal: str
    bundles: Sequence[bytes]
    settled_seconds: float
    unclaimed_seconds: float
    names: Sequence[str]
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Write:
    """Write these keys of the Secret, and leave its other keys unchanged.

    Attributes:
        event: The event, for the log.
        reason: Why.
        data: The keys and their values.
        completes_renewal: Whether the step is the requested renewal, so that the annotation is removed.
    """

    event: str
    reason: str
    data: Mapping[str, bytes] = field(repr=False)
    completes_renewal: bool


@dataclass(frozen=True)
class Publish:
    """Write these CAs into every caBundle that differs."""

    bundle: bytes


@dataclass(frozen=True)
class Wait:
    """Do nothing for so many seconds, unless the state changes."""

    seconds: float


Step: TypeAlias = Write | Publish | Wait


def next_step(state: CertificateState, *, settle_seconds: float = SETTLE_SECONDS) -> Step:
    """The next step. After it has been taken, call this again with the new state.

    Args:
        state: The state now.
        settle_seconds: For how long every caBundle must have had a new CA before it signs a leaf.
    """
    contents = usable_contents(state.secret, state.now)
    signer = contents.signer
    reason = _new_ca_reason(signer, state)
    if signer is None or reason:
        return _new_ca(state, contents, reason)
    trusted = _cas_to_trust(contents, signer, state)
    bundle = pem_of(trusted)
    if state.secret.get(CA) != bundle or state.renewal == "bundle":
        return Write(
            event="CA bundle updated",
            reason="it must have exactly the CAs whose certificates may be in use",
            data={CA: bundle},
            completes_renewal=state.renewal == "bundle",
        )
    if any(each != bundle for each in state.bundles):
        return Publish(bundle)
    return _issue_or_wait(state, contents, signer, trusted, settle_seconds)


def _new_ca_reason(signer: Issued | None, state: CertificateState) -> str:
    """Why a new CA is needed; empty when none is."""
    if signer is None:
        return "the Secret holds no CA with its key that is valid now"
    if state.renewal == "ca":
        return f"the annotation {RENEW} asks for it"
    return f"the CA expires in less than {CA_LEAST_DAYS} days" if state.now >= _ca_renewal(signer) else ""


def _new_ca(state: CertificateState, contents: SecretContents, reason: str) -> Write:
    """Create a CA, which signs nothing yet. A leaf that can be served stays until it is replaced; another one is removed.

    If the old CA's key is lost, it is unknown which leaves are in use: then all published CAs stay trusted as well.
    """
    now = state.now
    ca = make_ca(now=now, days=CA_DAYS, name=f"{CA_NAME} {now:%Y-%m-%dT%H:%M:%SZ}")
    first = () if contents.issuer is None else (contents.issuer,)
    lost = () if contents.signer is not None else (each for bundle in state.bundles for each in cas_in(bundle, now))
    cas = dict.fromkeys((ca.certificate, *first, *contents.trusted, *lost))
    data = {CA: pem_of([*cas][:MAX_CAS]), CA_KEY: ca.key_pem()}
    if contents.leaf is None:
        data |= {CERT: b"", KEY: b""}
    return Write(event="CA created", reason=reason, data=data, completes_renewal=state.renewal == "ca")


def _cas_to_trust(contents: SecretContents, signer: Issued, state: CertificateState) -> tuple[x509.Certificate, ...]:
    """The CAs that stay trusted, the signing one first."""
    old_leaves_valid = state.now < _old_leaves_expire_at(signer) and state.renewal != "bundle"
    others = (each for each in contents.trusted if old_leaves_valid or each == contents.issuer)
    return tuple(dict.fromkeys((signer.certificate, *others)))


def _issue_or_wait(
    state: CertificateState, contents: SecretContents, signer: Issued, trusted: Sequence[x509.Certificate], settle_seconds: float
) -> Step:
    reason = _new_leaf_reason(state, contents, signer)
    if not reason:
        return Wait(max(1.0, min((at - state.now).total_seconds() for at in _next_deadlines(contents, signer, trusted))))
    left = settle_seconds - state.settled_seconds if _may_be_served_by_another(contents, signer, trusted) else 0.0
    if contents.leaf is None:
        left = min(left, UNCLAIMED_SECONDS - state.unclaimed_seconds)
    if left > 0:
        return Wait(left)
    leaf = make_leaf(signer, state.names, now=state.now, days=LEAF_DAYS)
    data = {CERT: leaf.certificate_pem(), KEY: leaf.key_pem()}
    return Write(event="certificate issued", reason=reason, data=data, completes_renewal=state.renewal == "leaf")


def _new_leaf_reason(state: CertificateState, contents: SecretContents, signer: Issued) -> str:
    """Why a new leaf is needed; empty when none is."""
    if contents.leaf is None:
        return "the certificate has expired" if contents.expired else "the Secret holds no certificate with its key that can be served"
    has = names_in(contents.leaf)
    missing = [name for name in state.names if not covers(has, name)]
    if missing:
        return f"the certificate is not for {', '.join(missing)}"
    if contents.issuer != signer.certificate:
        return "the certificate was signed by another CA"
    if state.renewal == "leaf":
        return f"the annotation {RENEW} asks for it"
    return "two thirds of its life are over" if state.now >= _leaf_renewal(contents.leaf) else ""


def _may_be_served_by_another(contents: SecretContents, signer: Issued, trusted: Sequence[x509.Certificate]) -> bool:
    """Whether a server may present a leaf of another CA, while API servers may not have the signing CA yet.

    At the first start there is no such leaf, nor when the leaf has expired: then waiting would not help.
    """
    return len(trusted) > 1 and contents.issuer != signer.certificate and not contents.expired


def _next_deadlines(contents: SecretContents, signer: Issued, trusted: Sequence[x509.Certificate]) -> Iterator[datetime]:
    yield _ca_renewal(signer)
    if contents.leaf is not None:
        yield _leaf_renewal(contents.leaf)
    for each in trusted[1:]:
        yield min(each.not_valid_after_utc, _old_leaves_expire_at(signer))


def _ca_renewal(signer: Issued) -> datetime:
    return signer.certificate.not_valid_after_utc - timedelta(days=CA_LEAST_DAYS)


def _leaf_renewal(leaf: x509.Certificate) -> datetime:
    return leaf.not_valid_before_utc + (leaf.not_valid_after_utc - leaf.not_valid_before_utc) * 2 / 3


def _old_leaves_expire_at(signer: Issued) -> datetime:
    """When the last leaf of the previous CAs has expired; their keys were replaced when this CA was created."""
    return signer.certificate.not_valid_before_utc + _LEAF + _CLOCK_TOLERANCE
