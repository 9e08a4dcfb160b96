"""Each pod: whether it runs and is ready, when it was last asked, and which version it is."""

from collections.abc import Iterator

from webhook.admission.review import MUTATE, VALIDATE
from webhook.doctor.checks.ages import age
from webhook.doctor.checks.missing_objects import unseen
from webhook.doctor.objects.workload import ContainerStatus, Pod
from webhook.doctor.result import Result, fail, grouped, ok, unknown, warn
from webhook.doctor.snapshot import FORBIDDEN, PodProbe, Snapshot

_MANY_RESTARTS = 3
_LAST_REVIEW = 'bindguard_last_review_timestamp_seconds{{endpoint="{}"}}'


def check(snapshot: Snapshot) -> Iterator[Result]:
    """Whether the pods run, then what their operations ports answer."""
    if snapshot.pods.value is None:
        yield unseen("pods", snapshot.pods, "the pods")
        return
    pods = snapshot.staying_pods()
    if not pods:
        remedy = f"kubectl -n {snapshot.names.namespace} get events: a quota or an admission webhook may refuse them"
        yield fail("pods", "there are none", remedy)
        return
    problems = [(pod.metadata.name, problem) for pod in pods for problem in _problems(pod)]
    yield from grouped(problems) if problems else [ok("pods", f"{len(pods)} of {len(pods)} run")]
    yield from grouped((name, _readiness(probe)) for name, probe in snapshot.probes.items())
    yield from _last_reviews(snapshot)
    yield from _versions(snapshot)


def _problems(pod: Pod) -> Iterator[Result]:
    kubectl, name = f"kubectl -n {pod.metadata.namespace}", pod.metadata.name
    for container in pod.status.container_statuses or ():
        if container.state.waiting is not None:
            yield fail("pods", f"it does not run: {_waits(container)}", f"{kubectl} describe pod {name}; {kubectl} logs {name} --previous")
            return
        if container.restart_count >= _MANY_RESTARTS:
            found = f"it has started {container.restart_count + 1} times{_ended(container)}"
            yield warn("pods", found, f"{kubectl} logs {name} --previous")
    if pod.status.phase not in ("Running", ""):
        yield fail("pods", f"it is {pod.status.phase}", f"{kubectl} describe pod {name}")


def _waits(container: ContainerStatus) -> str:
    """Why it waits: how it ended before, or the message of the kubelet."""
    waiting = container.state.waiting
    assert waiting is not None  # noqa: S101 - asked before
    ended = _ended(container)
    return f"{waiting.reason}{ended}" if ended or not waiting.message else f"{waiting.reason}: {waiting.message}"


def _ended(container: ContainerStatus) -> str:
    last = container.last_state.terminated
    return "" if last is None else f", it last ended with exit code {last.exit_code} ({last.reason or 'no reason'})"


def _readiness(probe: PodProbe) -> Result:
    answer = probe.readiness
    if probe.unreachable:
        remedy = "the API server must reach the pod's operations port: look at the NetworkPolicy, and at the pod's log"
        return unknown(
            "readiness", f"its operations port does not answer: {probe.unreachable}", "" if answer.status == FORBIDDEN else remedy
        )
    if answer.value is None:
        return unknown("readiness", f"its /readyz could not be read: {answer.problem}", "try again")
    if answer.value.ready:
        return ok("readiness", "ready")
    reasons = "; ".join(f"{name}: {said.reason}" for name, said in answer.value.checks.items() if not said.ready)
    return fail("readiness", f"not ready: {reasons}", "fix what the reason says; docs/serve.md describes each check")


def _last_reviews(snapshot: Snapshot) -> Iterator[Result]:
    """Information only: in a quiet cluster it is old."""
    for pod, probe in snapshot.probes.items():
        if probe.metrics.value is not None:
            now, metrics = snapshot.at.timestamp(), probe.metrics.value
            seen = {name: metrics[metric] for name in (VALIDATE, MUTATE) if (metric := _LAST_REVIEW.format(name)) in metrics}
            told = ", ".join(f"{name} {age(now - at)} ago" for name, at in seen.items())
            yield ok("last-review", f"{pod}: {told or 'none since it started'}")


def _versions(snapshot: Snapshot) -> Iterator[Result]:
    versions = {probe.version.value for probe in snapshot.probes.values()} - {None}
    told = ", ".join(sorted(map(str, versions)))
    if len(versions) > 1:
        remedy = "wait for the roll-out to end; if it does not, look at the Deployment"
        yield warn("versions", f"the pods run different versions: {told}", remedy)
    elif versions and versions != {snapshot.version}:
        found = f"the pods run {told}, this command is {snapshot.version}"
        yield warn("versions", found, "run bindguard doctor of the same version, which checks what that version does")
    elif versions:
        yield ok("versions", f"all are {told}, like this command")
