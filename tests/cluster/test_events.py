"""What a server may send, and what is taken."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cluster.kubevirt_crs import bookmark, event, kubevirt
from webhook.cluster.api_error import ApiError
from webhook.cluster.events import BOOKMARK, DELETED, Key, older, read_event, read_listing


def listing(*items: Any, **metadata: Any) -> bytes:
    return json.dumps({"metadata": {"resourceVersion": "7", **metadata}, "items": list(items)}).encode()


def line(obj: Any) -> bytes:
    return json.dumps(obj).encode()


def test_a_listing_has_its_objects_by_namespace_and_name() -> None:
    found = read_listing(listing(kubevirt(), kubevirt(name="other")), "/p")
    assert (set(found.objects), found.version) == ({Key("kubevirt", "kubevirt"), Key("kubevirt", "other")}, "7")


def test_a_listing_without_items_is_empty() -> None:
    assert read_listing(b'{"metadata":{"resourceVersion":"7"},"items":null}', "/p").objects == {}


@pytest.mark.parametrize("kind", ["ADDED", "MODIFIED", DELETED])
def test_a_change_has_its_object_and_where_the_watch_has_come_to(kind: str) -> None:
    found = read_event(line(event(kind, kubevirt(resource_version="9"))), "/p")
    assert (found.type, found.key, found.version) == (kind, Key("kubevirt", "kubevirt"), "9")


def test_a_bookmark_needs_no_name() -> None:
    assert read_event(line(bookmark("9")), "/p")[:2] == (BOOKMARK, Key("", ""))


@pytest.mark.parametrize(
    ("code", "reason"), [(410, "gone"), (504, "timeout"), (500, "unavailable"), ("410", "unavailable"), (None, "unavailable")]
)
def test_an_error_in_the_stream_has_the_reason_of_its_code(code: Any, reason: str) -> None:
    with pytest.raises(ApiError, match='the watch ended: "too old"') as told:
        read_event(line(event("ERROR", {"kind": "Status", "code": code, "message": "too old"})), "/p")
    assert told.value.reason == reason


HOSTILE = [
    b"",
    b"\xff",
    b"no JSON",
    b"[]",
    b"{}",
    b"[" * 100_000,
    b'{"type":"ADDED"}',
    b'{"type":"ADDED","object":[]}',
    b'{"type":5,"object":{}}',
    line(event("ADDED", {})),
    line(event("ADDED", {"metadata": {"resourceVersion": "1"}})),
    line(event("ADDED", {"metadata": {"resourceVersion": "1", "name": "a", "namespace": 5}})),
    line(event("ADDED", kubevirt())),
    line(event("RENAMED", kubevirt(resource_version="1"))),
    line(event("BOOKMARK", {"metadata": {"resourceVersion": 5}})),
    b'{"type":"ADDED","object":{"a":"\\ud800","metadata":5}}',
]


@pytest.mark.parametrize("sent", HOSTILE)
def test_a_line_of_another_shape_is_unreadable(sent: bytes) -> None:
    with pytest.raises(ApiError) as told:
        read_event(sent, "/p")
    assert told.value.reason == "unreadable"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"[]",
        b'{"items":[]}',
        b'{"metadata":{"resourceVersion":""}}',
        b'{"metadata":{"resourceVersion":7}}',
        listing(5),
        listing({}),
        listing({"metadata": {"name": ""}}),
        listing(**{"continue": "abc"}),
        b'{"metadata":{"resourceVersion":"7"},"items":{}}',
    ],
)
def test_a_listing_of_another_shape_or_only_a_part_of_one_is_unreadable(sent: bytes) -> None:
    with pytest.raises(ApiError) as told:
        read_listing(sent, "/p")
    assert told.value.reason == "unreadable"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_no_json_is_more_than_unreadable(value: Any) -> None:
    for sent in (line(value), line({"type": "ADDED", "object": value}), line({"type": "ERROR", "object": {"code": value}})):
        with pytest.raises(ApiError):
            read_event(sent, "/p")


@pytest.mark.parametrize(
    ("version", "than", "is_older"),
    [("9", "10", True), ("10", "9", False), ("9", "9", False), ("a", "b", False), ("", "5", False), ("5", "", False), ("٣", "9", False)],
)
def test_versions_compare_as_numbers_and_not_at_all_when_they_are_none(version: str, than: str, *, is_older: bool) -> None:
    assert older(version, than) is is_older


def test_a_version_of_many_digits_is_no_number() -> None:
    assert not older("9", "9" * 10_000)
