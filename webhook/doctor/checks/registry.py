"""The KubeVirt CR, and whether the pods check against its plugins."""

from collections.abc import Iterator, Mapping

from webhook.admission.overhead_due import may_count
from webhook.admission.pods import OverheadMode
from webhook.cluster.kubevirts import State, effective_cr, version_of
from webhook.doctor.checks.ages import age
from webhook.doctor.checks.missing_objects import unseen
from webhook.doctor.result import Result, fail, grouped, ok, unknown, warn
from webhook.doctor.snapshot import PodProbe, Snapshot
from webhook.plugins.registry import Registry

_OLD_SECONDS = 300
_MAX_NAMED = 8


def check(snapshot: Snapshot) -> Iterator[Result]:
    """The active KubeVirt CR, then the registry of each pod."""
    if snapshot.kubevirts.value is None:
        yield unseen("kubevirt", snapshot.kubevirts, "the KubeVirt CRs")
        yield from _ages(snapshot)
        return
    objects = [obj for obj in snapshot.kubevirts.value if isinstance(obj, Mapping)]
    found = effective_cr(objects, "the cluster")
    if found.state is not State.ONE:
        verdict = fail if found.state in (State.SEVERAL, State.UNREADABLE) else warn
        problem, _, remedy = found.problem.partition("; ")
        remedy = remedy or ("correct the CR" if found.state is State.UNREADABLE else "wait for virt-operator, or look at its log")
        yield verdict("kubevirt", f"{problem}: plugin names are not checked", remedy)
        return
    registry = found.loaded.registry
    yield ok("kubevirt", _described(registry))
    for note in found.loaded.notes:
        yield warn("kubevirt", note, "wait for the roll-out to end, or correct the CR; until then rules check as for the newest KubeVirt")
    yield from _overhead(registry, snapshot)
    reachable = {pod: probe for pod, probe in snapshot.probes.items() if not probe.unreachable}
    version = version_of(objects, "")
    yield from grouped((pod, _served(probe, registry, version)) for pod, probe in reachable.items())
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


def _served(probe: PodProbe, registry: Registry, version: str) -> Result:
    served = probe.registry.value
    if served is None:
        return unseen("registry", probe.registry, "its registry")
    if not served.known:
        return fail(
            "registry", "it does not know the registered plugins, and does not check their names", "look at its log: may it list kubevirts?"
        )
    more, less = sorted(served.plugins.keys() - registry.plugins.keys()), sorted(registry.plugins.keys() - served.plugins.keys())
    if more or less:
        lists = [f"it lacks {', '.join(less)}"] * bool(less) + [f"it still has {', '.join(more)}"] * bool(more)
        remedy = "run the doctor again; if the result is the same, restart the pod and look at its log"
        return fail("registry", " and ".join(lists), remedy)
    if served.version != version:
        return ok("registry", f"the cluster's plugins, at resourceVersion {served.version} (now {version})")
    return ok("registry", f"the cluster's plugins, at resourceVersion {version}")


def _ages(snapshot: Snapshot) -> Iterator[Result]:
    ages = {pod: probe.registry.value.age_seconds for pod, probe in snapshot.probes.items() if probe.registry.value is not None}
    for pod, seconds in ages.items():
        if seconds > _OLD_SECONDS:
            found = f"{pod}: it has not read the KubeVirt CR for {age(seconds)}"
            yield warn("registry", found, "look at its log: the API server may not answer it")
    if snapshot.pods.value is None:
        yield unseen("registry", snapshot.pods, "the registries of the pods")
    elif not snapshot.probes:
        yield unknown("registry", "no pod runs whose registry could be read")
