from typing import Any

import pytest

from webhook.errors import RegistryError
from webhook.kube.fieldpath import render
from webhook.plugins.sources import is_hyperconverged, is_kubevirt, is_registry_file, read_registry_cr, registry_from


def kubevirt(binding: Any = None, api_version: str = "kubevirt.io/v1") -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": "KubeVirt", "spec": {"configuration": {"network": {"binding": binding}}}}


def hyperconverged(binding: Any, api_version: str = "hco.kubevirt.io/v1beta1") -> dict[str, Any]:
    spec = {"networkBinding": binding} if api_version.endswith("v1beta1") else {"networking": {"networkBinding": binding}}
    return {"apiVersion": api_version, "kind": "HyperConverged", "spec": spec}


@pytest.mark.parametrize("version", ["kubevirt.io/v1", "kubevirt.io/v1alpha3"])
def test_a_kubevirt_cr_of_a_served_version_is_known_as_one(version: str) -> None:
    assert is_kubevirt(kubevirt(api_version=version))


@pytest.mark.parametrize("version", ["hco.kubevirt.io/v1", "hco.kubevirt.io/v1beta1"])
def test_a_hyperconverged_cr_of_a_served_version_is_known_as_one(version: str) -> None:
    assert is_hyperconverged(hyperconverged({}, version))


def test_a_registry_file_is_known_as_one() -> None:
    assert is_registry_file({"apiVersion": "bindguard.io/v1", "kind": "Registry"})


@pytest.mark.parametrize(
    "obj",
    [
        None,
        [],
        "KubeVirt",
        {"kind": ["KubeVirt"], "apiVersion": {}},
        {"kind": "KubeVirt", "apiVersion": "acme.io/v1"},
        {"kind": "KubeVirt"},
    ],
)
def test_other_data_is_no_source(obj: object) -> None:
    assert [is_kubevirt(obj), is_hyperconverged(obj), is_registry_file(obj)] == [False] * 3
    assert read_registry_cr(obj) is None


@pytest.mark.parametrize(
    ("obj", "told"),
    [
        ({"apiVersion": "kubevirt.io/v1alpha1", "kind": "KubeVirt"}, "write kubevirt.io/v1 or kubevirt.io/v1alpha3"),
        ({"apiVersion": "hco.kubevirt.io/v1alpha1", "kind": "HyperConverged"}, "write hco.kubevirt.io/v1beta1 or hco.kubevirt.io/v1"),
        ({"apiVersion": "bindguard.io/v2", "kind": "Registry"}, 'apiVersion "bindguard.io/v2" is not read'),
        (
            {"apiVersion": "v1", "kind": "ConfigMap"},
            'kind "ConfigMap" of apiVersion "v1" is not a registry; read are KubeVirt (kubevirt.io/v1,',
        ),
        ({}, "kind null"),
        ([], "this is a list, not a registry"),
        (None, "this is null, not a registry"),
    ],
)
def test_what_cannot_be_a_registry_is_refused_with_what_can(obj: object, told: str) -> None:
    with pytest.raises(RegistryError) as caught:
        registry_from(obj, source="registry.yaml")
    assert told in str(caught.value)
    assert caught.value.file == "registry.yaml"


@pytest.mark.parametrize(
    ("obj", "prefix"),
    [
        (kubevirt({"passt": {"sidecarImage": "a"}, "odd": 5}), "spec.configuration.network.binding"),
        (hyperconverged({"passt": {"sidecarImage": "a"}, "odd": 5}), "spec.networkBinding"),
        (hyperconverged({"passt": {"sidecarImage": "a"}, "odd": 5}, "hco.kubevirt.io/v1"), "spec.networking.networkBinding"),
    ],
)
def test_every_registration_is_reported_with_its_path_whatever_its_type(obj: object, prefix: str) -> None:
    cr = read_registry_cr(obj)
    assert cr is not None
    passt, odd = cr.registrations
    assert (passt.name, passt.raw, passt.plugin.sidecar_image, render(passt.path)) == (
        "passt",
        {"sidecarImage": "a"},
        "a",
        f"{prefix}.passt",
    )
    assert (odd.name, odd.raw, odd.plugin.sidecar_image, render(odd.path)) == ("odd", 5, None, f"{prefix}.odd")


@pytest.mark.parametrize(
    ("obj", "path", "expected", "found"),
    [
        (kubevirt({"odd": None}), "spec.configuration.network.binding.odd", "an object", "null"),
        (kubevirt([]), "spec.configuration.network.binding", "an object", "a list"),
        (kubevirt({"a.b": {"migration": {"method": 5}}}), 'spec.configuration.network.binding["a.b"].migration.method', "a string", "5"),
        ({**kubevirt(), "spec": "x"}, "spec", "an object", '"x"'),
        (hyperconverged(7), "spec.networkBinding", "an object", "7"),
        (hyperconverged({"x": []}, "hco.kubevirt.io/v1"), "spec.networking.networkBinding.x", "an object", "a list"),
    ],
)
def test_a_wrong_type_is_reported_where_it_stands(obj: object, path: str, expected: str, found: str) -> None:
    cr = read_registry_cr(obj)
    assert cr is not None
    (type_mismatch,) = cr.type_mismatches
    assert (render(type_mismatch.path), type_mismatch.expected, type_mismatch.found) == (path, expected, found)


def test_a_wrong_type_outside_the_spec_is_no_business_of_registrations() -> None:
    cr = read_registry_cr({**kubevirt({}), "status": []})
    assert cr is not None
    assert cr.type_mismatches == []


@pytest.mark.parametrize("make", [kubevirt, hyperconverged])
def test_a_strict_reader_refuses_a_wrong_type_with_path_value_and_type(make: Any) -> None:
    obj = make({"passt": {"sidecarImage": ["a"]}})
    with pytest.raises(RegistryError, match=r"passt\.sidecarImage is a list, expected a string"):
        registry_from(obj, source="x")


@pytest.mark.parametrize("make", [kubevirt, hyperconverged])
def test_a_strict_reader_asks_for_a_spec(make: Any) -> None:
    obj = {**make({}), "spec": None}
    with pytest.raises(RegistryError, match="spec is missing, expected an object"):
        registry_from(obj, source="x")
    assert registry_from(obj, source="x", lenient=True).registry.known


@pytest.mark.parametrize("make", [kubevirt, hyperconverged])
def test_a_lenient_reader_takes_what_does_not_fit_as_absent(make: Any) -> None:
    registry = registry_from(make({"passt": {"sidecarImage": 5, "migration": {}}, "odd": "x"}), source="x", lenient=True).registry
    assert registry.plugins["passt"].sidecar_image is None
    assert registry.plugins["passt"].migration is not None
    assert registry.plugins["odd"].migration is None


def test_only_the_first_few_of_many_problems_are_reported() -> None:
    with pytest.raises(RegistryError, match=r"binding\.p2 is 1, expected an object; and 7 more$"):
        registry_from(kubevirt({f"p{i}": 1 for i in range(10)}), source="x")
