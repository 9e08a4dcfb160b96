import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.report.builders import FIELD_BY_NAME, HOSTILE, hostile, occurrence, warning
from webhook.errors import UnreadableError
from webhook.report.baseline import read_baseline, write_baseline
from webhook.report.findings import Occurrence
from webhook.report.fingerprint import fingerprint

ENTRY = {"rule": "r", "file": "f", "object": "o", "field": "x", "count": 1}


def baseline_of(*occurrences: Occurrence) -> Callable[[list[Occurrence]], Any]:
    return read_baseline(write_baseline(occurrences), "baseline.json").split


def test_what_is_written_is_left_out_when_read() -> None:
    known = [occurrence(), warning(), occurrence("b.yaml")]
    split = baseline_of(*known)(known)
    assert (split.new, split.baselined, split.stale) == ([], 3, [])


def test_a_moved_line_is_still_known_and_a_changed_finding_is_new() -> None:
    split = baseline_of(occurrence())
    assert split([occurrence(line=99, column=1, source_line="x", length=1)]).new == []
    assert split([occurrence("./shop/../shop/web.yaml")]).new == []
    assert split([occurrence(message="other suggestions", accepted="other plugins", path=("spec", "networks", 7))]).new == []
    for changed in (occurrence(name="b"), occurrence("b.yaml"), occurrence(field=""), occurrence(rule="r")):
        assert split([changed]).new == [changed]


def test_as_many_as_counted_are_left_out_and_no_more() -> None:
    three = [occurrence(line=line) for line in (1, 2, 3)]
    split = baseline_of(*three[:2])(three)
    assert (split.new, split.baselined, split.stale) == ([three[2]], 2, [])


def test_entries_that_no_longer_occur_are_told_with_how_many_are_gone() -> None:
    split = baseline_of(occurrence(), occurrence(), occurrence(), warning())([occurrence()])
    assert [(entry.rule, entry.count) for entry in split.stale] == [("no-binding", 1), ("unregistered-plugin", 2)]
    assert split.baselined == 1


def test_splitting_leaves_the_baseline_as_it_was() -> None:
    split = baseline_of(occurrence())
    assert split([occurrence()]).baselined == split([occurrence()]).baselined == 1


def test_a_baseline_reads_exactly_like_this() -> None:
    assert json.loads(write_baseline([occurrence("./shop/web.yaml"), occurrence()])) == {
        "version": 2,
        "findings": {
            fingerprint(occurrence()): {
                "rule": "unregistered-plugin",
                "file": "shop/web.yaml",
                "object": "VirtualMachine shop/web-01",
                "field": FIELD_BY_NAME,
                "count": 2,
            }
        },
    }


def test_the_order_of_findings_does_not_change_the_text() -> None:
    found = [occurrence(file, field=field) for file in ("b.yaml", "a.yaml") for field in ("m", "n", "o")] + [warning()]
    text = write_baseline(found)
    shuffled = random.Random(1).sample(found, len(found))  # noqa: S311 - a test's order, no secret
    assert write_baseline(shuffled) == text
    assert [entry["file"] for entry in json.loads(text)["findings"].values()] == ["a.yaml"] * 3 + ["b.yaml"] * 3 + ["shop/web.yaml"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_findings_are_known_again(text: str) -> None:
    written = write_baseline([hostile(text)])
    assert written.isascii()
    assert read_baseline(written, "baseline.json").split([hostile(text)]).new == []


def test_a_fingerprint_tells_where_one_part_ends() -> None:
    assert fingerprint(occurrence(rule="ab", name="c")) != fingerprint(occurrence(rule="a", name="bc"))


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "no valid JSON", 1),
        ('{"version": 1,\n "findings": {]}', "no valid JSON", 2),
        ("[" * 100_000, "nested too deep", 1),
        ('{"version": ' + "9" * 5000 + "}", "numbers too long", 1),
        ("[]", "this is no baseline", 1),
        ("null", "this is no baseline", 1),
        ('{"findings": {}}', "this is no baseline", 1),
        ('{\n"version": 1, "findings": {}}', "baseline version 1 is of an earlier Bindguard", 2),
        ('{\n"version": 3, "findings": {}}', 'version "3" is not known, 2 is', 2),
        ('{"version": true, "findings": {}}', 'version "true" is not known', 1),
        ('{"version": 1.0, "findings": {}}', 'version "1.0" is not known', 1),
        ('{"version": 2,\n"findings": []}', '"findings" must be an object', 2),
        ('{"version": 2}', '"findings" must be an object', None),
        ('{"version": 2, "findings": {\n\n"ab": 3}}', 'entry "ab": Expected `object`, got `int`', 3),
        ('{"version": 2, "findings": {\n"ab": {}}}', 'entry "ab": Object missing required field `rule`', 2),
        (json.dumps({"version": 2, "findings": {"ab": ENTRY | {"count": 0}}}), 'entry "ab": Expected `int` >= 1 - at `$.count`', 1),
        (json.dumps({"version": 2, "findings": {"ab": ENTRY | {"count": True}}}), 'entry "ab": Expected `int`, got `bool`', 1),
        (json.dumps({"version": 2, "findings": {"ab": ENTRY | {"file": None}}}), 'entry "ab": Expected `str`, got `null`', 1),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_baseline_is_refused_with_its_place(text: str, message: str, line: int | None) -> None:
    with pytest.raises(UnreadableError) as refused:
        read_baseline(text, "baseline.json")
    assert message in refused.value.message
    assert "write it anew with --write-baseline" in refused.value.message
    assert (refused.value.file, refused.value.line) == ("baseline.json", line)


def test_a_byte_order_mark_and_a_reviewer_s_own_fields_are_no_violation() -> None:
    text = json.dumps({"version": 2, "findings": {"ab": ENTRY | {"reason": "known since spring"}}, "owner": "shop"})
    assert len(read_baseline("\ufeff" + text, "baseline.json").entries) == 1
