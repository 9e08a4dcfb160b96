"""Run `check`: find the files, choose their registries, check them, and build the report."""

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence

import msgspec

from webhook.check.ahead import note_ahead, registries_ahead, release_ahead
from webhook.check.build_report import report
from webhook.check.evaluation import Evaluator, key_of
from webhook.check.kustomize import Kustomization, changed_files, kustomizations_of, without_patches
from webhook.check.registries import Registries, registries_of
from webhook.check.settings import Settings
from webhook.check.workers import Progress, evaluate_all
from webhook.errors import UnreadableError
from webhook.files import is_pipe
from webhook.kube.text import number_of
from webhook.loading.sources import Source
from webhook.manifests.files import SkippedLinks, find_files
from webhook.report.findings import Report
from webhook.rules import RULES
from webhook.rules.plan import plan


def run(settings: Settings, progress: Progress) -> Report:
    """Check everything that the settings name.

    Manifests that cannot be read are listed in the report.

    Raises:
        RegistryError: A registry that the settings name cannot be read.
        UnreadableError: The baseline cannot be read.
    """
    if settings.from_cluster:
        from webhook.check.from_cluster import run_from_cluster  # noqa: PLC0415 - only clusters need the client

        return run_from_cluster(settings, progress)
    with contextlib.ExitStack() as stack:
        found, missing, notes = _sources(settings, stack)
        kustomizations = kustomizations_of(found)
        if settings.kustomize:
            found = _with_rendered(found, kustomizations, missing, stack)
        sources, patches = without_patches(found, kustomizations)
        changed = _changed(sources, kustomizations)
        registries = registries_of(settings, sources)
        result = evaluate_all(_evaluator(settings, registries, changed), sources, settings.jobs, progress)
        later = release_ahead(settings, registries)
        if later is not None:
            ahead = evaluate_all(
                _evaluator(settings, registries_ahead(settings, sources, registries, later), changed), sources, settings.jobs, progress
            )
            notes.append(note_ahead(later, registries, result.occurrences, ahead.occurrences))
    result.unreadable[:0] = missing
    written = report(settings, registries.all(), result, _is_one_of(sources))
    return msgspec.structs.replace(written, notes=[*notes, *_patch_notes(patches), *_changed_notes(written, changed), *written.notes])


def _changed(sources: Sequence[Source], kustomizations: Sequence[Kustomization]) -> frozenset[str]:
    files = changed_files(kustomizations)
    return frozenset(source.name for source in sources if files and os.path.abspath(source.name) in files)  # noqa: PTH100 - as named


def _evaluator(settings: Settings, registries: Registries, changed: frozenset[str]) -> Evaluator:
    plans = {key_of(loaded.registry): plan(RULES, loaded.registry, settings.actions, upstream_answers=False) for loaded in registries.all()}
    special = {name: plans[key_of(loaded.registry)] for name, loaded in registries.special.items()}
    return Evaluator(plans[key_of(registries.default.registry)], settings.exclude_namespaces, special, changed)


def _patch_notes(patches: Sequence[Source]) -> list[str]:
    if not patches:
        return []
    files = f"skipped {number_of(len(patches), 'patch file')} of kustomizations; the first: {patches[0].name}"
    return [f"{files}; check the rendered objects with --kustomize, or with kubectl kustomize DIRECTORY | bindguard check -"]


def _changed_notes(written: Report, changed: frozenset[str]) -> list[str]:
    files = [name for name in dict.fromkeys(occurrence.file for occurrence in written.occurrences) if name in changed]
    if not files:
        return []
    return [f"findings in {files[0]} and other files that kustomizations patch are warnings; check the rendered objects with --kustomize"]


def _with_rendered(
    sources: Sequence[Source], kustomizations: Sequence[Kustomization], missing: list[UnreadableError], stack: contextlib.ExitStack
) -> list[Source]:
    """The sources with rendered kustomizations in place of their files; what cannot be rendered is added to `missing`."""
    from webhook.check.rendering import render_roots  # noqa: PLC0415 - most runs render nothing

    rendered = render_roots(kustomizations, stack)
    missing += rendered.problems
    return [source for source in sources if os.path.abspath(source.name) not in rendered.files] + rendered.sources  # noqa: PTH100 - as named


def _sources(settings: Settings, stack: contextlib.ExitStack) -> tuple[list[Source], list[UnreadableError], list[str]]:
    """The files to read, those that cannot be read, and notes about skipped links."""
    sources: list[Source] = []
    missing: list[UnreadableError] = []
    notes: list[str] = []
    for found in _found(settings, stack):
        if isinstance(found, Source):
            sources.append(found)
        elif isinstance(found, SkippedLinks):
            notes.append(str(found))
        else:
            missing.append(found)
    return sources, missing, notes


def _found(settings: Settings, stack: contextlib.ExitStack) -> Iterator[Source | UnreadableError | SkippedLinks]:
    streams = [path for path in dict.fromkeys(settings.paths) if path == "-" or is_pipe(path)]
    if streams:
        from webhook.check.stdin import spooled, spooled_pipe  # noqa: PLC0415 - most runs read files

        for stream in streams:
            yield stack.enter_context(spooled(sys.stdin) if stream == "-" else spooled_pipe(stream))
    names = [path for path in settings.paths if path not in streams]
    for found in find_files(names, exclude=settings.exclude_paths):
        yield Source(found, found) if isinstance(found, str) else found


def _is_one_of(sources: Sequence[Source]) -> Callable[[str], bool]:
    @functools.cache
    def files() -> frozenset[str]:
        from webhook.report.fingerprint import repository_path  # noqa: PLC0415 - most runs have no baseline

        return frozenset(repository_path(source.name) for source in sources)

    return lambda file: file in files()
