"""Whole objects, checked as KubeVirt v1.9.0's own network admitter checks them: the same verdict, the same mistakes, the same places.

`admitter.reference` restates that admitter. Where the rules differ on purpose, the difference is written down here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import registry
from webhook.admission.evaluation import evaluate_object
from webhook.rules import RULE_NAMED, RULES
from webhook.rules.base import Action, Finding, Group, InterfaceRule, SpecRule
from webhook.rules.plan import plan
from webhook.vmi.kinds import KINDS, Kind

from .admitter.reference import BINDINGS, DEAD, INTERFACES, Cause, Cluster, Field, Object, Spec, causes_of, has, is_default, text
from .admitter.specs import CLUSTERS, single_interfaces, specs
from .examples import examples, raw_spec

DENIED_BEYOND_UPSTREAM = {"empty-plugin-name", "unregistered-plugin", "plugin-attaches-nothing"}
"""KubeVirt admits these, and the VM then hangs or boots without its NIC: what this project is for."""

OF_PORTS = {"invalid-port", "invalid-port-name", "duplicate-port-name", "unknown-port-protocol"}
"""The admitter reads ports on the pod network only, interface by interface; the API server refuses the pod for any of them."""

OF_OTHER_ADMITTERS: Mapping[str, str] = {
    "invalid-boot-order": "vmi-create-admitter.go",
    "duplicate-boot-order": "vmi-create-admitter.go",
    "bootable-interface-with-launch-security": "pkg/virt-api/webhooks/amd64.go",
    "probe-without-pod-network": "vmi-create-admitter.go",
    "too-many-interfaces": "vmi-create-admitter.go, and maxItems of the CRD",
    "incomplete-dhcp-option": "the CRD",
    "invalid-resource-claim": "pkg/dra/admitter, and the CRD",
    "default-binding-not-permitted": "SetDefaultNetworkInterface in the mutating webhook",
    "legacy-binding-not-permitted": "vmi-create-admitter.go before 1.3",
}
"""Rules that restate something else of KubeVirt, and what; `test_oracle` compares them with KubeVirt's own answers."""

AFTER_ADMISSION: Mapping[str, str] = {
    "invalid-network-reference": "virt-controller, or Multus",
    "invalid-vm-network-cidr": "virt-handler",
    "duplicate-pci-address": "libvirt, about the domain",
    "invalid-probe": "the API server, about the launcher pod",
    "invalid-subdomain": "the API server, about the launcher pod",
    "plugin-hard-coded-name": "the sidecars",
    "plugin-without-pod-network": "the sidecars",
}
"""Rules about VMs that every webhook of KubeVirt admits and that never start, and what fails then."""

WITH_THE_SAME_FIELD = {
    *("network-without-source", "network-with-several-sources", "network-without-interface", "duplicate-network-name"),
    *("interface-without-network", "duplicate-interface-name", "unknown-interface-state", "state-unsupported-by-binding"),
    *("default-network-absent", "no-binding", "discontinued-binding", "reserved-mac", "invalid-interface-name", "unknown-model"),
    *("invalid-mac-address", "invalid-pci-address", "invalid-port-name", "duplicate-port-name", "unknown-port-protocol"),
    *("ntp-server-not-ipv4", "incomplete-resource-claim", "resource-claim-not-found"),
}
"""Rules that report exactly the field that KubeVirt reports."""

LENGTH_OF_THE_SAME = {
    **dict.fromkeys(("multus-without-network-name", "duplicate-resource-claim"), 2),
    **dict.fromkeys(("several-bindings", "masquerade-without-pod-network", "bridge-not-permitted"), 4),
    **dict.fromkeys(("passt-gate-disabled", "passt-without-pod-network", "port-ranges-gate-disabled"), 4),
    **dict.fromkeys(("ports-beside-port-ranges", "port-ranges-without-masquerade", "too-many-port-ranges"), 4),
    **dict.fromkeys(("overlapping-port-ranges", "duplicate-dhcp-option", "dhcp-option-out-of-range"), 4),
    **dict.fromkeys(("invalid-port", "invalid-port-range"), 6),
}
"""How much of the field is the same where a rule points closer; for the rules in neither list it is nothing: KubeVirt names no item."""

DENYING = {rule.name for rule in RULES if isinstance(rule, InterfaceRule | SpecRule) and rule.action is Action.DENY}
OF_ADMITTER = {rule.name for rule in RULES if rule.name in DENYING and rule.group in (Group.BINDINGS, Group.NETWORKS)}
OF_ADMITTER -= DENIED_BEYOND_UPSTREAM | OF_OTHER_ADMITTERS.keys() | AFTER_ADMISSION.keys()
CARRIERS = [kind for kind in KINDS if not kind.is_template]


def place(rule: str, field: Field) -> Cause:
    return Cause(rule, field if rule in WITH_THE_SAME_FIELD else field[: LENGTH_OF_THE_SAME.get(rule, 0)])


def wrapped(spec: Object, kind: Kind) -> Object:
    obj: Any = spec
    for key in reversed(kind.spec):
        obj = {key: obj}
    return {"apiVersion": f"{kind.group}/{kind.versions[0]}", "kind": kind.name, **obj}


def findings_about(spec: Object, cluster: Cluster, kind: Kind) -> list[Finding]:
    gates = [name for name, on in (("NetworkDevicesWithDRA", cluster.dra), ("PortRangesSpec", cluster.port_ranges)) if on]
    known = registry(
        {name: {"domainAttachmentType": "tap"} for name in ("p", "passt")},
        version="1.9",
        gates=tuple(gates),
        disabled_gates=() if cluster.passt else ("PasstBinding",),
        permit_bridge_on_pod_network=cluster.bridge_on_pod_network,
    )
    findings = evaluate_object(wrapped(spec, kind), plan(RULES, known, {}, upstream_answers=False))
    assert findings is not None
    denied = [
        finding for finding in findings if finding.severity is Action.DENY and finding.rule not in {*OF_OTHER_ADMITTERS, *AFTER_ADMISSION}
    ]
    return [finding for finding in denied if not is_about_ports_that_are_not_read(finding.rule, finding.path[len(kind.spec) :], Spec(spec))]


def is_about_ports_that_are_not_read(rule: str, field: Field, spec: Spec) -> bool:
    """Whether the admitter does not read the port in question, or not beside the other one of its name."""
    if rule not in OF_PORTS:
        return False
    interface, index = spec.interfaces[int(field[3])], int(field[5])
    if not has(spec.network_named.get(text(interface, "name")) or {}, "pod"):
        return True
    names = [text(port, "name") for port in interface["ports"]]
    return rule == "duplicate-port-name" and names[index] not in names[:index]


def told_once(causes: set[Cause], raw: Object) -> set[Cause]:
    """The causes without those that follow from another one, which the rules leave out."""
    spec = Spec(raw)
    return {cause for cause in causes if not follows(cause, causes, spec)}


def follows(cause: Cause, causes: set[Cause], spec: Spec) -> bool:
    interface = spec.interfaces[int(cause.field[3])] if cause.field[:3] == INTERFACES and len(cause.field) > 3 else {}
    if cause.rule == "no-binding":
        return any(has(interface, dead) for dead in DEAD)  # it is `discontinued-binding`
    if cause.rule in ("masquerade-without-pod-network", "passt-without-pod-network"):
        return text(interface, "name") not in spec.network_named  # it is `interface-without-network`
    if cause.rule == "default-network-beside-pod-network":
        return not any(is_default(network) and not has(network, "pod") for network in spec.networks)  # it is `network-with-several-sources`
    if cause.rule == "network-without-interface":
        return any(not text(each, "name") for each in spec.interfaces)  # it is `invalid-interface-name`
    if cause.rule == "overlapping-port-ranges":
        return any(other.rule == "invalid-port-range" and other.field[:4] == cause.field[:4] for other in causes)
    return False


def more_than_the_first(places: set[Cause]) -> Iterator[Cause]:
    """KubeVirt stops at the first Multus network without a networkName."""
    return iter(sorted(each for each in places if each.rule == "multus-without-network-name")[1:])


def assert_parity(spec: Object, cluster: Cluster, kind: Kind) -> None:
    findings = findings_about(spec, cluster, kind)
    causes = set(causes_of(spec, cluster))
    assert bool(findings) == bool(causes)
    assert all(finding.path[: len(kind.spec)] == kind.spec for finding in findings)
    ours = {place(finding.rule, finding.path[len(kind.spec) :]) for finding in findings}
    theirs = {place(cause.rule, cause.field) for cause in told_once(causes, spec)}
    # Beside a range that is wrong by itself, those that are right are still told to overlap.
    optional = {each for each in ours - theirs if each.rule == "overlapping-port-ranges"}
    assert ours - set(more_than_the_first(ours)) - optional == theirs


@settings(max_examples=300)
@given(spec=specs(), cluster=CLUSTERS, kind=st.sampled_from(CARRIERS))
def test_an_object_is_denied_for_exactly_what_kubevirt_refuses(spec: Object, cluster: Cluster, kind: Kind) -> None:
    assert_parity(spec, cluster, kind)


@settings(max_examples=300)
@given(spec=single_interfaces(), cluster=CLUSTERS)
def test_an_interface_is_denied_for_exactly_the_fields_that_kubevirt_refuses(spec: Object, cluster: Cluster) -> None:
    assert_parity(spec, cluster, CARRIERS[0])


@pytest.mark.parametrize(
    "bindings", [(), *((each,) for each in BINDINGS), *((each, "bridge") for each in BINDINGS), *((each,) for each in DEAD)]
)
def test_every_combination_of_bindings_is_evaluated_alike_on_every_network(bindings: tuple[str, ...]) -> None:
    interface = {"name": "a", **{binding: {"name": "p"} if binding == "binding" else {} for binding in bindings}}
    sources: tuple[Object, ...] = (
        {"pod": {}},
        {"multus": {"networkName": "blue"}},
        {"resourceClaim": {"claimName": "x", "requestName": "r"}},
    )
    for source in sources:
        spec = {
            "domain": {"devices": {"interfaces": [interface]}},
            "networks": [{"name": "a", **source}],
            "resourceClaims": [{"name": "x"}],
        }
        for passt, dra, bridge in ((passt, dra, bridge) for passt in (True, False) for dra in (True, False) for bridge in (True, False)):
            assert_parity(spec, Cluster(passt=passt, dra=dra, bridge_on_pod_network=bridge), CARRIERS[0])


OFF: Mapping[str, Cluster] = {
    "bridge-not-permitted": Cluster(bridge_on_pod_network=False),
    "dra-gate-disabled": Cluster(dra=False),
    "passt-gate-disabled": Cluster(passt=False),
    "port-ranges-gate-disabled": Cluster(port_ranges=False),
}


@pytest.mark.parametrize("name", sorted(OF_ADMITTER))
def test_every_example_of_a_rule_is_evaluated_alike(name: str) -> None:
    cluster = OFF.get(name, Cluster())
    for heading in ("Refused", "Accepted"):
        for example in examples(RULE_NAMED[name], heading):
            spec = raw_spec(example)
            assert_parity(spec, cluster, CARRIERS[0])
            assert (name in {cause.rule for cause in causes_of(spec, cluster)}) is (heading == "Refused")


def test_what_is_denied_beyond_upstream_is_known() -> None:
    in_part = OF_PORTS | {"discontinued-binding", "default-binding-not-permitted"}  # in replica sets and pools KubeVirt lets these two pass
    always = {rule.name for rule in RULES if rule.name in DENYING and rule.upstream_since is None}
    assert always == DENIED_BEYOND_UPSTREAM | AFTER_ADMISSION.keys() | in_part


def test_the_reference_knows_every_rule_of_the_admitter() -> None:
    by_object = {"several-pod-networks", "several-default-networks", "default-network-beside-pod-network"}
    by_dra = {"dra-gate-disabled", "dra-beside-multus", "dra-without-sriov-or-plugin"}
    assert WITH_THE_SAME_FIELD | LENGTH_OF_THE_SAME.keys() | by_object | by_dra == OF_ADMITTER
