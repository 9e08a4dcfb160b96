from typing import Any

import pytest

from webhook.kube.version import Version
from webhook.plugins.gates import GateState
from webhook.plugins.sources import LoadedRegistry, registry_from


def loaded(configuration: Any = None, *, status: Any = None, metadata: Any = None) -> LoadedRegistry:
    cr = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": metadata,
        "spec": {"configuration": configuration},
        "status": status,
    }
    return registry_from(cr, source="kv.yaml")


def status(observed: Any, target: Any = None, phase: Any = "Deployed") -> dict[str, Any]:
    return {"phase": phase, "observedKubeVirtVersion": observed, "targetKubeVirtVersion": target}


def test_plugins_are_read_by_name() -> None:
    registry = loaded({"network": {"binding": {"passt": {"downwardAPI": "device-info"}, "Empty": {}}}}).registry
    assert set(registry.plugins) == {"passt", "Empty"}
    assert registry.plugins["passt"].downward_api == "device-info"


def test_a_bare_cr_has_kubevirt_s_own_defaults() -> None:
    registry = loaded().registry
    assert registry.known
    assert registry.plugins == {}
    assert registry.version is None
    assert registry.permit_bridge_on_pod_network
    assert registry.default_network_interface == "bridge"


def test_the_sibling_settings_are_read() -> None:
    assert loaded({"evictionStrategy": "LiveMigrate"}).registry.eviction_strategy == "LiveMigrate"
    registry = loaded({"network": {"permitBridgeInterfaceOnPodNetwork": False, "defaultNetworkInterface": "masquerade"}}).registry
    assert not registry.permit_bridge_on_pod_network
    assert registry.default_network_interface == "masquerade"


def test_gates_are_known_from_the_cr() -> None:
    developer = {"featureGates": ["Sidecar"], "disabledFeatureGates": ["PasstBinding"]}
    assert loaded({"developerConfiguration": developer}).registry.gate("PasstBinding") is GateState.OFF
    assert loaded().registry.gate("PasstBinding") is GateState.ON


@pytest.mark.parametrize("target", ["v1.9.0", "", None])
def test_the_version_of_a_finished_deployment_is_known(target: str | None) -> None:
    read = loaded(status=status("v1.9.0", target))
    assert read.registry.version == Version(1, 9)
    assert read.notes == ()


@pytest.mark.parametrize(
    ("state", "note"),
    [
        (status("v1.8.0", "v1.9.0"), 'KubeVirt is being updated from "v1.8.0" to "v1.9.0"'),
        (status("v1.8.0", phase="Deploying"), 'KubeVirt is not Deployed (status.phase is "Deploying")'),
        (status("v1.8.0", phase=None), "KubeVirt is not Deployed (status.phase is null)"),
        (status("latest"), '"latest" is no release'),
        (status("v1.0.1"), "KubeVirt 1.0.1 has no binding plugins"),
    ],
)
def test_a_version_in_doubt_counts_as_unknown_and_is_reported(state: dict[str, Any], note: str) -> None:
    read = loaded(status=state)
    assert read.registry.version is None
    assert note in read.notes[0]


def test_a_cr_without_status_has_no_version_and_needs_no_note() -> None:
    assert loaded().notes == ()


def test_a_default_interface_that_kubevirt_does_not_load_is_reported() -> None:
    (note,) = loaded({"network": {"defaultNetworkInterface": "passt"}}).notes
    assert 'defaultNetworkInterface is "passt"' in note
    assert "last good one" in note


@pytest.mark.parametrize(
    "metadata", [{"labels": {"app.kubernetes.io/managed-by": "hco-operator"}}, {"ownerReferences": [{"kind": "HyperConverged"}]}]
)
def test_a_cr_owned_by_hyperconverged_sends_the_admin_there(metadata: dict[str, Any]) -> None:
    assert loaded(metadata=metadata).registry.owner.startswith("the HyperConverged CR")


@pytest.mark.parametrize("metadata", [None, {}, {"labels": {"app.kubernetes.io/managed-by": 5}}, {"ownerReferences": [{"kind": "App"}]}])
def test_a_cr_of_its_own_is_edited_itself(metadata: dict[str, Any] | None) -> None:
    assert loaded(metadata=metadata).registry.owner == "the KubeVirt CR (spec.configuration.network.binding)"


@pytest.mark.parametrize(
    ("metadata", "source"),
    [
        ({"name": "kubevirt", "namespace": "kv"}, "KubeVirt kv/kubevirt in kv.yaml"),
        ({"name": "kubevirt"}, "KubeVirt kubevirt in kv.yaml"),
        (None, "KubeVirt in kv.yaml"),
    ],
)
def test_the_source_is_named_for_a_person(metadata: dict[str, Any] | None, source: str) -> None:
    assert loaded(metadata=metadata).registry.source == source
