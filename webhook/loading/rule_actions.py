"""Select rules in flags and configuration files, by name, group or glob; `*` is every rule."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from webhook.errors import UsageError
from webhook.kube.text import quoted
from webhook.plugins.suggestions import meant
from webhook.rules import RULE_NAMED, RULES
from webhook.rules.base import Action, Group

_WILDCARDS = "*?"
_MAX_LENGTH = 63
"""Longest glob, in characters; no rule has a longer name."""
_GROUPS = frozenset(Group)


def named_by(entry: str) -> tuple[str, ...]:
    """The rules that an entry names, in reporting order."""
    if entry in RULE_NAMED:
        return (entry,)
    if entry in _GROUPS:
        return tuple(rule.name for rule in RULES if rule.group == entry)
    if not _is_glob(entry) or "[" in entry or len(entry) > _MAX_LENGTH:
        return ()
    return tuple(name for name in RULE_NAMED if fnmatchcase(name, entry))


def checked_rules(entry: str, where: str) -> tuple[str, ...]:
    """The rules that an entry at `where` names; `UsageError`, with the nearest name, when there are none."""
    if found := named_by(entry):
        return found
    what = f"no rule matches {quoted(entry)}" if _is_glob(entry) else f"there is no rule {quoted(entry)}"
    guess = meant(entry.strip(_WILDCARDS + "-"), [*RULE_NAMED, *_GROUPS])
    raise UsageError(f"{where}: {what}{guess}; a rule, a group ({', '.join(Group)}) or a glob is needed (see: bindguard rules)")


def actions_by_rule(configured: Mapping[str, Action]) -> dict[str, Action]:
    """The action of each rule that is named. The most specific entry wins, and the last of equally specific ones."""
    actions: dict[str, Action] = {}
    for entry in sorted(configured, key=_specificity):
        actions |= dict.fromkeys(named_by(entry), configured[entry])
    return actions


def rules_in(texts: Iterable[str], where: str) -> tuple[str, ...]:
    """The rules that comma-separated entries name; `UsageError` for an entry that names none."""
    entries = (entry.strip() for text in texts for entry in text.split(","))
    return tuple(name for entry in entries if entry for name in checked_rules(entry, where))


def _specificity(entry: str) -> tuple[bool, int]:
    """A rule's name is more specific than a group or glob, a longer one of these more than a shorter one, and `*` the least."""
    return entry in RULE_NAMED, len(entry) - sum(map(entry.count, _WILDCARDS))


def _is_glob(entry: str) -> bool:
    return any(character in entry for character in _WILDCARDS)
