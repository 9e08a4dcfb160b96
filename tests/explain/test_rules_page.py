import re
from pathlib import Path

from webhook.explain.rules_page import COMMAND, page
from webhook.rules import RULES

RULES_MD = Path(__file__).parents[2] / "docs" / "rules.md"


def test_docs_rules_md_is_what_the_rules_say() -> None:
    written = RULES_MD.read_text(encoding="utf-8") if RULES_MD.is_file() else None
    assert written == page(RULES), f"docs/rules.md is out of date; make it anew: {COMMAND}"


def test_each_rule_has_a_section_and_an_entry_in_the_contents_that_leads_there() -> None:
    text = page(RULES)
    headings = re.findall(r"^### (.+)$", text, re.MULTILINE)
    links = re.findall(r"^    - \[.+\]\(#([^)]+)\)", text, re.MULTILINE)
    assert headings == links
    assert sorted(headings) == sorted(rule.name for rule in RULES)


def test_each_link_in_the_contents_leads_to_a_heading() -> None:
    text = page(RULES)
    anchors = {heading.lower() for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\(#([^)]+)\)", text)) <= anchors


def test_examples_stand_in_fences_of_yaml() -> None:
    text = page(RULES)
    assert text.count("```yaml\n") == 2 * len(RULES)
    assert text.count("```") == 4 * len(RULES)


def test_prose_holds_no_html_and_no_stray_emphasis() -> None:
    prose = re.sub(r"```yaml\n.*?```|`[^`]*`|^<!--.*-->$|\*\*[A-Z][a-z]+\*\*", "", page(RULES), flags=re.DOTALL | re.MULTILINE)
    assert re.findall(r"(?<!\\)[<>*]", prose) == []
