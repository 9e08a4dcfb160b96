import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from webhook.kube.fieldpath import Path
from webhook.manifests.locations import locate

from .builders import data, document, place, shown

VM = """\
# comment
spec:
  interfaces:
    - name: default
      masquerade: {}
      bridge:
    - {name: blue, binding: {name: "pastt"}}
  networks: [{name: default,
    pod: {}}]
  text: |
    hello
"""


@pytest.mark.parametrize(
    ("path", "at", "text"),
    [
        ((), (2, 1), "s"),
        (("spec",), (2, 1), "spec"),
        (("spec", "interfaces"), (3, 3), "interfaces"),
        (("spec", "interfaces", 0), (4, 7), "n"),
        (("spec", "interfaces", 0, "name"), (4, 13), "default"),
        (("spec", "interfaces", 0, "masquerade"), (5, 7), "masquerade"),
        (("spec", "interfaces", 0, "bridge"), (6, 7), "bridge"),
        (("spec", "interfaces", 1), (7, 7), "{"),
        (("spec", "interfaces", 1, "binding"), (7, 20), "binding"),
        (("spec", "interfaces", 1, "binding", "name"), (7, 36), '"pastt"'),
        (("spec", "networks", 0, "pod"), (9, 5), "pod"),
        (("spec", "text"), (10, 9), "|"),
    ],
)
def test_a_value_a_key_or_an_item_is_found(path: Path, at: tuple[int, int], text: str) -> None:
    found = place(VM, *path)
    assert (found.line, found.column) == at
    assert shown(found) == text


def test_a_path_that_leads_nowhere_has_the_place_of_its_nearest_ancestor() -> None:
    assert place(VM, "spec", "interfaces", 7, "name") == place(VM, "spec", "interfaces")
    assert place(VM, "spec", "interfaces", 0, "name", "x") == place(VM, "spec", "interfaces", 0, "name")
    assert place(VM, "status") == place(VM)


def test_lines_count_from_the_documents_line_in_the_file() -> None:
    assert place(VM, "spec", line=100).line == 101


def test_text_on_the_marker_line_keeps_its_column() -> None:
    found = place("--- {a: b}\n", "a")
    assert (found.line, found.column, found.source_line) == (1, 9, "--- {a: b}")


def test_columns_count_characters() -> None:
    found = place("{ü: 1, a: é, b: x}\r\n", "b")
    assert (found.line, found.column, found.source_line) == (1, 17, "{ü: 1, a: é, b: x}")


def test_an_alias_is_followed_to_where_the_value_is_written() -> None:
    text = "a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n  e: &y yes\nf: *y\n"
    assert place(text, "c", "b").line == 2
    assert place(text, "d", "b").line == 2
    assert place(text, "c").line == 3
    assert (place(text, "f").line, place(text, "f").column) == (6, 9)


def test_an_anchor_or_tag_before_a_value_is_not_the_value() -> None:
    assert shown(place("a: &x !!str  5\n", "a")) == "5"
    assert shown(place("- &x a: 1\n", 0, "a")) == "1"


def test_a_long_line_is_cut_and_keeps_its_tabs() -> None:
    found = place("a:\tx" + "y" * 1000 + "\n", "a")
    assert len(found.source_line) == 400
    assert found.source_line.startswith("a:\txy")
    assert (found.column, found.length, found.cut) == (4, 1001, 0)


@pytest.mark.parametrize("before", [0, 100, 399, 400, 1000])
@pytest.mark.parametrize("after", [0, 100, 1000])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_of_a_long_line_the_part_around_the_value_is_kept(before: int, after: int, end: str) -> None:
    line = f'{{"b": "{"x" * before}", "a": 17, "c": "{"y" * after}"}}'
    found = place(line + end, "a", json=True)
    assert shown(found) == "17"
    assert found.column == line.index("17") + 1
    assert len(found.source_line) == min(len(line), 400)
    assert line[found.cut :].startswith(found.source_line)


JSON = '{\n\t"spec": {\n\t\t"a": [1, "\\ud83d\\ude00", {"b": null}]\n\t}\n}\n'


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    ("path", "at", "text"),
    [
        (("spec",), (2, 2), '"spec"'),
        (("spec", "a", 0), (3, 9), "1"),
        (("spec", "a", 1), (3, 12), '"\\ud83d\\ude00"'),
        (("spec", "a", 2), (3, 28), "{"),
        (("spec", "a", 2, "b"), (3, 34), "null"),
    ],
)
def test_json_has_places_too(path: Path, at: tuple[int, int], text: str, as_json: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    found = place(JSON, *path, json=as_json)
    assert (found.line, found.column) == at
    assert shown(found) == text


def test_a_document_that_cannot_be_parsed_is_at_its_first_line() -> None:
    found = place("a: 1\nb: c: d\n", "b", line=7)
    assert (found.line, found.column, found.source_line) == (7, 1, "a: 1")


def test_line_ends_that_only_yaml_knows_are_no_lines_of_the_file() -> None:
    assert place("a: 'x\u2028y'\nb: 1\n", "b").line == 2


_LEAVES = st.integers(0, 999) | st.from_regex(r"x[a-z]{2,7}", fullmatch=True)
_NESTED = st.dictionaries(
    st.from_regex(r"k[a-z]{1,4}", fullmatch=True),
    st.recursive(
        _LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"k[a-z]{1,4}", fullmatch=True), inner, max_size=3),
        max_leaves=12,
    ),
    min_size=1,
    max_size=4,
)


def _leaves(value: object, path: Path = ()) -> dict[Path, object]:
    if isinstance(value, dict):
        return {p: v for key, each in value.items() for p, v in _leaves(each, (*path, key)).items()}
    if isinstance(value, list):
        return {p: v for index, each in enumerate(value) for p, v in _leaves(each, (*path, index)).items()}
    return {path: value}


@given(_NESTED, st.sampled_from(["block", "flow", "json", "indented json"]))
def test_the_text_at_a_place_is_the_value(value: dict[str, object], style: str) -> None:
    text = {
        "block": lambda: yaml.safe_dump(value),
        "flow": lambda: yaml.safe_dump(value, default_flow_style=True),
        "json": lambda: json.dumps(value),
        "indented json": lambda: json.dumps(value, indent="\t"),
    }[style]()
    leaves = _leaves(value)
    places = locate(document(text, json="json" in style), list(leaves))
    assert data(text) == value
    for path, leaf in leaves.items():
        assert yaml.safe_load(shown(places[path])) == leaf
        line = text.split("\n")[places[path].line - 1]
        assert places[path].source_line == line[places[path].cut :][:400]
