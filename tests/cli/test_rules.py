import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from webhook.cli.rules import command
from webhook.explain.ruledoc import rule_doc
from webhook.explain.rules_page import page
from webhook.rules import RULE_NAMED, RULES


def test_each_rule_is_listed_once_with_its_action_and_its_title() -> None:
    lines = rules().output.splitlines()
    listed = [line.split() for line in lines if line.startswith("  ") and line.split()[0] in RULE_NAMED]
    assert sorted(words[0] for words in listed) == sorted(RULE_NAMED)
    assert all(words[1] == RULE_NAMED[words[0]].action for words in listed)
    text = " ".join(rules(width=140).output.split())
    assert all(rule_doc(rule).title in text for rule in RULES)


def test_the_columns_stand_under_their_headings() -> None:
    header, *lines = rules().output.splitlines()
    at = header.index("ACTION")
    starts = [line[at - 1 : at + 3] for line in lines if line[:3].strip() and line[:2] == "  "]
    assert starts
    assert set(starts) <= {" den", " war", " off"}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_title_is_wrapped_to_the_terminal(width: int) -> None:
    titles = [line for line in rules(width=width).output.splitlines() if line.startswith("      ")]
    assert titles
    assert max(len(line) for line in titles) <= width


def test_json_shows_every_fact_of_the_table() -> None:
    records: list[dict[str, Any]] = json.loads(rules("--output", "json").output)
    assert [record["name"] for record in records] == [rule.name for rule in RULES]
    masquerade = next(record for record in records if record["name"] == "masquerade-without-pod-network")
    explanation = masquerade.pop("explanation")
    assert masquerade == {
        "name": "masquerade-without-pod-network",
        "group": "bindings",
        "action": "deny",
        "summary": "A masquerade interface is not connected to the pod network.",
        "since": None,
        "until": None,
        "upstreamSince": "0.1",
        "needsRegistry": False,
    }
    assert explanation["what"].startswith("An interface has `masquerade: {}`")
    assert sorted(explanation) == ["accepted", "refused", "source", "what", "why"]


def test_markdown_is_the_page_docs_rules_md() -> None:
    assert rules("--output", "markdown").output == page(RULES)


def test_an_unknown_output_is_a_usage_error() -> None:
    shown = rules("--output", "xml")
    assert shown.exit_code == 2
    assert "'xml' is not one of 'text', 'json', 'markdown'" in shown.output


def rules(*arguments: str, width: int = 80) -> Result:
    return CliRunner(env={"COLUMNS": str(width)}).invoke(command, arguments)
