"""Objects as kubectl prints them: so that a line in a report is the line that a person sees."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from webhook.check.cluster_evaluation import as_kubectl_prints
from webhook.manifests.yaml import parse

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"]))
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcy~:1 ", min_size=1), inner, max_size=4)
)


def test_keys_are_sorted_lists_not_indented_and_managed_fields_left_out() -> None:
    obj = {"kind": "X", "apiVersion": "v1", "metadata": {"name": "x", "managedFields": [{}]}, "spec": {"b": [{"z": "1", "a": "l\nm\n"}]}}
    text = as_kubectl_prints(obj, "x").text.decode()
    assert text == 'apiVersion: v1\nkind: X\nmetadata:\n  name: x\nspec:\n  b:\n  - a: |\n      l\n      m\n    z: "1"\n'


@given(st.dictionaries(st.text("abcy~:1 ", min_size=1), TREES, max_size=5))
def test_what_is_printed_reads_back_as_the_same_object(obj: dict[str, Any]) -> None:
    assert parse(as_kubectl_prints(obj, "x")) == obj
