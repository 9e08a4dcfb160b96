"""Build the report of a run: the findings that the baseline does not have, notes and counts."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence

from webhook.check.evaluation import FilesResult, key_of
from webhook.check.settings import Settings
from webhook.errors import UnreadableError, reason_of
from webhook.files import read_file
from webhook.kube.text import number_of
from webhook.kube.version import NEWEST, NEXT, Version
from webhook.plugins.registry import Registry
from webhook.plugins.sources import LoadedRegistry
from webhook.report.findings import Gap, Occurrence, Report
from webhook.rules import RULES
from webhook.rules.base import Action

_MAX_BASELINE_BYTES = 64 * 1024 * 1024


def report(settings: Settings, loaded: Sequence[LoadedRegistry], result: FilesResult, is_evaluated: Callable[[str], bool]) -> Report:
    """The report of a run.

    Args:
        settings: The settings of the run.
        loaded: The registries. The report names only those that an object was checked against, or a single one.
        result: What the files gave.
        is_evaluated: Whether this run checked the file, which a baseline entry names.

    Raises:
        UnreadableError: The baseline is broken.
    """
    used = [each for each in loaded if len(loaded) == 1 or result.registries[key_of(each.registry)]] or loaded[:1]
    registries = [each.registry for each in used]
    skipped = _skipped(registries, settings)
    notes = [
        *dict.fromkeys(note for each in used for note in each.notes),
        *_skipped_notes(skipped),
        *dict.fromkeys(note for registry in registries for note in _version_notes(registry.version)),
        *_unread_notes(result),
    ]
    occurrences: Sequence[Occurrence] = result.occurrences
    if settings.baseline is not None:
        text = _text(settings.baseline, pipe=settings.baseline_may_be_pipe)
        occurrences, stale = _without_known(occurrences, text, settings.baseline, is_evaluated)
        notes += stale
    return Report(
        occurrences=occurrences,
        unreadable=result.unreadable,
        notes=notes,
        counts=result.counts(baselined=len(result.occurrences) - len(occurrences)),
        registry=", ".join(_source_of(registry) for registry in registries),
        version=" and ".join(dict.fromkeys(_version(registry) for registry in registries)),
        gaps=[*_registry_gap(registries, skipped, settings), *_object_gap(result, settings)],
    )


def _without_known(
    occurrences: Sequence[Occurrence], text: str, path: str, is_evaluated: Callable[[str], bool]
) -> tuple[Sequence[Occurrence], list[str]]:
    """The findings that are not in the baseline, and a note about baseline entries of checked files that no longer occur."""
    from webhook.report.baseline import read_baseline  # noqa: PLC0415 - most runs have none

    split = read_baseline(text, path).split(occurrences)
    stale = sum(is_evaluated(entry.file) for entry in split.stale)
    return split.new, [f"{path}: {stale} entries no longer occur; update it with --write-baseline"] if stale else []


def _version(registry: Registry) -> str:
    return str(registry.version) if registry.version is not None else f"unknown, checked as {NEWEST}"


def _skipped(registries: Iterable[Registry], settings: Settings) -> list[str]:
    """The rules that did not run for at least some files, because there was no registry."""
    if all(registry.known for registry in registries):
        return []
    wanted = (rule for rule in RULES if settings.actions.get(rule.name, rule.action) is not Action.OFF)
    return [rule.name for rule in wanted if rule.needs_registry]


def _registry_gap(registries: Sequence[Registry], skipped: Sequence[str], settings: Settings) -> list[Gap]:
    if all(registry.known for registry in registries) or not (skipped or settings.require_registry):
        return []
    what = "no registry was found for some files" if len(registries) > 1 else "no registry was found"
    rules = f", so {number_of(len(skipped), 'rule')} did not run" if skipped else ""
    remedy = (
        "give --registry FILE or a cluster, assign registries to paths in bindguard.yaml, or check the KubeVirt CR together with the files"
    )
    return [Gap(f"{what}{rules}", remedy, fails=settings.require_registry)]


def _object_gap(result: FilesResult, settings: Settings) -> list[Gap]:
    if result.checked:
        return []
    return [Gap("no object was checked", "check paths, exclusions and namespaces", fails=settings.fail_on_nothing)]


def _skipped_notes(skipped: Sequence[str]) -> list[str]:
    return [f"rules that need a registry did not run: {', '.join(skipped)}"] if skipped else []


def _unread_notes(result: FilesResult) -> Iterator[str]:
    for chart, count in (+result.templates).items():
        templates = number_of(count, "Helm template")
        yield f"skipped {templates} in {chart}; check what the chart renders: helm template {shlex.quote(chart)} | bindguard check -"
    if result.unrendered:
        templates = number_of(len(result.unrendered), "template")
        first = result.unrendered[0]
        yield f"skipped {templates}; render them first, then pipe the result to bindguard check -; the first: {first.file}:{first.line}"
    if result.irrelevant:
        documents = number_of(len(result.irrelevant), "document")
        yield f"skipped {documents} that cannot be read, without an object to check; the first: {result.irrelevant[0]}"


def _version_notes(version: Version | None) -> list[str]:
    if version is None or version[:2] <= NEWEST[:2]:
        return []
    if version[:2] == NEXT[:2]:
        return [f"KubeVirt {version} is not released yet: it is checked as planned; the newest release that this program knows is {NEWEST}"]
    return [f"KubeVirt {version} is newer than this program knows: checked as {NEXT}, and feature gates only warn"]


def _source_of(registry: Registry) -> str:
    if not registry.known:
        return "none"
    return f"{registry.source} ({number_of(len(registry.plugins), 'plugin')})"


def _text(path: str, *, pipe: bool) -> str:
    try:
        return read_file(path, max_bytes=_MAX_BASELINE_BYTES, pipe=pipe).decode()
    except UnicodeDecodeError as error:
        raise UnreadableError("cannot read the baseline: it is not UTF-8", file=path) from error
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot read the baseline: {reason_of(error)}", file=path) from error
