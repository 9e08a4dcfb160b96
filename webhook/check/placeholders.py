"""Weaken findings about values with placeholders: `${PARAMETER}`, `{{ template }}`."""

from collections.abc import Iterator

from webhook.admission.ratchet import softened
from webhook.kube.fieldpath import Path, look_up
from webhook.rules.base import Finding
from webhook.vmi.kinds import kind_of


def without_placeholders(findings: list[Finding], obj: object, *, parameters: bool) -> list[Finding]:
    """The findings about an object that hold for every value of its placeholders.

    If interfaces or networks of the VMI spec have placeholders, all findings are warnings. If the interface, network or other value of a
    finding has a placeholder itself, the finding is left out where `parameters` are filled in, and a warning where the text may be literal.
    """
    if not findings:
        return findings
    open_items = {item for item in {_item(finding.path) for finding in findings} if _has_placeholder(look_up(obj, item))}
    if not open_items and not any(_has_placeholder(value) for value in _related(obj)):
        return findings
    return softened(finding for finding in findings if not parameters or _item(finding.path) not in open_items)


def _item(path: Path) -> Path:
    """The path of the interface or network that contains the field, else the path itself."""
    return next((path[: depth + 1] for depth, step in enumerate(path) if isinstance(step, int)), path)


def _related(obj: object) -> Iterator[object]:
    """The interfaces and networks: rules compare them with each other."""
    kind = kind_of(obj)
    if kind is not None:
        yield look_up(obj, (*kind.spec, "domain", "devices", "interfaces"))
        yield look_up(obj, (*kind.spec, "networks"))


def _has_placeholder(value: object) -> bool:
    waiting = [value]  # no recursion: an object may be nested deeper than Python's stack
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "${" in item or "{{" in item:
                return True
        elif isinstance(item, dict | list):
            waiting.extend(item.values() if isinstance(item, dict) else item)
    return False
