"""What a later KubeVirt release would find in addition (`--ahead`), in one note."""

from collections.abc import Iterable, Sequence

import msgspec

from webhook.check.registries import Registries, registries_of
from webhook.check.settings import Settings
from webhook.files import is_pipe
from webhook.kube.text import number_of
from webhook.kube.version import NEWEST, Version
from webhook.loading.sources import Source
from webhook.report.findings import Occurrence
from webhook.rules.base import Action

_PLACES_SHOWN = 10


def release_ahead(settings: Settings, registries: Registries) -> Version | None:
    """The later release to check against, or `None`. Without a version, `--ahead` means the release after that of the default registry."""
    if isinstance(settings.ahead, Version):
        return settings.ahead
    now = registries.default.registry.version or NEWEST
    return Version(now.major, now.minor + 1) if settings.ahead else None


def registries_ahead(settings: Settings, sources: Sequence[Source], now: Registries, later: Version) -> Registries:
    """The registries at the later release. Files are read again, as the plugins that HyperConverged adds depend on the release."""
    if is_pipe(settings.registry) if settings.registry is not None else settings.cluster is not None:
        special = {name: loaded.at_version(later) for name, loaded in now.special.items()}
        return Registries(now.default.at_version(later), special)
    entries = tuple(msgspec.structs.replace(entry, kubevirt_version=later) for entry in settings.registries)
    return registries_of(msgspec.structs.replace(settings, kubevirt_version=later, registries=entries), sources)


def note_ahead(later: Version, registries: Registries, now: Iterable[Occurrence], ahead: Iterable[Occurrence]) -> str:
    """The findings of the later release that are not found now, or only as a warning."""
    if any((loaded.registry.version or NEWEST) >= later for loaded in registries.all()):
        return f"ahead: not checked against KubeVirt {later}: it is not later than the release that is checked already"
    planned = " (as planned, not released yet)" if later[:2] > NEWEST[:2] else ""
    known = {_key(each): each.finding.severity for each in now}
    denied = [each for each in ahead if each.finding.severity is Action.DENY and known.get(_key(each)) is not Action.DENY]
    warned = [each for each in ahead if each.finding.severity is Action.WARN and _key(each) not in known]
    if not denied and not warned:
        return f"ahead: KubeVirt {later}{planned} finds nothing more"
    parts = [
        f"{verb} {number_of(len(found), 'more finding')}: {_places(found)}"
        for verb, found in (("denies", denied), ("warns of", warned))
        if found
    ]
    return f"ahead: KubeVirt {later}{planned} {', and '.join(parts)}"


def _key(occurrence: Occurrence) -> tuple[str, int, int, str]:
    return occurrence.file, occurrence.line, occurrence.column, occurrence.finding.rule


def _places(found: Sequence[Occurrence]) -> str:
    shown = [f"{each.finding.rule} at {each.file}:{each.line}:{each.column} ({each.object})" for each in found[:_PLACES_SHOWN]]
    more = f" and {len(found) - _PLACES_SHOWN} more" if len(found) > _PLACES_SHOWN else ""
    return ", ".join(shown) + more
