"""Check the objects of a cluster (`--from-cluster`): which kinds, in which order, and notes about kinds that cannot be listed."""

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from webhook.check.ahead import note_ahead, registries_ahead, release_ahead
from webhook.check.build_report import report
from webhook.check.cluster_evaluation import SCHEME, ClusterEvaluator
from webhook.check.cluster_registry import live_kubevirt, with_api_server
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
"""Group, kind and versions of everything that is checked; owners come before the objects that they own."""

_FATAL = frozenset({"unauthorized", "unreadable"})
"""Reasons for which every other request would fail too."""


def run_from_cluster(settings: Settings, progress: Progress) -> Report:
    """Check the objects of the cluster that the settings name.

    A kind that may not be listed is reported as unreadable, and the others are checked.

    Raises:
        UsageError: There is no such kubeconfig, context or namespace.
        RegistryError: The cluster has no registry.
        UnreadableError: The API server does not answer.
    """
    assert settings.cluster is not None  # noqa: S101 - Flags sets it together with from_cluster
    return with_api_server(settings.cluster, lambda api: _run(api, settings, progress))


async def _run(api: ApiServer, settings: Settings, progress: Progress) -> Report:
    for namespace in settings.namespaces:
        await _must_exist(api, namespace)
    loaded = await _registry(api, settings)
    now = Registries(loaded)
    later = release_ahead(settings, now)
    evaluator = _evaluator(settings, loaded)
    ahead = [] if later is None else [_evaluator(settings, registries_ahead(settings, (), now, later).default)]
    notes = [note async for note in _evaluated(api, [evaluator, *ahead], settings, progress)]
    notes += [note_ahead(later, now, evaluator.result.occurrences, each.result.occurrences) for each in ahead if later]
    if evaluator.reported_at_owner:
        left_out = number_of(evaluator.reported_at_owner, "finding")
        notes.append(f"{left_out} left out, because the object's owner (a pool, VM or replica set) has the same")
    with_notes = msgspec.structs.replace(loaded, notes=(*loaded.notes, *notes))
    return report(settings, [with_notes], evaluator.result, _is_evaluated(settings.namespaces))


def _evaluator(settings: Settings, loaded: LoadedRegistry) -> ClusterEvaluator:
    rules = plan(RULES, loaded.registry, settings.actions, upstream_answers=False)
    return ClusterEvaluator(rules, settings.exclude_namespaces)


async def _must_exist(api: ApiServer, namespace: str) -> None:
    """Refuse a namespace that does not exist, as a mistyped name would look clean. Without permission to read namespaces, go on."""
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
    """Check every kind that the cluster serves, and yield notes about the others."""
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
        yield f"not served by this cluster, so not checked: {', '.join(absent)}"


async def _evaluate_kind(
    api: ApiServer, evaluators: Sequence[ClusterEvaluator], resource: Resource, namespaces: Sequence[str], progress: Progress
) -> AsyncIterator[str]:
    result = evaluators[0].result
    newer_state = False
    for namespace in namespaces or (None,):
        try:
            async for page in pages(api, resource.path(namespace)):
                for evaluator in evaluators:
                    evaluator.evaluate_items(page.items, resource.api_version, resource.kind)
                newer_state |= page.newer_state
                progress(result.documents, result.documents + page.remaining)
        except ApiError as error:
            if error.reason in _FATAL or not error.status:
                raise
            result.unreadable.append(UnreadableError(not_listed(error, resource), file=f"{SCHEME}{_scope(namespace)}{resource.kind}"))
    if newer_state:
        yield f"listing {resource.plural} outlived its resource version (410 Gone): objects that changed meanwhile may be missing"


def _scope(namespace: str | None) -> str:
    return "" if namespace is None else f"{namespace}/"


def _is_evaluated(namespaces: Sequence[str]) -> Callable[[str], bool]:
    """Whether this run checked the object that a baseline entry names."""
    prefixes = tuple(f"{SCHEME}{namespace}/" for namespace in namespaces) or SCHEME
    return lambda file: file.startswith(prefixes)
