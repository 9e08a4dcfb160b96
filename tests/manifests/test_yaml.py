import json

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from webhook.errors import UnreadableError

from .asserts import assert_unreadable
from .builders import data
from .reference import reference
from .strategies import VALUES, plain_texts, texts


@given(VALUES, st.booleans())
def test_what_pyyaml_writes_is_read_back(value: object, flow: bool) -> None:  # noqa: FBT001 - hypothesis draws it
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    assert data(text) == yaml.safe_load(text)


@given(VALUES)
def test_json_is_read_as_json(value: object) -> None:
    assert data(json.dumps(value), json=True) == value
    assert data(json.dumps([value], indent="\t")) == [value]


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(texts())
def test_any_text_is_data_or_an_error_with_its_place(text: str) -> None:
    value = outcome(text)
    if isinstance(value, UnreadableError):
        assert value.line in range(1, text.count("\n") + 2)
    else:
        assert json.loads(json.dumps(value, allow_nan=False)) == value


_OURS = (
    "is written twice",
    "cannot be a key",
    "unknown tag",
    "inside its own anchor",
    "is no !!",
    "is no number that JSON",
    "the value of <<",
)


@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(texts() | plain_texts())
def test_a_document_means_what_pyyaml_makes_of_it_or_is_refused_for_a_reason_of_our_own(text: str) -> None:
    assume(text.count("&x") < 2)  # PyYAML lets nobody set an anchor again
    value = outcome(text)
    if not isinstance(value, UnreadableError):
        assert value == reference(text)
    elif not any(reason in value.message for reason in _OURS):
        assert reference(text) is None


def outcome(text: str) -> object:
    try:
        return data(text)
    except UnreadableError as error:
        return error


@pytest.mark.parametrize(
    ("key", "text"),
    [("1", "1"), ("0x10", "16"), ("1.5", "1.5"), ("true", "true"), ("no", "false"), ('"yes"', "yes"), ("2001-01-01", "2001-01-01")],
)
def test_keys_become_strings_as_in_json(key: str, text: str) -> None:
    assert data(f"{key}: x") == {text: "x"}


@pytest.mark.parametrize("key", ["null", "~", "? [a]", "? {a: b}", "? "])
def test_what_cannot_be_a_key_is_reported(key: str) -> None:
    with pytest.raises(UnreadableError, match="cannot be a key"):
        data(f"{key}\n: x" if key.startswith("?") else f"{key}: x")


def test_a_duplicate_key_is_reported_with_both_places() -> None:
    assert_unreadable("a:\n  b: 1\n  b: 2\n", 'key "b" is written twice; the first time at line 12, column 3', at=(13, 3), line=11)
    assert_unreadable('{"a": 1,\n "a": 2}', 'key "a" is written twice; the first time at line 1, column 2', at=(2, 2), json=True)
    assert_unreadable("1: x\n'1': y\n", 'key "1" is written twice', at=(2, 1))


def test_anchors_and_merge_keys_work() -> None:
    assert data("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n") == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2}}
    assert data("a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne:\n  <<: [*x, *y]\n") == {"a": {"b": 1}, "c": {"b": 2, "d": 3}, "e": {"b": 1, "d": 3}}


def test_a_quoted_merge_key_is_a_key_like_others() -> None:
    assert data("'<<': {a: 1}") == {"<<": {"a": 1}}


def test_of_a_merge_and_a_key_the_later_wins_as_for_kubectl() -> None:
    assert data("{<<: {a: 1}, a: 2}") == {"a": 2}
    assert data("{a: 2, <<: {a: 1}}") == {"a": 1}


def test_a_merge_of_something_else_is_reported() -> None:
    assert_unreadable("<<: 1\n", "the value of << must be a mapping", at=(1, 5))


def test_an_anchor_may_be_set_again() -> None:
    assert data("[&x 1, *x, &x 2, *x]") == [1, 1, 2, 2]


def test_an_unknown_alias_and_one_inside_its_anchor_are_reported() -> None:
    assert_unreadable("a: *x", "alias *x has no anchor &x before it", at=(1, 4))
    assert_unreadable("a: &x\n  b: *x\n", "alias *x is inside its own anchor &x", at=(2, 6))


def test_a_document_of_comments_is_null() -> None:
    assert data("# nothing\n") is None


def test_a_second_document_is_reported() -> None:
    assert_unreadable("a: 1\n--- \nb: 2\n", "another document starts here", at=(2, 1))
    assert_unreadable("a: 1\r---\rb: 2\r", "another document starts here", at=(1, 6))


def test_a_bom_crlf_and_directives_are_no_matter() -> None:
    assert data("\ufeffa: 1\r\nb: é\r\n") == {"a": 1, "b": "é"}
    assert data("%YAML 1.1\n---\na: 1\n") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("a:\n\tb: 1\n", "a tab cannot indent", (2, 1)),
        ("a: @x\n", 'a value cannot begin with "@"', (1, 4)),
        ("a: b: c\n", "': ' is not allowed here; quote", (1, 5)),
        ("a: 1\n b: 2\n", "': ' is not allowed here", (2, 3)),
        ("a:\n  b: 1\n c: 2\n", "a key was expected here", (3, 2)),
        ("- 1\na: 2\n", "a '- ' was expected here", (2, 1)),
        ("a:\n  'x\n", "the document ends inside this value (while scanning a quoted scalar that starts at line 2, column 3)", (3, 1)),
        ('a: "\\q"\n', "unknown escape after \\", (1, 5)),
        ("a: [1, 2\nb: 3\n", "expected ',' or ']'", (2, 2)),
        ("a: - 1\n", "'- ' is not allowed here", (1, 4)),
        ("é: é\nü: b: c\n", "': ' is not allowed", (2, 5)),
        ("a: 1\nb: \x01\n", "character U+0001 is not allowed", (2, 4)),
        ("%YAML 3.0\n---\na: 1\n", "incompatible", (1, 1)),
    ],
)
def test_a_violation_is_reported_in_plain_words_with_its_place(text: str, message: str, at: tuple[int, int]) -> None:
    assert_unreadable(text, message, at=at)


def test_a_byte_that_is_not_utf_8_is_reported() -> None:
    assert_unreadable(b"a: 1\nb: caf\xe9\n", "byte 0xe9 is not UTF-8", at=(2, 7))


@pytest.mark.parametrize(
    "text", ["a: {{ .Values.x }}\n", "{{- if .Values.x }}\na: 1\n{{- end }}\n", "a: 1\n{% if x %}\nb: 1\n", '{{ include "x" . }}\n']
)
def test_an_unrendered_template_is_recognised(text: str) -> None:
    with pytest.raises(UnreadableError, match="render it first"):
        data(text)


def test_braces_in_a_string_make_no_template() -> None:
    with pytest.raises(UnreadableError) as caught:
        data('a: "{{ $labels.pod }}"\nb: c: d\n')
    assert "render" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ('{"a": 1, b: 2}', "not valid JSON: Expecting property name", (1, 10)),
        ('{\n "a": tru}', "not valid JSON: Expecting value", (2, 7)),
        ('{"a": 1}\n{"b": 2}', "text after the end of the JSON document", (2, 1)),
        ("{'a': 1}", "not valid JSON", (1, 2)),
        ("a: 1", "not valid JSON", (1, 1)),
        ('{"a": NaN}', "NaN is no number", (1, 7)),
        ('{"a": [-Infinity]}', "-Infinity is no number", (1, 8)),
        ('{"a": 1e999}', "1e999 is no number", (1, 7)),
    ],
)
def test_json_is_read_strictly(text: str, message: str, at: tuple[int, int]) -> None:
    assert_unreadable(text, message, at=at, json=True)


def test_json_under_another_name_is_read_as_json_where_it_is_and_as_yaml_where_it_is_not() -> None:
    assert data('\t{\n\t"a": [1, 2.5, "x\\/y"]\n}') == {"a": [1, 2.5, "x/y"]}
    assert data("{a: 1, b: [x]}") == {"a": 1, "b": ["x"]}


def test_escaped_surrogates_in_json_are_read_as_go_reads_them() -> None:
    assert data('{"a": "\\ud83d\\ude00", "b": "\\ud800x", "c": true}', json=True) == {"a": "\U0001f600", "b": "\ufffdx", "c": True}
