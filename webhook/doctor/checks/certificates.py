"""Certificates: what the API server trusts (caBundle), what is stored (the Secret), and what the pods show in a handshake."""

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime

from cryptography import x509

from webhook.doctor.checks.absent import absent
from webhook.doctor.objects import Webhook
from webhook.doctor.result import Result, fail, ok, unknown, warn
from webhook.doctor.snapshot import Snapshot
from webhook.tls.checks import is_ca, is_issued_by, moment
from webhook.tls.inspect import days_left
from webhook.tls.names import covers, names_in
from webhook.tls.pem import UNPARSABLE, certificates
from webhook.tls.problem import PairError

_BUNDLE = "ca-bundle"
_SECRET = "certificate"  # noqa: S105 - the name of a check
_SERVED = "served-certificate"
_LEAST_DAYS = 14
_RENEW = "look at the pods' logs for why it was not renewed: kubectl logs deployment/{0.deployment} -n {0.namespace}"
_Chain = tuple[x509.Certificate, ...]


def check(snapshot: Snapshot) -> Iterator[Result]:
    """What is trusted, what is stored, what is shown, and whether they go together."""
    bundles = dict(_bundles(snapshot))
    yield from _bundle_results(bundles, snapshot)
    stored = _stored(snapshot)
    if isinstance(stored, Result):
        yield stored
    else:
        yield from _stored_results(stored, bundles, snapshot)
    yield from _shown_results(None if isinstance(stored, Result) else stored[0], bundles, snapshot)


def _bundles(snapshot: Snapshot) -> Iterator[tuple[str, _Chain | str]]:
    """The caBundle of each webhook, or what is wrong with it."""
    for answer in (snapshot.validating, snapshot.mutating):
        for webhook in (answer.value.webhooks or ()) if answer.value is not None else ():
            yield webhook.name, _bundle(webhook)


def _bundle(webhook: Webhook) -> _Chain | str:
    text = webhook.client_config.ca_bundle
    if not text:
        return "has no caBundle"
    try:
        return certificates(base64.b64decode(text, validate=True), "caBundle")
    except (PairError, binascii.Error) as error:
        return f"has a caBundle that cannot be read ({error})"


def _bundle_results(bundles: dict[str, _Chain | str], snapshot: Snapshot) -> Iterator[Result]:
    remedy = "self-managed certificates and cert-manager's cainjector write it: look whether they run, and at their logs"
    least: int | None = None
    for name, bundle in bundles.items():
        if isinstance(bundle, str):
            yield fail(_BUNDLE, f"{name} {bundle}: the API server trusts no certificate of ours", remedy)
            continue
        left = max(days_left(each, snapshot.at) for each in bundle)
        if left < 0:
            yield fail(_BUNDLE, f"the caBundle of {name} has expired: the API server trusts no certificate of ours", remedy)
        elif left < _LEAST_DAYS:
            yield warn(_BUNDLE, f"the caBundle of {name} expires in {left} days", remedy)
        else:
            least = left if least is None else min(least, left)
    good = [bundle for bundle in bundles.values() if not isinstance(bundle, str)]
    if len({frozenset(bundle) for bundle in good}) > 1:
        yield warn(_BUNDLE, "the webhooks have different caBundles: one of them is old", remedy)
    elif least is not None and len(good) == len(bundles):
        yield ok(_BUNDLE, f"all {len(bundles)} webhooks have it; it expires in {least} days")


def _stored(snapshot: Snapshot) -> _Chain | Result:
    names = snapshot.names
    what = f"Secret {names.namespace}/{names.secret}"
    secret = snapshot.secret.value
    if secret is None:
        return absent(_SECRET, snapshot.secret, what, "there is no certificate to serve", _RENEW.format(names))
    try:
        return certificates(base64.b64decode((secret.data or {}).get("tls.crt", ""), validate=True), f"{what}, tls.crt")
    except (PairError, binascii.Error) as error:
        return fail(_SECRET, f"{what} holds no certificate: {error}", _RENEW.format(names))


def _stored_results(chain: _Chain, bundles: dict[str, _Chain | str], snapshot: Snapshot) -> Iterator[Result]:
    leaf, names = chain[0], snapshot.names
    problems = [*_leaf_problems(leaf, snapshot), *_trust_problems(_SECRET, "the stored certificate", chain, bundles)]
    left = days_left(leaf, snapshot.at)
    if 0 <= left < _LEAST_DAYS:
        problems.append(warn(_SECRET, f"the certificate expires in {left} days, on {_end(leaf)}", _RENEW.format(names)))
    yield from problems or [ok(_SECRET, f"valid for {left} more days, until {_end(leaf)}, and trusted through every caBundle")]


def _leaf_problems(leaf: x509.Certificate, snapshot: Snapshot) -> Iterator[Result]:
    names = snapshot.names
    called = f"{names.service}.{names.namespace}.svc"
    if snapshot.at > leaf.not_valid_after_utc:
        yield fail(_SECRET, f"the certificate expired on {_end(leaf)}: the API server refuses it", _RENEW.format(names))
    if snapshot.at < leaf.not_valid_before_utc:
        yield fail(_SECRET, f"the certificate is not valid before {moment(leaf.not_valid_before_utc)}", "correct the clocks")
    if not covers(names_in(leaf), called):
        found = f"the certificate is for {', '.join(names_in(leaf)) or 'no name'}, not for {called}, as the API server calls it"
        yield fail(_SECRET, found, "issue one for that name; with self-managed certificates look at tls_names")


def _trust_problems(check: str, what: str, chain: _Chain, bundles: dict[str, _Chain | str]) -> Iterator[Result]:
    for name, bundle in bundles.items():
        if not isinstance(bundle, str) and not _is_trusted(chain, bundle):
            found = f"{what} is signed by no CA in the caBundle of {name}: the API server refuses it"
            yield fail(check, found, "the caBundle or the certificate is of another time: restart the pods, and look at their logs")


def _is_trusted(chain: _Chain, bundle: _Chain) -> bool:
    return any(each == ca or (is_ca(ca) and is_issued_by(each, ca)) for each in chain for ca in bundle)


def _shown_results(stored: x509.Certificate | None, bundles: dict[str, _Chain | str], snapshot: Snapshot) -> Iterator[Result]:
    """By a handshake where pods can be reached from here; else by what they say about their certificate's end."""
    seen, unseen = 0, []
    for pod, inside in snapshot.inside.items():
        leaf = _parsed(inside.shown.value)
        if leaf is not None and covers(names_in(leaf), f"{snapshot.names.service}.{snapshot.names.namespace}.svc"):
            seen += 1
            yield from _differences(pod, leaf, stored, bundles, snapshot.at)
            continue
        expiry = (inside.metrics.value or {}).get("bindguard_certificate_expiry_timestamp_seconds")
        if expiry is None or stored is None:
            unseen.append(pod)
        elif abs(expiry - stored.not_valid_after_utc.timestamp()) > 1:
            found = f"pod {pod} serves a certificate that ends at another time than the stored one"
            yield warn(_SERVED, found, "within a minute it should take the new one; if not, restart the pod")
        else:
            yield ok(
                _SERVED, f"pod {pod} could not be reached by TLS from here, but tells of a certificate that ends when the stored one does"
            )
    if unseen:
        yield unknown(_SERVED, f"no TLS handshake from here with {', '.join(unseen)}", "run this in the cluster to see it")
    if seen and not unseen:
        yield ok(_SERVED, f"{seen} pods asked by TLS")


def _differences(
    pod: str, leaf: x509.Certificate, stored: x509.Certificate | None, bundles: dict[str, _Chain | str], at: datetime
) -> Iterator[Result]:
    yield from _trust_problems(_SERVED, f"what pod {pod} shows", (leaf,), bundles)
    if at > leaf.not_valid_after_utc:
        yield fail(_SERVED, f"pod {pod} shows a certificate that expired on {_end(leaf)}", "restart the pod, and look at its log")
    if stored is not None and leaf != stored:
        yield warn(
            _SERVED, f"pod {pod} shows another certificate than the stored one", "within a minute it should take it; if not, restart it"
        )


def _parsed(der: bytes | None) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(der) if der else None
    except UNPARSABLE:
        return None


def _end(certificate: x509.Certificate) -> str:
    return moment(certificate.not_valid_after_utc)
