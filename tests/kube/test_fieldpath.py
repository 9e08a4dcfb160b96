import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.kube.fieldpath import Path, look_up, render, render_by_name


@pytest.mark.parametrize(
    ("path", "rendered"),
    [
        ((), ""),
        (("spec",), "spec"),
        (("spec", "networks", 0, "name"), "spec.networks[0].name"),
        ((0, "spec"), "[0].spec"),
        (("items", 1, 2), "items[1][2]"),
        (("_private", "kebab-case", "v1beta1"), "_private.kebab-case.v1beta1"),
        (("binding", "a.b"), 'binding["a.b"]'),
        (("binding", ""), 'binding[""]'),
        (("binding", "2nd"), 'binding["2nd"]'),
        (("annotations", "kubevirt.io/x"), 'annotations["kubevirt.io/x"]'),
        (("binding", 'say "hi"\\'), 'binding["say \\"hi\\"\\\\"]'),
    ],
)
def test_a_path_is_rendered_as_kubernetes_prints_it(path: Path, rendered: str) -> None:
    assert render(path) == rendered


@given(
    st.lists(st.one_of(st.text(max_size=5), st.integers(0, 9)), max_size=4),
    st.lists(st.one_of(st.text(max_size=5), st.integers(0, 9)), max_size=4),
)
def test_two_paths_never_look_the_same(left: list[str | int], right: list[str | int]) -> None:
    assert (render(tuple(left)) == render(tuple(right))) == (left == right)


@pytest.mark.parametrize(
    ("path", "rendered"),
    [
        ((), ""),
        (("spec", "networks", 0, "pod"), 'spec.networks["blue"].pod'),
        (("spec", "networks", 1, "pod"), "spec.networks[].pod"),
        (("spec", "networks", 2), 'spec.networks["a\\"b"]'),
        (("spec", "networks", 3, "name"), "spec.networks[].name"),
        (("spec", "networks", 9, "pod"), "spec.networks[].pod"),
        (("spec", "args", 0), "spec.args[]"),
        ((0, "a.b"), '[]["a.b"]'),
    ],
)
def test_a_path_by_name_has_no_indices(path: Path, rendered: str) -> None:
    networks = [{"name": "blue", "pod": {}}, {"pod": {}}, {"name": 'a"b'}, {"name": 3}]
    assert render_by_name({"spec": {"networks": networks, "args": ["x"]}}, path) == rendered


OBJECT = {"spec": {"networks": [{"name": "default", "pod": None}]}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), OBJECT),
        (("spec", "networks", 0, "name"), "default"),
        (("spec", "networks", 0, "pod"), None),
        (("spec", "networks", 1), None),
        (("spec", "networks", -1), None),
        (("spec", "networks", "name"), None),
        (("spec", 0), None),
        (("spec", "domain", "devices", "interfaces", 0), None),
        (("spec", "networks", 0, "name", "deeper"), None),
        (("spec", "networks", 0, "name", 0), None),
    ],
)
def test_a_value_is_found_at_its_path_and_nothing_where_the_path_leads_nowhere(path: Path, value: object) -> None:
    assert look_up(OBJECT, path) == value
