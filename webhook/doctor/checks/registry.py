"""What KubeVirt's CR says, and whether the pods judge by it."""

from collections.abc import Iterator, Mapping

from webhook.cluster.kubevirts import State, counted, version_of
from webhook.doctor.checks.absent import unseen
from webhook.doctor.result import Result, fail, ok, unknown, warn
from webhook.doctor.snapshot import Inside, ServedRegistry, Snapshot
from webhook.plugins.registry import Registry

_OLD_SECONDS = 300


def check(snapshot: Snapshot) -> Iterator[Result]:
    """The CR that counts, then each pod's registry against it."""
    if snapshot.kubevirts.value is None:
        yield unseen("kubevirt", snapshot.kubevirts, "the KubeVirt CRs")
        yield from _ages(snapshot)
        return
    objects = [obj for obj in snapshot.kubevirts.value if isinstance(obj, Mapping)]
    found = counted(objects, "the cluster")
    if found.state is not State.ONE:
        verdict = fail if found.state in (State.SEVERAL, State.UNREADABLE) else warn
        yield verdict("kubevirt", found.problem, "until then no plugin's name is held against a VM")
        return
    registry = found.loaded.registry
    yield ok("kubevirt", _described(registry))
    for note in found.loaded.notes:
        yield warn("kubevirt", note, "wait for the roll-out to end, or mend the CR; rules judge as for the newest KubeVirt until then")
    for pod, inside in snapshot.inside.items():
        yield _served(pod, inside, registry, version_of(objects, ""))
    yield from _ages(snapshot)


def _described(registry: Registry) -> str:
    plugins = f"registered are {', '.join(registry.names)}" if registry.names else "no plugin is registered"
    version = f"KubeVirt {registry.version}" if registry.version is not None else "KubeVirt's version is unknown"
    return f"{registry.source}: {version}; {plugins}; plugins are registered in {registry.owner}"


def _served(pod: str, inside: Inside, registry: Registry, version: str) -> Result:
    served = inside.registry.value
    if served is None:
        return unseen("registry", inside.registry, f"what pod {pod} judges by")
    if not served.known:
        found = f"pod {pod} does not know what is registered, and denies no plugin's name"
        return fail("registry", found, "look at its log: may it list kubevirts?")
    more, less = sorted(served.plugins.keys() - registry.plugins.keys()), sorted(registry.plugins.keys() - served.plugins.keys())
    if more or less:
        lists = [f"lacks {', '.join(less)}"] * bool(less) + [f"still has {', '.join(more)}"] * bool(more)
        remedy = "run the doctor again; if it stays so, restart the pod and look at its log"
        return fail("registry", f"pod {pod} {' and '.join(lists)}", remedy)
    if served.version != version:
        return ok("registry", f"pod {pod} judges by the same plugins, at resourceVersion {served.version} (now {version})")
    return ok("registry", f"pod {pod} judges by resourceVersion {version}, as the cluster has it")


def _ages(snapshot: Snapshot) -> Iterator[Result]:
    for pod, inside in snapshot.inside.items():
        served: ServedRegistry | None = inside.registry.value
        if served is not None and served.age_seconds > _OLD_SECONDS:
            found = f"pod {pod} has not heard of the KubeVirt CR for {int(served.age_seconds // 60)} min"
            yield warn("registry", found, "look at its log: the API server may not answer it")
    if not snapshot.inside:
        yield unknown("registry", "no pod could be asked by what it judges", "see the checks of the pods")
