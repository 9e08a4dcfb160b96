"""The rules of this folder about networks, states and DRA against a plain restatement of KubeVirt v1.9.0's network admitter."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import registry
from webhook.rules.base import Action, Rule
from webhook.rules.networks import (
    default_network_absent,
    default_network_beside_pod_network,
    dra_beside_multus,
    dra_gate_disabled,
    dra_without_sriov_or_plugin,
    duplicate_interface_name,
    duplicate_network_name,
    duplicate_resource_claim,
    incomplete_resource_claim,
    interface_without_network,
    multus_without_network_name,
    network_with_several_sources,
    network_without_interface,
    network_without_source,
    resource_claim_not_found,
    several_default_networks,
    several_pod_networks,
    state_unsupported_by_binding,
    unknown_interface_state,
)
from webhook.rules.plan import plan
from webhook.vmi.spec import VMISpec
from webhook.vmi.vmi import VMI

Object: TypeAlias = dict[str, Any]

RULES: tuple[Rule, ...] = (
    interface_without_network.RULE,
    network_without_interface.RULE,
    duplicate_interface_name.RULE,
    duplicate_network_name.RULE,
    several_pod_networks.RULE,
    several_default_networks.RULE,
    default_network_beside_pod_network.RULE,
    network_without_source.RULE,
    network_with_several_sources.RULE,
    multus_without_network_name.RULE,
    unknown_interface_state.RULE,
    state_unsupported_by_binding.RULE,
    default_network_absent.RULE,
    dra_gate_disabled.RULE,
    dra_beside_multus.RULE,
    dra_without_sriov_or_plugin.RULE,
    incomplete_resource_claim.RULE,
    resource_claim_not_found.RULE,
    duplicate_resource_claim.RULE,
)
SOURCES = ("pod", "multus", "resourceClaim")


def name_of(item: Object) -> str:
    return item.get("name") or ""


def sources_of(network: Object) -> list[str]:
    return [source for source in SOURCES if network.get(source) is not None]


def is_default(network: Object) -> bool:
    return network.get("multus") is not None and bool(network["multus"].get("default"))


def refused_names(interfaces: list[Object], networks: list[Object]) -> Iterator[str]:
    interface_names, network_names = Counter(map(name_of, interfaces)), Counter(map(name_of, networks))
    if set(interface_names) - set(network_names):
        yield "interface-without-network"
    if set(network_names) - set(interface_names):
        yield "network-without-interface"
    if any(times > 1 for times in interface_names.values()):
        yield "duplicate-interface-name"
    if any(times > 1 for times in network_names.values()):
        yield "duplicate-network-name"


def refused_sources(networks: list[Object]) -> Iterator[str]:
    pods, defaults = sum("pod" in sources_of(network) for network in networks), sum(map(is_default, networks))
    if pods > 1:
        yield "several-pod-networks"
    if defaults > 1:
        yield "several-default-networks"
    if pods and defaults:
        yield "default-network-beside-pod-network"
    if any(not sources_of(network) for network in networks):
        yield "network-without-source"
    if any(len(sources_of(network)) > 1 for network in networks):
        yield "network-with-several-sources"
    if any("multus" in sources_of(network) and not network["multus"].get("networkName") for network in networks):
        yield "multus-without-network-name"


def refused_states(interfaces: list[Object], networks: list[Object]) -> Iterator[str]:
    primary = [network for network in networks if "multus" not in sources_of(network) or is_default(network)][:1]
    for interface in interfaces:
        state = interface.get("state") or ""
        if state not in ("", "absent", "up", "down"):
            yield "unknown-interface-state"
        if state in ("up", "down") and interface.get("sriov") is not None:
            yield "state-unsupported-by-binding"
        if state == "absent" and interface.get("bridge") is None:
            yield "state-unsupported-by-binding"
        if state == "absent" and name_of(interface) in map(name_of, primary):
            yield "default-network-absent"


def refused_dra(spec: Object, interfaces: list[Object], networks: list[Object], *, gate: bool) -> Iterator[str]:
    claimed = [network for network in networks if "resourceClaim" in sources_of(network)]
    if not claimed:
        return
    if not gate:
        yield "dra-gate-disabled"
    elif any("multus" in sources_of(network) for network in networks):
        yield "dra-beside-multus"
    else:
        yield from refused_claims(spec, claimed)
        yield from refused_claim_users(interfaces, claimed)


def refused_claims(spec: Object, claimed: list[Object]) -> Iterator[str]:
    seen = set()
    for network in claimed:
        claim, request = network["resourceClaim"].get("claimName") or "", network["resourceClaim"].get("requestName") or ""
        if not claim or not request:
            yield "incomplete-resource-claim"
            continue
        if claim not in map(name_of, spec.get("resourceClaims") or []):
            yield "resource-claim-not-found"
        if (claim, request) in seen:
            yield "duplicate-resource-claim"
        seen.add((claim, request))


def refused_claim_users(interfaces: list[Object], claimed: list[Object]) -> Iterator[str]:
    for network in claimed:
        users = [interface for interface in interfaces if name_of(interface) == name_of(network)]
        if users and users[0].get("sriov") is None and users[0].get("binding") is None:
            yield "dra-without-sriov-or-plugin"


def refused_by_kubevirt(spec: Object, *, gate: bool) -> set[str]:
    interfaces, networks = spec["domain"]["devices"].get("interfaces") or [], spec.get("networks") or []
    return {
        *refused_names(interfaces, networks),
        *refused_sources(networks),
        *refused_states(interfaces, networks),
        *refused_dra(spec, interfaces, networks, gate=gate),
    }


def refused_by_us(spec: Object, *, gate: bool) -> set[str]:
    known = registry(version="1.9", gates=("NetworkDevicesWithDRA",) if gate else ())
    findings = plan(RULES, known, {}, upstream_answers=False).judge_vmi(VMI(msgspec.convert(spec, VMISpec)), ())
    return {finding.rule for finding in findings if finding.severity is Action.DENY}


def mostly(usual: st.SearchStrategy[Any], *odd: Any) -> st.SearchStrategy[Any]:
    """`usual`, and one time in twelve one of `odd`."""
    return st.sampled_from(range(12)).flatmap(lambda turn: usual if turn else st.sampled_from(odd))


NAMES = mostly(st.sampled_from(["a", "b", "c", "d"]), "", None)
CLAIM = st.fixed_dictionaries({"claimName": mostly(st.sampled_from(["x", "y"]), "", "z"), "requestName": mostly(NAMES, "", None)})
MULTUS = st.fixed_dictionaries({"networkName": mostly(st.just("blue"), "", None), "default": mostly(st.just(None), True, False)})
POD_SOURCE: st.SearchStrategy[Object] = st.just({"pod": {}})
MULTUS_SOURCE = st.fixed_dictionaries({"multus": MULTUS})
CLAIM_SOURCE = st.fixed_dictionaries({"resourceClaim": CLAIM})
ANY_SOURCES = st.fixed_dictionaries({}, optional={"pod": st.sampled_from([{}, None]), "multus": MULTUS, "resourceClaim": CLAIM})
STATES = mostly(st.sampled_from([None, "", "up", "down"]), "absent", "absent", "Absent")
BINDINGS: st.SearchStrategy[Object] = st.sampled_from(
    [{"sriov": {}}, {"binding": {"name": "p"}}, {"bridge": {}}, {"bridge": {}, "sriov": {}}, {}]
)


@st.composite
def specs(draw: st.DrawFn) -> Object:
    """A spec that is coherent often enough for a single mistake to decide."""
    names = draw(st.lists(NAMES, max_size=3, unique=draw(mostly(st.just(True), False))))
    usual = draw(st.sampled_from([MULTUS_SOURCE, CLAIM_SOURCE]))
    sources = [draw(mostly(usual if index else st.one_of(usual, POD_SOURCE), None)) or draw(ANY_SOURCES) for index in range(len(names))]
    networks = draw(st.permutations([{"name": name, **source} for name, source in zip(names, sources, strict=True)]))
    users = draw(mostly(st.just(names), names[:1], [*names, "a"]))
    interfaces = [{"name": name, "state": draw(STATES), **draw(BINDINGS)} for name in users]
    claims = [{"name": name} for name in draw(mostly(st.just(["x", "y"]), ["x"], []))]
    return {"domain": {"devices": {"interfaces": interfaces}}, "networks": networks, "resourceClaims": claims}


@settings(max_examples=200, deadline=None)
@given(spec=specs(), gate=st.sampled_from([True, True, False]))
def test_a_spec_is_denied_exactly_when_kubevirt_refuses_it(spec: Object, gate: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
    ours, theirs = refused_by_us(spec, gate=gate), refused_by_kubevirt(spec, gate=gate)
    assert bool(ours) == bool(theirs)
    assert ours <= theirs
    assert theirs - ours <= {"default-network-beside-pod-network"}, "told once, as network-with-several-sources"
