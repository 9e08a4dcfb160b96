"""Each pod: does it run, what does it say of itself, and are all of one version."""

from collections.abc import Iterator

from webhook.doctor.checks.absent import unseen
from webhook.doctor.objects import Pod
from webhook.doctor.result import Result, fail, ok, unknown, warn
from webhook.doctor.snapshot import Answer, Readiness, Snapshot

_MANY_RESTARTS = 3


def check(snapshot: Snapshot) -> Iterator[Result]:
    """The pods one by one, then together."""
    if snapshot.pods.value is None:
        yield unseen("pods", snapshot.pods, "the pods")
        return
    pods = [pod for pod in snapshot.pods.value.items or () if pod.metadata.deletion_timestamp is None]
    if not pods:
        remedy = f"kubectl -n {snapshot.names.namespace} get events: a quota or an admission webhook may refuse them"
        yield fail("pods", "there are none", remedy)
        return
    problems = [problem for pod in pods for problem in _pod_problems(pod)]
    yield from problems or [ok("pods", f"all {len(pods)} run")]
    for pod in pods:
        if pod.metadata.name in snapshot.inside:
            yield _readiness(pod.metadata.name, snapshot.inside[pod.metadata.name].readiness)
    yield from _versions(snapshot)


def _pod_problems(pod: Pod) -> Iterator[Result]:
    name = pod.metadata.name
    for container in pod.status.container_statuses or ():
        waiting = container.state.waiting
        if waiting is not None:
            told = f"{waiting.reason}: {waiting.message}" if waiting.message else waiting.reason
            yield fail(
                "pods", f"pod {name} does not run: {told}", f"kubectl -n {pod.metadata.namespace} logs {name} --previous, and describe"
            )
            return
        if container.restart_count >= _MANY_RESTARTS:
            found = f"pod {name} has started {container.restart_count + 1} times"
            yield warn("pods", found, f"kubectl -n {pod.metadata.namespace} logs {name} --previous")
    if pod.status.phase not in ("Running", ""):
        remedy = f"kubectl -n {pod.metadata.namespace} describe pod {name}"
        yield fail("pods", f"pod {name} is {pod.status.phase}", remedy)


def _readiness(pod: str, answer: Answer[Readiness]) -> Result:
    if answer.value is None:
        return unseen("readiness", answer, f"pod {pod}'s /readyz")
    if answer.value.ready:
        return ok("readiness", f"pod {pod} is ready ({', '.join(answer.value.checks)})")
    reasons = "; ".join(f"{name}: {said.reason}" for name, said in answer.value.checks.items() if not said.ready)
    return fail("readiness", f"pod {pod} is not ready: {reasons}", "what the reason says; docs/serve.md, Readiness")


def _versions(snapshot: Snapshot) -> Iterator[Result]:
    versions = {inside.version.value for inside in snapshot.inside.values()} - {None}
    told = ", ".join(sorted(map(str, versions)))
    if len(versions) > 1:
        remedy = "wait for the roll-out to end; if it stands still, look at the Deployment"
        yield warn("versions", f"the pods run different versions: {told}", remedy)
    elif versions and versions != {snapshot.version}:
        found = f"the pods run {told}, this command is {snapshot.version}"
        yield warn("versions", found, "what they do differently is not judged here: run the doctor of the same version")
    elif versions:
        yield ok("versions", f"all are {told}, and so is this command")
    elif snapshot.inside:
        yield unknown("versions", "no pod could be asked", "allow get of pods/proxy")
