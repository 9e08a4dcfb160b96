"""A run over the objects of a cluster: which kinds, in which order, what is said about those that cannot be had."""

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from webhook.check.ahead import note_ahead, registries_ahead, release_ahead
from webhook.check.build_report import report
from webhook.check.cluster_evaluation import SCHEME, ClusterEvaluator
from webhook.check.cluster_registry import asking, live_kubevirt
from webhook.check.registries import Registries
from webhook.check.settings import Settings
from webhook.check.workers import Progress
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.discovery import Discovery, Resource
from webhook.cluster.hints import not_listed
from webhook.cluster.listing import pages
from webhook.errors import UnreadableError, UsageError
from webhook.kube.text import number_of
from webhook.loading.registry import registry_from_file
from webhook.loading.sources import registry_source
from webhook.plugins.sources import LoadedRegistry
from webhook.plugins.sources.hyperconverged import BINDING_IN
from webhook.report.findings import Report
from webhook.rules import RULES
from webhook.rules.plan import plan
from webhook.vmi.kinds import KINDS, split_api_version

_OWNERS_FIRST = (
    "VirtualMachineTemplate",
    "VirtualMachinePool",
    "VirtualMachine",
    "VirtualMachineInstanceReplicaSet",
    "VirtualMachineInstance",
)
_HCO_GROUP = "hco.kubevirt.io"
_READ: Sequence[tuple[str, str, tuple[str, ...]]] = (
    (_HCO_GROUP, "HyperConverged", tuple(split_api_version(each)[1] for each in BINDING_IN)),
    ("kubevirt.io", "KubeVirt", ("v1", "v1alpha3")),
    *((kind.group, kind.name, kind.versions) for name in _OWNERS_FIRST for kind in KINDS if kind.name == name),
)
"""Group, kind and versions of all that is checked, owners before what is made from them."""

_FATAL = frozenset({"unauthorized", "unreadable"})
"""Reasons that hold for whatever else would be asked."""


def run_from_cluster(settings: Settings, progress: Progress) -> Report:
    """Check what the cluster of the settings holds.

    Raises `UsageError` for a kubeconfig, context or namespace that is not there, `RegistryError` when there is no registry, and
    `UnreadableError` when the API server does not answer; a kind that may not be listed is told in the report instead.
    """
    assert settings.cluster is not None  # noqa: S101 - what `Flags` gives
    return asking(settings.cluster, lambda api: _run(api, settings, progress))


async def _run(api: ApiServer, settings: Settings, progress: Progress) -> Report:
    for namespace in settings.namespaces:
        await _must_exist(api, namespace)
    loaded = await _registry(api, settings)
    now = Registries(loaded)
    later = release_ahead(settings, now)
    evaluate_object = _evaluator(settings, loaded)
    ahead = [] if later is None else [_evaluator(settings, registries_ahead(settings, (), now, later).default)]
    notes = [note async for note in _evaluated(api, [evaluate_object, *ahead], settings, progress)]
    notes += [note_ahead(later, now, evaluate_object.evaluated.occurrences, each.evaluated.occurrences) for each in ahead if later]
    if evaluate_object.told_at_owner:
        left_out = number_of(evaluate_object.told_at_owner, "finding")
        notes.append(f"{left_out} left out: the object's owner (a pool, VM or replica set) has the same, and is told")
    told = msgspec.structs.replace(loaded, notes=(*loaded.notes, *notes))
    return report(settings, [told], evaluate_object.evaluated, _is_evaluated(settings.namespaces))


def _evaluator(settings: Settings, loaded: LoadedRegistry) -> ClusterEvaluator:
    rules = plan(RULES, loaded.registry, settings.actions, upstream_answers=False)
    return ClusterEvaluator(rules, settings.exclude_namespaces)


async def _must_exist(api: ApiServer, namespace: str) -> None:
    """A slip in a namespace's name must not look like a clean one; who may not read namespaces is believed."""
    try:
        await api.get(f"/api/v1/namespaces/{namespace}")
    except ApiError as error:
        if error.reason == "not-found":
            raise UsageError(f"--namespace {namespace}: {api.base_url} has no such namespace") from error
        if error.reason != "forbidden":
            raise


async def _registry(api: ApiServer, settings: Settings) -> LoadedRegistry:
    if settings.registry is not None:
        return registry_from_file(registry_source(settings.registry, pipe=settings.registry_is_flag), settings.kubevirt_version)
    return (await live_kubevirt(api)).loaded.at_version(settings.kubevirt_version)


async def _evaluated(api: ApiServer, evaluators: Sequence[ClusterEvaluator], settings: Settings, progress: Progress) -> AsyncIterator[str]:
    """Check every kind that the cluster serves; what must be told about those that it does not."""
    discovery = Discovery(api)
    absent: list[str] = []
    for group, kind, versions in _READ:
        served = await discovery.served(group, kind, versions)
        if served.resource is not None:
            async for note in _evaluate_kind(api, evaluators, served.resource, settings.namespaces, progress):
                yield note
        elif served.versions and not set(served.versions) & set(versions):
            yield f"{kind} is served as {group}/{' or '.join(served.versions)}, which this program does not know: not checked"
        else:
            absent.append(kind)
    if absent:
        yield f"not served by this cluster, so not looked for: {', '.join(absent)}"


async def _evaluate_kind(
    api: ApiServer, evaluators: Sequence[ClusterEvaluator], resource: Resource, namespaces: Sequence[str], progress: Progress
) -> AsyncIterator[str]:
    evaluated = evaluators[0].evaluated
    newer_state = False
    for namespace in namespaces or (None,):
        try:
            async for page in pages(api, resource.path(namespace)):
                for evaluator in evaluators:
                    evaluator.evaluate_items(page.items, resource.api_version, resource.kind)
                newer_state |= page.newer_state
                progress(evaluated.documents, evaluated.documents + page.remaining)
        except ApiError as error:
            if error.reason in _FATAL or not error.status:
                raise
            evaluated.unreadable.append(UnreadableError(not_listed(error, resource), file=f"{SCHEME}{_scope(namespace)}{resource.kind}"))
    if newer_state:
        yield f"listing {resource.plural} took longer than the API server keeps a state: what changed meanwhile may be missing"


def _scope(namespace: str | None) -> str:
    return "" if namespace is None else f"{namespace}/"


def _is_evaluated(namespaces: Sequence[str]) -> Callable[[str], bool]:
    """Whether a baseline's entry is about an object that was looked for."""
    prefixes = tuple(f"{SCHEME}{namespace}/" for namespace in namespaces) or SCHEME
    return lambda file: file.startswith(prefixes)
