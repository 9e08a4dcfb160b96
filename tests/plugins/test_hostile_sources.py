from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from webhook.errors import RegistryError
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.plugins.sources import read_registry_cr, registry_from
from webhook.rules.base import Registration
from webhook.rules.plan import plan

from .test_registry_examples import REGISTRATION_RULES

KEYS = [
    *("metadata", "spec", "status", "labels", "annotations", "ownerReferences", "configuration", "network", "binding", "networking"),
    *("networkBinding", "developerConfiguration", "featureGates", "versions", "name", "version", "phase", "plugins", "kubeVirtVersion"),
    *("observedKubeVirtVersion", "supplementaryOverheads", "computeResourceOverhead", "requests", "limits", "memory", "claims"),
    *("migration", "method", "sidecarImage", "networkAttachmentDefinition", "domainAttachmentType", "downwardAPI", "", "a.b", "passt"),
]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["operator", "1.18.0", "Deployed"])
)
JSON = st.recursive(
    SCALARS, lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(KEYS), each, max_size=6), max_leaves=20
)
CR_KINDS = [
    ("kubevirt.io/v1", "KubeVirt"),
    ("kubevirt.io/v1alpha3", "KubeVirt"),
    ("hco.kubevirt.io/v1", "HyperConverged"),
    ("hco.kubevirt.io/v1beta1", "HyperConverged"),
]
BODIES = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4)


@given(st.sampled_from(CR_KINDS), BODIES)
def test_a_lenient_reader_makes_a_registry_of_any_cr(kind: tuple[str, str], body: dict[str, Any]) -> None:
    cr = {**body, "apiVersion": kind[0], "kind": kind[1]}
    assert registry_from(cr, source="x", lenient=True).registry.known
    read = read_registry_cr(cr)
    assert read is not None
    assert all(type_mismatch.path[0] == "spec" for type_mismatch in read.type_mismatches)


@given(st.sampled_from([*CR_KINDS, ("bindguard.io/v1", "Registry")]), BODIES)
def test_a_strict_reader_makes_a_registry_or_says_why_not(kind: tuple[str, str], body: dict[str, Any]) -> None:
    try:
        registry = registry_from({**body, "apiVersion": kind[0], "kind": kind[1]}, source="x").registry
    except RegistryError as error:
        assert "cannot serve as the registry: " in error.message  # noqa: PT017 - both outcomes are right
    else:
        assert registry.known


@given(JSON, st.sampled_from([None, Version(1, 1), Version(1, 2), Version(1, 3), Version(1, 9)]))
def test_any_registration_can_be_evaluated(raw: object, version: Version | None) -> None:
    cr = {"apiVersion": "kubevirt.io/v1", "kind": "KubeVirt", "spec": {"configuration": {"network": {"binding": {"p": raw}}}}}
    read = read_registry_cr(cr)
    assert read is not None
    (written,) = read.registrations
    asked = plan(REGISTRATION_RULES, Registry(version=version), {}, upstream_answers=False)
    for finding in asked.evaluate_registration(Registration(written.name, written.raw, written.plugin), written.path):
        assert finding.path[:5] == written.path
        assert finding.message
        assert finding.accepted
