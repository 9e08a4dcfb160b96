"""Data of any shape, decoded as far as it fits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.kube.shape import MAX_MISFITS, TypeMismatch, decode
from webhook.vmi.spec import VMISpec

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["domain", "devices", "interfaces", "name", "ports", "port", "networks", "multus"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


def test_what_fits_is_decoded_without_a_type_mismatch() -> None:
    spec, type_mismatches = decode({"networks": [{"name": "default", "pod": {}}], "unknown": 5}, VMISpec)
    assert type_mismatches == []
    assert spec.networks is not None
    assert spec.networks[0].name == "default"


@pytest.mark.parametrize(
    ("raw", "path", "expected", "found"),
    [
        ("text", (), "an object", '"text"'),
        (None, (), "an object", "null"),
        ({"networks": "no"}, ("networks",), "a list", '"no"'),
        ({"networks": [5]}, ("networks", 0), "an object", "5"),
        ({"networks": [None]}, ("networks", 0), "an object", "null"),
        ({"networks": [{"name": []}]}, ("networks", 0, "name"), "a string", "a list"),
        ({"networks": [{"multus": {"default": "yes"}}]}, ("networks", 0, "multus", "default"), "true or false", '"yes"'),
        ({"evictionStrategy": {}}, ("evictionStrategy",), "a string", "an object"),
    ],
)
def test_a_value_of_the_wrong_type_is_told_with_its_path(raw: object, path: Any, expected: str, found: str) -> None:
    assert decode(raw, VMISpec)[1] == [TypeMismatch(path, expected, found)]


def test_a_wrong_item_keeps_the_others_at_their_indices() -> None:
    spec, type_mismatches = decode({"networks": [{"name": "a"}, 5, {"name": "c"}]}, VMISpec)
    assert [type_mismatch.path for type_mismatch in type_mismatches] == [("networks", 1)]
    assert spec.networks is not None
    assert [network.name for network in spec.networks] == ["a", None, "c"]


def test_the_data_itself_is_left_as_it_was() -> None:
    raw = {"networks": [{"name": 5}]}
    decode(raw, VMISpec)
    assert raw == {"networks": [{"name": 5}]}


def test_countless_type_mismatches_end_in_an_empty_object_and_a_list_of_bounded_length() -> None:
    spec, type_mismatches = decode({"networks": [5] * 10_000}, VMISpec)
    assert spec == VMISpec()
    assert len(type_mismatches) == MAX_MISFITS


def test_half_a_surrogate_pair_is_a_type_mismatch_like_any_other_text() -> None:
    spec, type_mismatches = decode({"networks": "\ud800", "evictionStrategy": "a\udc00"}, VMISpec)
    assert type_mismatches == [TypeMismatch(("networks",), "a list", '"\ufffd"')]
    assert spec.networks is None


@given(json_values)
def test_no_json_data_is_too_odd_to_decode(raw: object) -> None:
    _, type_mismatches = decode(raw, VMISpec)
    assert len(type_mismatches) == len({type_mismatch.path for type_mismatch in type_mismatches})
