import pickle
from typing import Any

import pytest

from webhook.errors import RegistryError
from webhook.kube.version import Version
from webhook.plugins.gates import GateState
from webhook.plugins.sources import LoadedRegistry, registry_from

PASST = {"sidecarImage": "quay.io/kubevirt/network-passt-binding:v1.2.0"}


def loaded(**fields: Any) -> LoadedRegistry:
    return registry_from({"apiVersion": "bindguard.io/v1", "kind": "Registry", "plugins": {}, **fields}, source="registry.yaml")


def test_everything_that_can_be_written_is_read() -> None:
    read = loaded(
        kubeVirtVersion="1.2",
        plugins={"passt": PASST},
        featureGates=["NetworkBindingPlugins"],
        disabledFeatureGates=["PasstBinding"],
        permitBridgeInterfaceOnPodNetwork=False,
        defaultNetworkInterface="masquerade",
        evictionStrategy="LiveMigrate",
        supplementaryOverheads={"passt": {"requests": {"memory": "500Mi", "cpu": 1}, "limits": {"memory": "1Gi"}}},
    )
    registry = read.registry
    assert registry.version == Version(1, 2)
    assert registry.attaches(registry.plugins["passt"])
    assert registry.enabled_gates == frozenset({"NetworkBindingPlugins"})
    assert registry.disabled_gates == frozenset({"PasstBinding"})
    assert not registry.permit_bridge_on_pod_network
    assert registry.default_network_interface == "masquerade"
    assert registry.eviction_strategy == "LiveMigrate"
    assert read.supplementary["passt"].requests == {"memory": "500Mi", "cpu": 1}
    assert registry.source == "registry file registry.yaml"
    assert registry.owner.endswith("and in registry.yaml")
    assert read.notes == ()


def test_gates_that_are_not_reported_are_not_known() -> None:
    assert loaded().registry.gate("PasstBinding") is GateState.UNKNOWN_ON
    assert loaded(featureGates=[]).registry.gate("PasstBinding") is GateState.ON
    assert loaded(disabledFeatureGates=["PasstBinding"]).registry.gate("PasstBinding") is GateState.OFF


@pytest.mark.parametrize("key", ["kubeVirtVersion", "kubevirtVersion"])
@pytest.mark.parametrize("release", ["1.9", "v1.9.0", "1.9.0-rc.1", "v1.9", "1.9.0+downstream"])
def test_the_version_is_read_under_the_key_of_every_other_file_too(key: str, release: str) -> None:
    assert loaded(**{key: release}).registry.version == Version(1, 9)


def test_without_a_version_it_is_unknown() -> None:
    assert loaded().registry.version is None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"kubeVirtVersion": 1.1}, "kubeVirtVersion is 1.1, expected a string (put it in quotes"),
        ({"kubeVirtVersion": "latest"}, 'kubeVirtVersion is "latest", expected a release such as "1.9"'),
        ({"kubeVirtVersion": "4.19"}, 'kubeVirtVersion is "4.19", expected a release such as "1.9"'),
        ({"kubeVirtVersion": ""}, 'kubeVirtVersion is ""'),
        ({"kubevirtVersion": 1.1}, "kubeVirtVersion is 1.1, expected a string (put it in quotes"),
        ({"kubevirtVersion": "1.9", "kubeVirtVersion": "1.9"}, "kubeVirtVersion and kubevirtVersion are one key"),
        ({"kubevirtVersions": "1.9"}, "kubevirtVersions is unknown: did you mean kubeVirtVersion?"),
        ({"quux": 1}, "quux is unknown: known here are apiVersion, kind, kubeVirtVersion"),
        ({"plugins": None}, "plugins is missing, expected an object ({} when none is registered)"),
        ({"plugins": ["passt"]}, "plugins is a list, expected an object"),
        ({"plugins": {"passt": None}}, "plugins.passt is null, expected an object"),
        ({"plugins": {"passt": {"sidecarimage": "a"}}}, "plugins.passt.sidecarimage is unknown: did you mean sidecarImage?"),
        ({"plugins": {"passt": {"migration": {"methods": "a"}}}}, "plugins.passt.migration.methods is unknown: did you mean method?"),
        (
            {"plugins": {"passt": {"computeResourceOverhead": {"requests": {"memory": "-1"}}}}},
            'plugins.passt.computeResourceOverhead.requests.memory is "-1", expected a quantity of 0 or more',
        ),
        ({"featureGates": "PasstBinding"}, 'featureGates is "PasstBinding", expected a list'),
        ({"featureGates": [1]}, "featureGates[0] is 1, expected a string"),
        ({"permitBridgeInterfaceOnPodNetwork": "yes"}, 'permitBridgeInterfaceOnPodNetwork is "yes", expected true or false'),
        ({"evictionStrategy": "Never"}, 'evictionStrategy is "Never", expected one of LiveMigrate, LiveMigrateIfPossible, None, External'),
        ({"defaultNetworkInterface": "passt"}, 'defaultNetworkInterface is "passt", expected one of bridge, masquerade, slirp'),
        ({"supplementaryOverheads": {"passt": []}}, "supplementaryOverheads.passt is a list, expected an object"),
        (
            {"supplementaryOverheads": {"pastt": {}}},
            'supplementaryOverheads.pastt is for a plugin that is not under plugins; did you mean "passt"?',
        ),
        ({"supplementaryOverheads": {"passt": {"request": {}}}}, "supplementaryOverheads.passt.request is unknown: did you mean requests?"),
        (
            {"supplementaryOverheads": {"passt": {"limits": {"cpu": True}}}},
            "supplementaryOverheads.passt.limits.cpu is true, expected a quantity",
        ),
        ({"supplementaryOverheads": {"passt": {"requests": {"memory": "1GB"}}}}, 'supplementaryOverheads.passt.requests.memory is "1GB"'),
    ],
)
def test_a_slip_is_refused_with_what_is_expected(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(RegistryError) as caught:
        loaded(**{"plugins": {"passt": PASST}, **fields})
    assert told in str(caught.value)


def test_a_registry_file_is_strict_wherever_it_is_found() -> None:
    with pytest.raises(RegistryError):
        registry_from({"apiVersion": "bindguard.io/v1", "kind": "Registry"}, source="x", lenient=True)


def test_an_overhead_that_the_release_drops_is_reported_with_the_place_that_works() -> None:
    plugin = {"passt": {**PASST, "computeResourceOverhead": {"requests": {"memory": "500Mi"}}}}
    (note,) = loaded(kubeVirtVersion="1.2", plugins=plugin).notes
    assert note == "KubeVirt 1.2 has no plugins.passt.computeResourceOverhead: write the numbers under supplementaryOverheads.passt"
    assert loaded(kubeVirtVersion="1.3", plugins=plugin).notes == ()
    assert loaded(kubeVirtVersion="1.2", plugins={"passt": PASST}).notes == ()


def test_a_loaded_registry_crosses_process_borders() -> None:
    read = loaded(plugins={"passt": PASST})
    assert pickle.loads(pickle.dumps(read)) == read  # noqa: S301 - our own bytes
