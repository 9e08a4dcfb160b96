"""Choose the registry for each file: one for all files, or one per cluster of a repository."""

# ruff: noqa: PTH100, PTH120 - names stay as the user wrote them; pathlib would change them

import os
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from webhook.check.evaluation import key_of
from webhook.check.settings import RegistryOfPaths, Settings
from webhook.kube.version import Version
from webhook.loading.registry import NONE_FOUND, FoundCR, crs_among, registry_from_file
from webhook.loading.sources import Source, registry_source
from webhook.manifests.globs import exclusion
from webhook.plugins.registry import unknown_registry
from webhook.plugins.sources import LoadedRegistry, is_kubevirt, registry_from

_PLACES_SHOWN = 3
_HOW_TO_CHOOSE = "choose with --registry, or assign registries to paths in bindguard.yaml"


class Registries(msgspec.Struct, frozen=True):
    """The registries of a run.

    Attributes:
        default: The registry of every file that is not in `special`.
        special: Registries of single files, by name of the source.
    """

    default: LoadedRegistry
    special: Mapping[str, LoadedRegistry] = {}

    def all(self) -> list[LoadedRegistry]:
        """All registries, each once, the default first."""
        return list({key_of(loaded.registry): loaded for loaded in (self.default, *self.special.values())}.values())


def registries_of(settings: Settings, sources: Sequence[Source]) -> Registries:
    """The registry for each source: the one in the settings, for its path or for all files; else the nearest CR.

    Raises:
        RegistryError: A registry that the settings name cannot be used.
    """
    chosen = {} if settings.registry_is_flag or settings.cluster is not None else _by_paths(settings.registries, sources)
    others = [source for source in sources if source.name not in chosen]
    rest = _of_all(settings) or _nearest(others, settings.kubevirt_version)
    return Registries(rest.default, {**rest.special, **chosen})


def _of_all(settings: Settings) -> Registries | None:
    version = settings.kubevirt_version
    if settings.registry is not None:
        return Registries(registry_from_file(registry_source(settings.registry, pipe=settings.registry_is_flag), version))
    if settings.cluster is None:
        return None
    from webhook.check.cluster_registry import live_registry  # noqa: PLC0415 - only clusters need the client

    return Registries(live_registry(settings.cluster).at_version(version))


def _by_paths(entries: Iterable[RegistryOfPaths], sources: Iterable[Source]) -> dict[str, LoadedRegistry]:
    """The registries that the configuration assigns to paths; the first entry that matches a file wins."""
    chosen: dict[str, LoadedRegistry] = {}
    for entry in entries:
        matches = exclusion(entry.paths)
        names = [
            source.name
            for source in sources
            if source.name not in chosen and matches is not None and matches.match(os.path.relpath(source.file, entry.base))
        ]
        if names:
            loaded = registry_from_file(registry_source(entry.registry, pipe=False), entry.kubevirt_version)
            chosen |= dict.fromkeys(names, loaded)
    return chosen


def _nearest(sources: Sequence[Source], version: Version | None) -> Registries:
    """For each source the nearest KubeVirt or HyperConverged CR among all sources."""
    crs = crs_among(sources)
    if len(crs) == 1:
        return Registries(_load(crs[0], version))
    if not crs:
        return Registries(LoadedRegistry(registry=unknown_registry(version), notes=(NONE_FOUND,)))
    nearest = _Nearest(crs, version)
    of_sources = {source.name: nearest.of(source.file) for source in sources}
    return Registries(nearest.of(""), of_sources)


class _Nearest:
    """Finds the nearest CR: in the file itself, else in or below its directory, else in or below the next parent directory, and so on."""

    def __init__(self, crs: Iterable[FoundCR], version: Version | None) -> None:
        self._version = version
        self._loaded: dict[str, LoadedRegistry] = {}
        self._in_file: dict[str, list[FoundCR]] = {}
        self._in_directory: dict[str, list[FoundCR]] = {}
        self._below: dict[str, list[FoundCR]] = {}
        self._scopes: dict[str, list[FoundCR]] = {}
        for cr in crs:
            file = os.path.abspath(cr.file)
            directory = os.path.dirname(file)
            self._in_file.setdefault(file, []).append(cr)
            self._in_directory.setdefault(directory, []).append(cr)
            for above in _upwards(directory):
                self._below.setdefault(above, []).append(cr)

    def of(self, file: str) -> LoadedRegistry:
        """The registry for a file; an unknown one with a note if several CRs are equally near."""
        path = os.path.abspath(file)
        own = self._in_file.get(path, [])
        found = _preferred(own) if len(_preferred(own)) == 1 else self._scope(os.path.dirname(path))
        places = ", ".join(cr.place for cr in found[:_PLACES_SHOWN])
        if places not in self._loaded:
            self._loaded[places] = _load(found[0], self._version) if len(found) == 1 else self._ambiguous(found, places)
        return self._loaded[places]

    def _ambiguous(self, crs: Sequence[FoundCR], places: str) -> LoadedRegistry:
        more = f" and {len(crs) - _PLACES_SHOWN} more" if len(crs) > _PLACES_SHOWN else ""
        note = f"several registries are equally near to some files, which are checked without one: {places}{more}; {_HOW_TO_CHOOSE}"
        registry = msgspec.structs.replace(unknown_registry(self._version), source=f"one of {places}{more}")
        return LoadedRegistry(registry=registry, notes=(note,))

    def _scope(self, directory: str) -> list[FoundCR]:
        if directory not in self._scopes:
            scopes = (self._in_directory.get(above) or self._below.get(above) for above in _upwards(directory))
            self._scopes[directory] = _preferred(next((scope for scope in scopes if scope), []))
        return self._scopes[directory]


def _preferred(crs: list[FoundCR]) -> list[FoundCR]:
    """The KubeVirt CRs if there are any, else the HyperConverged CRs: HCO creates the KubeVirt CR."""
    return [cr for cr in crs if is_kubevirt(cr.obj)] or crs


def _upwards(directory: str) -> Iterable[str]:
    yield directory
    while (parent := os.path.dirname(directory)) != directory:
        directory = parent
        yield directory


def _load(cr: FoundCR, version: Version | None) -> LoadedRegistry:
    return registry_from(cr.obj, source=cr.place, lenient=True, version=version)
