"""The caBundle of each webhook: what the API server trusts."""

from collections.abc import Iterator
from datetime import datetime

from cryptography import x509

from webhook.doctor.objects.webhooks import Webhook
from webhook.doctor.result import Result, fail, ok, together, warn
from webhook.doctor.snapshot import Snapshot
from webhook.tls.inspect import days_left
from webhook.tls.pem import certificates
from webhook.tls.problems import PairError

MIN_DAYS = 14
"""Sooner than that nothing of ours should expire."""

_BUNDLE = "ca-bundle"
Chain = tuple[x509.Certificate, ...]


def bundles_of(snapshot: Snapshot) -> Iterator[tuple[str, Chain | str]]:
    """The caBundle of each webhook, or what is wrong with it."""
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
    """What is wrong with them, or that nothing is."""
    problems = ((name, _bundle_problem(bundle, snapshot)) for name, bundle in bundles.items())
    results = [*together((name, problem) for name, problem in problems if problem is not None)]
    good = [bundle for bundle in bundles.values() if not isinstance(bundle, str)]
    if len({frozenset(bundle) for bundle in good}) > 1:
        results.append(warn(_BUNDLE, "the webhooks have different caBundles: one of them is old", renewed_by(snapshot)))
    if good and not results:
        left = min(_days(bundle, snapshot.at) for bundle in good)
        results.append(ok(_BUNDLE, f"{len(bundles)} of {len(bundles)} webhooks have the same; it expires in {left} days"))
    yield from results


def _bundle_problem(bundle: Chain | str, snapshot: Snapshot) -> Result | None:
    if isinstance(bundle, str):
        return fail(_BUNDLE, f"{bundle}: the API server trusts no certificate of ours", renewed_by(snapshot))
    left = _days(bundle, snapshot.at)
    if left < 0:
        return fail(_BUNDLE, "the caBundle has expired: the API server trusts no certificate of ours", renewed_by(snapshot))
    return warn(_BUNDLE, f"the caBundle expires in {left} days", renewed_by(snapshot)) if left < MIN_DAYS else None


def _days(bundle: Chain, at: datetime) -> int:
    return max(days_left(each, at) for each in bundle)


def renewed_by(snapshot: Snapshot) -> str:
    """Who makes certificates and writes caBundles, and so where to look."""
    names, settings = snapshot.names, snapshot.settings.value
    logs = f"kubectl -n {names.namespace} logs deployment/{names.deployment}"
    if settings is None:
        return f"look at the logs of who makes it, the pods ({logs}) or cert-manager"
    if settings.managed:
        return f"the pod that holds the Lease makes it anew within seconds; if not, look at lease, server-permissions and {logs}"
    return "look whether cert-manager and its cainjector run, or write it as you made it (certificates.provided)"
