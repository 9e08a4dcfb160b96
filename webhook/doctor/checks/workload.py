"""The Deployment, and the Lease of the replica that renews the certificate."""

from collections.abc import Iterator

from webhook.doctor.checks.ages import age
from webhook.doctor.checks.missing_objects import INSTALL, absent, unseen
from webhook.doctor.result import Result, fail, ok, unknown, warn
from webhook.doctor.snapshot import NOT_FOUND, Snapshot

_STALE_LEASES = 4


def check(snapshot: Snapshot) -> Iterator[Result]:
    """Enough replicas are ready, and one of them renews the certificate."""
    yield from _deployment(snapshot)
    yield from _lease(snapshot)


def _deployment(snapshot: Snapshot) -> Iterator[Result]:
    names = snapshot.names
    found = snapshot.deployment.value
    if found is None:
        yield absent("deployment", snapshot.deployment, f"Deployment {names.namespace}/{names.deployment}", "nothing runs", INSTALL)
        return
    wanted, ready, updated = found.spec.replicas, found.status.ready_replicas, found.status.updated_replicas
    kubectl = f"kubectl -n {names.namespace}"
    look = f"{kubectl} describe deployment {names.deployment}, and the pods below"
    if wanted == 0:
        yield fail(
            "deployment", "it is scaled to 0 replicas: no pod answers", f"{kubectl} scale deployment {names.deployment} --replicas 2"
        )
    elif ready == 0:
        yield fail("deployment", f"none of {wanted} replicas is ready: no pod answers", look)
    elif ready < wanted:
        yield warn("deployment", f"{ready} of {wanted} replicas are ready", look)
    elif updated < wanted or found.status.observed_generation < found.metadata.generation:
        yield warn("deployment", f"a roll-out is under way: {updated} of {wanted} replicas are new", f"wait; if it does not end, {look}")
    elif wanted == 1:
        yield warn("deployment", "one replica: while it is replaced, no pod answers", "run 2 (replicas: 2)")
    else:
        yield ok("deployment", f"{ready} of {wanted} replicas are ready")


def _lease(snapshot: Snapshot) -> Iterator[Result]:
    names = snapshot.names
    what = f"Lease {names.namespace}/{names.lease}"
    lease = snapshot.lease.value
    if lease is None:
        yield _without_lease(snapshot, what)
        return
    holder, renewed = lease.spec.holder_identity, lease.spec.renew_time
    if not holder or renewed is None:
        remedy = "a replica takes it within a minute; if not, look at the pods' logs"
        yield warn("lease", f"{what} has no holder: no replica renews the certificate", remedy)
        return
    seconds = (snapshot.at - renewed).total_seconds()
    if seconds > _STALE_LEASES * (lease.spec.lease_duration_seconds or 15):
        remedy = "look at the pods' logs, and whether their service account may patch the Lease (server-permissions)"
        yield fail("lease", f"{holder} renewed {what} last {age(seconds)} ago: no replica renews the certificate", remedy)
    else:
        yield ok("lease", f"held by {holder}, renewed {age(seconds)} ago")


def _without_lease(snapshot: Snapshot, what: str) -> Result:
    """Only managed certificates need a Lease."""
    settings = snapshot.settings.value
    if snapshot.lease.status != NOT_FOUND:
        return unseen("lease", snapshot.lease, what)
    if settings is not None and settings.managed:
        remedy = "the pods make it: look at their logs"
        return fail("lease", f"{what} does not exist: no replica renews the certificate", remedy)
    if settings is not None:
        return ok("lease", "none is needed: the certificate is not managed")
    secret = snapshot.secret.value
    if secret is not None and "cert-manager.io/certificate-name" in (secret.metadata.annotations or {}):
        return ok("lease", "none is needed: cert-manager renews the certificate")
    found = f"{what} does not exist: that is right for a certificate that you provide, but managed ones are not renewed"
    return unknown("lease", found)
