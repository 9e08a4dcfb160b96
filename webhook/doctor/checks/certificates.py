"""The caBundle of each webhook, the certificate in the Secret, and the certificate that each pod shows in a TLS handshake."""

from collections.abc import Iterator
from datetime import datetime

from cryptography import x509

from webhook.doctor.checks.missing_objects import absent
from webhook.doctor.objects.webhooks import Webhook
from webhook.doctor.result import Result, fail, grouped, ok, unknown, warn
from webhook.doctor.snapshot import PodProbe, Snapshot
from webhook.tls.checks import is_ca, is_issued_by, moment
from webhook.tls.inspect import days_left
from webhook.tls.names import covers, names_in
from webhook.tls.pem import UNPARSABLE, certificates, fully_parsed
from webhook.tls.problems import PairError

MIN_DAYS = 14
"""A certificate or CA that expires sooner should have been renewed already."""

_BUNDLE = "ca-bundle"
Chain = tuple[x509.Certificate, ...]


def bundles_of(snapshot: Snapshot) -> Iterator[tuple[str, Chain | str]]:
    """The caBundle of each webhook by name, or what is wrong with it."""
    return ((webhook.name, _bundle(webhook)) for webhook in snapshot.webhooks())


def _bundle(webhook: Webhook) -> Chain | str:
    bundle = webhook.client_config.ca_bundle
    if not bundle:
        return "no caBundle"
    try:
        return certificates(bundle, "caBundle")
    except PairError as error:
        return f"a caBundle that cannot be read ({error})"


def bundle_results(bundles: dict[str, Chain | str], snapshot: Snapshot) -> Iterator[Result]:
    """Results about the caBundles of all webhooks."""
    problems = ((name, _bundle_problem(bundle, snapshot)) for name, bundle in bundles.items())
    results = [*grouped((name, problem) for name, problem in problems if problem is not None)]
    good = [bundle for bundle in bundles.values() if not isinstance(bundle, str)]
    if len({frozenset(bundle) for bundle in good}) > 1:
        results.append(warn(_BUNDLE, "the webhooks have different caBundles: one of them is old", renewed_by(snapshot)))
    if good and not results:
        left = min(_days(bundle, snapshot.at) for bundle in good)
        results.append(ok(_BUNDLE, f"{len(bundles)} of {len(bundles)} webhooks have the same; it expires in {left} days"))
    yield from results


def _bundle_problem(bundle: Chain | str, snapshot: Snapshot) -> Result | None:
    if isinstance(bundle, str):
        return fail(_BUNDLE, f"{bundle}: the API server trusts no certificate of Bindguard", renewed_by(snapshot))
    left = _days(bundle, snapshot.at)
    if left < 0:
        return fail(_BUNDLE, "the caBundle has expired: the API server trusts no certificate of Bindguard", renewed_by(snapshot))
    return warn(_BUNDLE, f"the caBundle expires in {left} days", renewed_by(snapshot)) if left < MIN_DAYS else None


def _days(bundle: Chain, at: datetime) -> int:
    return max(days_left(each, at) for each in bundle)


def renewed_by(snapshot: Snapshot) -> str:
    """What to do, by who creates certificates and writes caBundles."""
    names, settings = snapshot.names, snapshot.settings.value
    logs = f"kubectl -n {names.namespace} logs deployment/{names.deployment}"
    if settings is None:
        return f"look at the logs of the pods ({logs}), or of cert-manager"
    if settings.managed:
        return f"the pod with the Lease repairs it within seconds; if not, see lease, server-permissions and {logs}"
    return "see whether cert-manager and its cainjector run; with certificates.mode provided, write it again yourself"


_SECRET = "certificate"  # noqa: S105 - the name of a check
_SERVED = "served-certificate"
_EXPIRY = "bindguard_certificate_expiry_timestamp_seconds"


def check(snapshot: Snapshot) -> Iterator[Result]:
    """The trusted, stored and shown certificates, and whether they fit together."""
    bundles = dict(bundles_of(snapshot))
    yield from bundle_results(bundles, snapshot)
    yield from _unchangeable(snapshot)
    stored = _stored(snapshot)
    if isinstance(stored, Result):
        yield stored
    else:
        yield from _stored_results(stored, bundles, snapshot)
    yield from _shown_results(None if isinstance(stored, Result) else stored[0], bundles, snapshot)


def _unchangeable(snapshot: Snapshot) -> Iterator[Result]:
    """A provided certificate may be in an immutable Secret; a managed one could not be renewed there."""
    names, secret, settings = snapshot.names, snapshot.secret.value, snapshot.settings.value
    if secret is not None and secret.immutable and settings is not None and settings.managed:
        found = f"Secret {names.namespace}/{names.secret} is immutable: the pods cannot renew the certificate in it"
        yield fail(_SECRET, found, f"kubectl -n {names.namespace} delete secret {names.secret}: the pods create it again")


def _stored(snapshot: Snapshot) -> Chain | Result:
    names = snapshot.names
    what = f"Secret {names.namespace}/{names.secret}"
    secret = snapshot.secret.value
    if secret is None:
        return absent(_SECRET, snapshot.secret, what, "there is no certificate to serve", renewed_by(snapshot))
    try:
        return certificates((secret.data or {}).get("tls.crt", b""), f"{what}, tls.crt")
    except PairError as error:
        return fail(_SECRET, str(error), renewed_by(snapshot))


def _stored_results(chain: Chain, bundles: dict[str, Chain | str], snapshot: Snapshot) -> Iterator[Result]:
    leaf = chain[0]
    problems = [*_leaf_problems(leaf, snapshot), *_trust_problems(_SECRET, "the stored certificate", chain, bundles)]
    left = days_left(leaf, snapshot.at)
    if 0 <= left < MIN_DAYS:
        problems.append(warn(_SECRET, f"the certificate expires in {left} days, on {_end(leaf)}", renewed_by(snapshot)))
    yield from problems or [ok(_SECRET, f"valid for {left} more days, until {_end(leaf)}, and trusted through every caBundle")]


def _leaf_problems(leaf: x509.Certificate, snapshot: Snapshot) -> Iterator[Result]:
    names = snapshot.names
    called = f"{names.service}.{names.namespace}.svc"
    if snapshot.at > leaf.not_valid_after_utc:
        yield fail(_SECRET, f"the certificate expired on {_end(leaf)}: the API server refuses it", renewed_by(snapshot))
    if snapshot.at < leaf.not_valid_before_utc:
        yield fail(_SECRET, f"the certificate is not valid before {moment(leaf.not_valid_before_utc)}", "correct the clocks")
    if not covers(names_in(leaf), called):
        found = f"the certificate is for {', '.join(names_in(leaf)) or 'no name'}, not for {called}, as the API server calls it"
        yield fail(_SECRET, found, "issue one for that name; with managed certificates see tls_names")


def _trust_problems(check: str, what: str, chain: Chain, bundles: dict[str, Chain | str]) -> Iterator[Result]:
    distrusting = [name for name, bundle in bundles.items() if not isinstance(bundle, str) and not _is_trusted(chain, bundle)]
    if distrusting:
        found = f"{what} is signed by no CA in the caBundle of {', '.join(distrusting)}: the API server refuses it"
        yield fail(check, found, "one of them is out of date: restart the pods, and look at their logs")


def _is_trusted(chain: Chain, bundle: Chain) -> bool:
    return any(each == ca or (is_ca(ca) and is_issued_by(each, ca)) for each in chain for ca in bundle)


def _shown_results(stored: x509.Certificate | None, bundles: dict[str, Chain | str], snapshot: Snapshot) -> Iterator[Result]:
    """By a TLS handshake if pods can be reached from here, otherwise by the expiry that they report as a metric."""
    called = f"{snapshot.names.service}.{snapshot.names.namespace}.svc"
    yield from grouped(
        (pod, result) for pod, probe in snapshot.probes.items() for result in _shown_by(probe, called, stored, bundles, snapshot.at)
    )


def _shown_by(
    probe: PodProbe, called: str, stored: x509.Certificate | None, bundles: dict[str, Chain | str], at: datetime
) -> Iterator[Result]:
    leaf = _parsed(probe.shown.value)
    if leaf is not None and covers(names_in(leaf), called):
        yield from [*_differences(leaf, stored, bundles, at)] or [
            ok(_SERVED, "the stored certificate" if stored else f"valid for {days_left(leaf, at)} more days")
        ]
        return
    expiry = (probe.metrics.value or {}).get(_EXPIRY)
    if expiry is None or stored is None:
        yield unknown(_SERVED, f"no TLS handshake from here ({probe.shown.problem or 'another server answers'}); run this in the cluster")
    elif abs(expiry - stored.not_valid_after_utc.timestamp()) > 1:
        found = "it serves a certificate with another expiry than the stored one"
        yield warn(_SERVED, found, "within a minute it should load the stored one; if not, restart the pod")
    else:
        yield ok(_SERVED, "cannot be reached by TLS from here, but reports the expiry of the stored certificate")


def _differences(
    leaf: x509.Certificate, stored: x509.Certificate | None, bundles: dict[str, Chain | str], at: datetime
) -> Iterator[Result]:
    yield from _trust_problems(_SERVED, "the certificate that it shows", (leaf,), bundles)
    if at > leaf.not_valid_after_utc:
        yield fail(_SERVED, f"it shows a certificate that expired on {_end(leaf)}", "restart the pod, and look at its log")
    if stored is not None and leaf != stored:
        remedy = "within a minute it should load the stored one; if not, restart the pod"
        yield warn(_SERVED, "it shows another certificate than the stored one", remedy)


def _parsed(der: bytes | None) -> x509.Certificate | None:
    try:
        return fully_parsed(x509.load_der_x509_certificate(der)) if der else None
    except UNPARSABLE:
        return None


def _end(certificate: x509.Certificate) -> str:
    return moment(certificate.not_valid_after_utc)
