import msgspec
import pytest

from webhook.explain.ruledoc import HEADINGS, facts, group_title, grouped, rule_doc, upstream, versions
from webhook.kube.version import Version, parse_version
from webhook.rules import RULES
from webhook.rules.base import Group, Rule
from webhook.rules.bindings.masquerade_without_pod_network import RULE


def test_a_docstring_is_taken_apart_into_title_and_sections() -> None:
    doc = rule_doc(RULE)
    assert doc.title == "A masquerade interface is not connected to the pod network."
    assert tuple(section.heading for section in doc.sections) == HEADINGS
    assert doc.section("Accepted").splitlines()[0] == "interfaces: [{name: blue, bridge: {}}]"


def test_a_heading_that_is_not_there_has_no_text() -> None:
    assert rule_doc(RULE).section("How") == ""


@pytest.mark.parametrize(
    ("since", "until", "short", "words"),
    [
        (None, None, "all", "all"),
        ("0.1", None, "all", "all"),
        ("1.1.1", None, "1.1.1+", "1.1.1 and later"),
        (None, "1.5", "<1.5", "before 1.5"),
        ("1.1", "1.5", "1.1+ <1.5", "1.1 and later, before 1.5"),
    ],
)
def test_the_versions_that_a_rule_holds_for_are_told_in_short_and_in_words(
    since: str | None, until: str | None, short: str, words: str
) -> None:
    rule = rule_with(since=parsed(since), until=parsed(until))
    assert versions(rule) == short
    assert dict(facts(rule))["KubeVirt versions"] == words


@pytest.mark.parametrize(
    ("since", "short", "words"),
    [(None, "never", "does not refuse it"), ("0.1", "all", "refuses it in all releases"), ("1.9", "1.9+", "refuses it since 1.9")],
)
def test_since_when_kubevirt_refuses_the_same_is_told_in_short_and_in_words(since: str | None, short: str, words: str) -> None:
    rule = rule_with(upstream_since=parsed(since))
    assert upstream(rule) == short
    assert dict(facts(rule))["KubeVirt's webhook"] == words


def test_what_cannot_be_decoded_is_refused_before_any_webhook_is_asked() -> None:
    rule = msgspec.structs.replace(RULE, group=Group.SHAPE)
    assert upstream(rule) == "by the API server"
    assert dict(facts(rule))["KubeVirt's webhook"].startswith("is not called")


def test_each_group_has_a_title_and_keeps_the_order_of_the_table() -> None:
    groups = grouped(RULES)
    assert [rule for members in groups.values() for rule in members] == sorted(RULES, key=lambda rule: list(groups).index(rule.group))
    assert all(group_title(members).startswith("Rules about ") for members in groups.values())


def rule_with(*, since: Version | None = None, until: Version | None = None, upstream_since: Version | None = None) -> Rule:
    return msgspec.structs.replace(RULE, since=since, until=until, upstream_since=upstream_since)


def parsed(text: str | None) -> Version | None:
    return parse_version(text) if text is not None else None
