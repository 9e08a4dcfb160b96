"""What KubeVirt's CR says, and whether the pods check against it."""

from collections.abc import Iterator, Mapping

from webhook.admission.overhead_due import may_count
from webhook.admission.pods import OverheadMode
from webhook.cluster.kubevirts import State, counted, version_of
from webhook.doctor.checks.ages import age
from webhook.doctor.checks.missing_objects import unseen
from webhook.doctor.result import Result, fail, ok, together, unknown, warn
from webhook.doctor.snapshot import PodProbe, Snapshot
from webhook.plugins.registry import Registry

_OLD_SECONDS = 300
_MAX_NAMED = 8


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
        problem, _, remedy = found.problem.partition("; ")
        remedy = remedy or ("mend the CR" if found.state is State.UNREADABLE else "wait for virt-operator, or look at its log")
        yield verdict("kubevirt", f"{problem}: no plugin's name is held against a VM", remedy)
        return
    registry = found.loaded.registry
    yield ok("kubevirt", _described(registry))
    for note in found.loaded.notes:
        yield warn("kubevirt", note, "wait for the roll-out to end, or mend the CR; rules check as for the newest KubeVirt until then")
    yield from _overhead(registry, snapshot)
    talking = {pod: inside for pod, inside in snapshot.inside.items() if not inside.silent}
    version = version_of(objects, "")
    yield from together((pod, _served(inside, registry, version)) for pod, inside in talking.items())
    yield from _ages(snapshot)


def _overhead(registry: Registry, snapshot: Snapshot) -> Iterator[Result]:
    settings = snapshot.settings.value
    if settings is not None and settings.overhead == OverheadMode.EVEN_IF_COUNTED and may_count(registry.version):
        counts = f"KubeVirt {registry.version} counts" if registry.version is not None else "KubeVirt (version unknown) may count"
        found = f"config.overhead is {settings.overhead}, and {counts} the overhead of plugins itself: launcher pods get it twice"
        yield warn("overhead", found, "set config.overhead: auto; even-if-counted is for forks of KubeVirt that count nothing")


def _described(registry: Registry) -> str:
    names = [*registry.names[:_MAX_NAMED], *(["..."] if len(registry.names) > _MAX_NAMED else [])]
    plugins = f"registered are {', '.join(names)}" if names else "no plugin is registered"
    version = f"version {registry.version}" if registry.version is not None else "version unknown"
    return f"{registry.source.removesuffix(' in the cluster')}, {version}; {plugins}, in {registry.owner}"


def _served(inside: PodProbe, registry: Registry, version: str) -> Result:
    served = inside.registry.value
    if served is None:
        return unseen("registry", inside.registry, "what it checks against")
    if not served.known:
        return fail(
            "registry", "it does not know what is registered, and denies no plugin's name", "look at its log: may it list kubevirts?"
        )
    more, less = sorted(served.plugins.keys() - registry.plugins.keys()), sorted(registry.plugins.keys() - served.plugins.keys())
    if more or less:
        lists = [f"it lacks {', '.join(less)}"] * bool(less) + [f"it still has {', '.join(more)}"] * bool(more)
        remedy = "run the doctor again; if it stays so, restart the pod and look at its log"
        return fail("registry", " and ".join(lists), remedy)
    if served.version != version:
        return ok("registry", f"the cluster's plugins, at resourceVersion {served.version} (now {version})")
    return ok("registry", f"the cluster's plugins, at resourceVersion {version}")


def _ages(snapshot: Snapshot) -> Iterator[Result]:
    ages = {pod: inside.registry.value.age_seconds for pod, inside in snapshot.inside.items() if inside.registry.value is not None}
    for pod, seconds in ages.items():
        if seconds > _OLD_SECONDS:
            found = f"{pod}: it has not heard of the KubeVirt CR for {age(seconds)}"
            yield warn("registry", found, "look at its log: the API server may not answer it")
    if snapshot.pods.value is None:
        yield unseen("registry", snapshot.pods, "what the pods check against")
    elif not snapshot.inside:
        yield unknown("registry", "no pod runs that could tell what it checks against")
