"""A run of `check` from settings to report: the composition root of the dry run. Prints nothing but progress, exits never."""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from webhook.check.judging import Judge, Judged
from webhook.check.settings import Settings
from webhook.check.workers import Progress, judge_all
from webhook.errors import UnreadableError
from webhook.intake.registry import Chosen, registry_among, registry_from_file, with_version
from webhook.intake.sources import Source
from webhook.intake.written import NEWEST
from webhook.kube.version import Version
from webhook.manifests.files import find_files
from webhook.plugins.registry import Registry
from webhook.report.findings import Occurrence, Report
from webhook.rules import RULES
from webhook.rules.base import Action
from webhook.rules.plan import plan


def run(settings: Settings, progress: Progress) -> Report:
    """Judge everything that the settings name.

    Raises `RegistryError` when there is no registry to be had that was asked for, and `UnreadableError` for a broken baseline; whatever
    cannot be read among the manifests is told in the report instead.
    """
    with contextlib.ExitStack() as stack:
        sources, missing = _sources(settings, stack)
        chosen = with_version(_registry(settings, sources), settings.kubevirt_version)
        judge = Judge(
            plan(RULES, chosen.registry, settings.actions, upstream_answers=False),
            settings.exclude_namespaces,
        )
        judged = judge_all(judge, sources, settings.jobs, progress)
    judged.unreadable[:0] = missing
    return _report(settings, chosen, judged, sources)


def _sources(settings: Settings, stack: contextlib.ExitStack) -> tuple[list[Source], list[UnreadableError]]:
    sources: list[Source] = []
    missing: list[UnreadableError] = []
    for found in _found(settings, stack):
        if isinstance(found, Source):
            sources.append(found)
        else:
            missing.append(found)
    return sources, missing


def _found(settings: Settings, stack: contextlib.ExitStack) -> Iterator[Source | UnreadableError]:
    names = [path for path in settings.paths if path != "-"]
    if len(names) < len(settings.paths):
        from webhook.check.stdin import spooled  # noqa: PLC0415 - most runs read files

        yield stack.enter_context(spooled(sys.stdin))
    for found in find_files(names, exclude=settings.exclude_paths):
        yield Source(found, found) if isinstance(found, str) else found


def _registry(settings: Settings, sources: Sequence[Source]) -> Chosen:
    if settings.registry is None:
        return registry_among(sources)
    try:
        return registry_from_file(Source(settings.registry, settings.registry))
    except OSError as error:
        raise UnreadableError(error.strerror or str(error), file=settings.registry) from error


def _report(settings: Settings, chosen: Chosen, judged: Judged, sources: Sequence[Source]) -> Report:
    notes = [*chosen.notes, *_skipped_notes(chosen.registry, settings), *_version_notes(chosen.registry.version)]
    occurrences: Sequence[Occurrence] = judged.occurrences
    if settings.baseline is not None:
        occurrences, stale = _without_known(occurrences, settings.baseline, sources)
        notes += stale
    return Report(
        occurrences=occurrences,
        unreadable=judged.unreadable,
        notes=notes,
        counts=judged.counts(baselined=len(judged.occurrences) - len(occurrences)),
        registry=_told(chosen.registry),
        version=str(chosen.registry.version) if chosen.registry.version is not None else f"unknown, judged as {NEWEST}",
    )


def _without_known(occurrences: Sequence[Occurrence], path: str, sources: Sequence[Source]) -> tuple[Sequence[Occurrence], list[str]]:
    """What the baseline does not know, and a note about its entries that no longer occur in the files that were judged."""
    from webhook.report.baseline import read_baseline  # noqa: PLC0415 - most runs have none
    from webhook.report.fingerprint import repository_path  # noqa: PLC0415 - likewise

    split = read_baseline(_text(path), path).split(occurrences)
    files = {repository_path(source.name) for source in sources}
    stale = sum(entry.file in files for entry in split.stale)
    return split.new, [f"{path}: {stale} entries no longer occur; write it anew with --write-baseline"] if stale else []


def _skipped_notes(registry: Registry, settings: Settings) -> list[str]:
    if registry.known:
        return []
    wanted = (rule for rule in RULES if settings.actions.get(rule.name, rule.action) is not Action.OFF)
    skipped = [rule.name for rule in wanted if rule.needs_registry]
    return [f"rules that need a registry did not run: {', '.join(skipped)}"] if skipped else []


def _version_notes(version: Version | None) -> list[str]:
    if version is None or version[:2] <= NEWEST[:2]:
        return []
    return [f"KubeVirt {version} is newer than this program knows: judged as {NEWEST}"]


def _told(registry: Registry) -> str:
    if not registry.known:
        return "none"
    count = len(registry.plugins)
    return f"{registry.source} ({count} plugin{'' if count == 1 else 's'})"


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableError(f"cannot read the baseline: {error.strerror}", file=path) from error
    except UnicodeDecodeError as error:
        raise UnreadableError("cannot read the baseline: it is not UTF-8", file=path) from error
