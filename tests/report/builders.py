"""The smallest reports that make a test a sentence."""

from collections.abc import Sequence
from typing import Any

from webhook.errors import UnreadableError
from webhook.kube.fieldpath import Path
from webhook.report.findings import Counts, Gap, ObjectRef, Occurrence, Report, RuleInfo
from webhook.report.formats import render as render_with_rules
from webhook.rules.base import Action, Finding

FIELD: Path = ("spec", "template", "spec", "domain", "devices", "interfaces", 0, "binding", "name")
FIELD_TEXT = "spec.template.spec.domain.devices.interfaces[0].binding.name"
FIELD_BY_NAME = 'spec.template.spec.domain.devices.interfaces["blue"].binding.name'
LINE = "              name: pastt"

RULES = (
    RuleInfo("no-binding", "An interface has no binding.", "An interface has no binding.\n\nWhat\n    Nothing\n    is set.\n", Action.WARN),
    RuleInfo("unregistered-plugin", "Nobody registered the plugin.", "Nobody registered the plugin.", Action.DENY),
    RuleInfo(
        "reserved-mac",
        "The MAC is taken.",
        "The MAC is taken.\n\nWhat\n    A MAC.\n\nWhy\n    It\n    clashes.\n\nRefused\n    x\n",
        Action.OFF,
    ),
)

HOSTILE = (
    "line one\nline two\r\nline three\rend",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J",
    "::error file=a.yaml,line=1::pwned\n::stop-commands::x ##[error]y %0A::add-mask::z",
    "]]></failure><x/> <!-- & \" ' --> <![CDATA[",
    "nul \x00 vertical \x0b feed \x0c delete \x7f \ufffe \uffff \u2028 \u0085",
    "lone \ud800 high, \udc80 low, \ude00\ud83d swapped",
    "emoji \U0001f600 family \U0001f468\u200d\U0001f469 e\u0301 \u7f51\u7edc",
    "\u202egnp.exe\u202c \u2066\u05e9\u05dc\u05d5\u05dd\u2069 \u200f",
    "x" * 10_000,
    "- &a [*a, {b: !!python/object:os.system c}] # ? | > %YAML @ `",
    "",
    "\t",
    "{0} {{}} [click](http://example.com) **bold**",
)


def occurrence(
    file: str = "shop/web.yaml",
    *,
    line: int = 14,
    column: int = 21,
    length: int = 5,
    source_line: str = LINE,
    namespace: str = "shop",
    name: str = "web-01",
    rule: str = "unregistered-plugin",
    severity: Action = Action.DENY,
    path: Path = FIELD,
    field: str = FIELD_BY_NAME,
    message: str = 'no binding plugin named "pastt" is registered; did you mean "passt"?',
    accepted: str = 'registered are "passt"',
    for_admin: str = "",
) -> Occurrence:
    """A finding at its place; `occurrence(message="...")`."""
    finding = Finding(rule, severity, path, message, accepted, for_admin)
    return Occurrence(file, line, column, length, source_line, ObjectRef("VirtualMachine", namespace, name), finding, field)


def warning(file: str = "shop/web.yaml", *, line: int = 14, column: int = 21) -> Occurrence:
    """A finding that warns."""
    about: dict[str, Any] = {"rule": "no-binding", "path": FIELD[:7], "message": "no binding", "accepted": "set one"}
    return occurrence(file, line=line, column=column, severity=Action.WARN, **about)


def hostile(text: str) -> Occurrence:
    """A finding that says `text` wherever a manifest or a file name can."""
    return occurrence(
        text, source_line=text, namespace=text, name=text, path=("spec", text, 0), field=text, message=text, accepted=text, column=1
    )


def report(
    *occurrences: Occurrence,
    unreadable: Sequence[UnreadableError] = (),
    notes: Sequence[str] = (),
    gaps: Sequence[Gap] = (),
    **counts: int,
) -> Report:
    """A report; `report(occurrence(), checked=2)`."""
    looked_at = Counts(**({"files": 2, "documents": 5, "checked": 3, "passed_over": 2} | counts))
    return Report(occurrences, unreadable, notes, looked_at, registry="kubevirt.yaml (1 plugin)", version="1.9", gaps=gaps)


def render(what: Report, output: str, *, colour: bool = False, fail_on: Action = Action.DENY) -> str:
    """The report in one format, with a few rules to describe."""
    return render_with_rules(what, output, rules=RULES, colour=colour, fail_on=fail_on)


BROKEN = UnreadableError("a tab may not indent; use spaces", file="broken.yaml", line=3, column=1)
SECRET = UnreadableError("permission denied", file="secret.yaml")
NAMELESS = UnreadableError("no input")
NO_REGISTRY = Gap("no registry was found, so 3 rules did not run", "give --registry FILE")
NO_OBJECT = Gap("no object was checked", "check the paths", fails=True)
EMPTY = report(gaps=(NO_OBJECT,), files=0, documents=0, checked=0, passed_over=0)
INCOMPLETE = report(gaps=(NO_REGISTRY,))
CLEAN = report()
MIXED = report(occurrence(), warning(), occurrence("other.yaml"), unreadable=(BROKEN, SECRET, NAMELESS), notes=("no version given",))
