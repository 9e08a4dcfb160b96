from typing import Any

import pytest

from webhook.kube.version import Version
from webhook.plugins.gates import GateState
from webhook.plugins.sources import LoadedRegistry, registry_from

DEPLOY_PASST = {"hco.kubevirt.io/deployPasstNetworkBinding": "true"}


def loaded(
    version: str | None,
    binding: Any = None,
    *,
    annotations: dict[str, str] | None = None,
    api: str = "v1beta1",
    kubevirt: Version | None = None,
    **spec: Any,
) -> LoadedRegistry:
    at_path = {"networkBinding": binding} if api == "v1beta1" else {"networking": {"networkBinding": binding}}
    versions = [{"name": "hyperconverged-cluster-operator-bundle", "version": "9.9.9"}, {"name": "operator", "version": version}]
    cr = {
        "apiVersion": f"hco.kubevirt.io/{api}",
        "kind": "HyperConverged",
        "metadata": {"name": "kubevirt-hyperconverged", "namespace": "hco", "annotations": annotations},
        "spec": {**at_path, **spec},
        "status": {"versions": versions} if version is not None else None,
    }
    return registry_from(cr, source="hco.yaml", version=kubevirt)


@pytest.mark.parametrize("api", ["v1beta1", "v1"])
def test_plugins_are_read_where_the_api_version_has_them(api: str) -> None:
    read = loaded("1.18.0", {"vdpa": {"sidecarImage": "a"}}, api=api)
    assert set(read.registry.plugins) == {"vdpa", "l2bridge"}
    assert read.registry.source == "HyperConverged hco/kubevirt-hyperconverged in hco.yaml"


@pytest.mark.parametrize(
    ("operator", "kubevirt"),
    [
        ("1.11.0", Version(1, 1, 1)),
        ("1.12.3", Version(1, 2, 2)),
        ("v1.15.0", Version(1, 5, 2)),
        ("1.19.0", Version(1, 9)),
        ("1.6.0", Version(1, 0)),
    ],
)
def test_the_operator_s_version_tells_kubevirt_s(operator: str, kubevirt: Version) -> None:
    assert loaded(operator).registry.version == kubevirt


@pytest.mark.parametrize(("version", "plugins"), [("1.13.0", set()), ("1.14.0", {"l2bridge"}), ("1.19.0", {"l2bridge"})])
def test_l2bridge_is_added_from_1_14(version: str, plugins: set[str]) -> None:
    assert set(loaded(version).registry.plugins) == plugins


def test_what_the_operator_adds_is_reported_and_replaces_what_is_written() -> None:
    read = loaded("1.18.0", {"l2bridge": {"domainAttachmentType": "tap"}})
    assert read.registry.plugins["l2bridge"].domain_attachment_type == "managedTap"
    assert read.notes == ('HyperConverged 1.18 adds plugin "l2bridge", and overwrites the one written here',)


@pytest.mark.parametrize(("version", "has_passt"), [("1.15.0", False), ("1.16.0", True), ("1.18.1", True), ("1.19.0", False)])
def test_the_annotation_adds_the_passt_plugin_from_1_16_to_1_18(version: str, *, has_passt: bool) -> None:
    registry = loaded(version, annotations=DEPLOY_PASST).registry
    assert ("passt" in registry.plugins) is has_passt
    assert not has_passt or registry.attaches(registry.plugins["passt"])


def test_the_annotation_turns_on_the_passt_gate_from_1_19() -> None:
    read = loaded("1.19.0", annotations=DEPLOY_PASST)
    assert read.registry.gate("PasstBinding") is GateState.ON
    assert any("as feature gate PasstBinding" in note for note in read.notes)
    assert loaded("1.18.0", annotations=DEPLOY_PASST).registry.gate("PasstBinding") is GateState.UNKNOWN_OFF


def test_the_annotation_must_say_true() -> None:
    assert "passt" not in loaded("1.18.0", annotations={"hco.kubevirt.io/deployPasstNetworkBinding": "True"}).registry.plugins


@pytest.mark.parametrize(("version", "gate", "has_passt"), [("1.13.0", True, True), ("1.13.0", "true", False), ("1.12.0", True, False)])
def test_the_user_defined_network_gate_adds_passt_in_1_13(version: str, gate: object, *, has_passt: bool) -> None:
    registry = loaded(version, featureGates={"primaryUserDefinedNetworkBinding": gate}).registry
    assert ("passt" in registry.plugins) is has_passt


@pytest.mark.parametrize(("version", "state"), [("1.11.0", GateState.ON), ("1.14.0", GateState.ON), ("1.15.0", GateState.ON)])
def test_binding_plugins_are_on_in_every_operator_that_has_them(version: str, state: GateState) -> None:
    assert loaded(version).registry.gate("NetworkBindingPlugins") is state


def test_an_operator_without_network_bindings_registers_nothing() -> None:
    read = loaded("1.10.0", {"passt": {}})
    assert read.registry.plugins == {}
    assert "no plugin can be registered before 1.11" in read.notes[0]


def test_an_unknown_version_is_reported_and_counts_as_the_newest() -> None:
    read = loaded(None, annotations=DEPLOY_PASST)
    assert read.registry.version is None
    assert set(read.registry.plugins) == {"l2bridge"}
    assert read.registry.gate("PasstBinding") is GateState.ON
    assert "checked as the newest" in read.notes[0]
    assert 'HyperConverged adds plugin "l2bridge"' in read.notes


def test_an_operator_newer_than_the_table_counts_as_the_newest() -> None:
    read = loaded("1.25.0")
    assert read.registry.version is None
    assert "HyperConverged 1.25 is newer than this program knows: checked as 1.19" in read.notes


def test_plugins_at_the_other_api_version_s_path_are_reported_as_unread() -> None:
    read = loaded("1.18.0", networking={"networkBinding": {"vdpa": {}}})
    assert "vdpa" not in read.registry.plugins
    assert "spec.networking.networkBinding is not read in this API version: plugins belong under spec.networkBinding" in read.notes


def test_masquerade_is_the_default_interface_and_the_cr_itself_is_edited() -> None:
    assert loaded("1.18.0").registry.default_network_interface == "masquerade"
    assert loaded("1.18.0", api="v1").registry.owner == "the HyperConverged CR (spec.networking.networkBinding)"


@pytest.mark.parametrize(
    ("api", "written"), [("v1beta1", {"evictionStrategy": "External"}), ("v1", {"virtualization": {"evictionStrategy": "External"}})]
)
def test_the_eviction_strategy_is_read_where_the_api_version_has_it(api: str, written: dict[str, Any]) -> None:
    assert loaded("1.18.0", api=api, **written).registry.eviction_strategy == "External"
    other = "v1" if api == "v1beta1" else "v1beta1"
    assert loaded("1.18.0", api=other, **written).registry.eviction_strategy == "LiveMigrate"


@pytest.mark.parametrize(("several_workers", "strategy"), [(True, "LiveMigrate"), (False, "None"), (None, "LiveMigrate")])
def test_without_an_eviction_strategy_it_is_the_operator_s_default(several_workers: bool | None, strategy: str) -> None:  # noqa: FBT001 - a table's column
    cr = {
        "apiVersion": "hco.kubevirt.io/v1beta1",
        "kind": "HyperConverged",
        "spec": {},
        "status": {"infrastructureHighlyAvailable": several_workers},
    }
    assert registry_from(cr, source="x").registry.eviction_strategy == strategy


@pytest.mark.parametrize(("minor", "has_passt"), [(5, False), (6, True), (7, True), (8, True), (9, False), (10, False)])
def test_a_cr_in_git_has_the_operator_s_release_that_carries_the_kubevirt_release(minor: int, *, has_passt: bool) -> None:
    read = loaded(None, annotations=DEPLOY_PASST, kubevirt=Version(1, minor, 3))
    assert ("passt" in read.registry.plugins) is has_passt
    assert read.registry.version == Version(1, minor, 3)


def test_the_derived_release_is_reported() -> None:
    note = 'HyperConverged\'s version is unknown (status.versions has no "operator"): checked as 1.17, from the KubeVirt release'
    assert note in loaded(None, kubevirt=Version(1, 7)).notes
    assert "checked as 1.19, from the KubeVirt release" in loaded(None, kubevirt=Version(1, 42)).notes[0]


def test_the_release_in_the_status_goes_before_the_derived_one() -> None:
    read = loaded("1.18.0", annotations=DEPLOY_PASST, kubevirt=Version(1, 9))
    assert "passt" in read.registry.plugins
    assert read.registry.version == Version(1, 9)


def test_where_nobody_tells_the_release_passt_may_be_registered_by_the_annotation() -> None:
    assert loaded(None, annotations=DEPLOY_PASST).registry.possible_plugins == {"passt"}
    assert loaded(None).registry.possible_plugins == frozenset()
    assert loaded("1.19.0", annotations=DEPLOY_PASST).registry.possible_plugins == frozenset()
