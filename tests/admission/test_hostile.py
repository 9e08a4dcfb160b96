"""No object is too odd, too deep or too large to be checked, and none takes the square of its size."""

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import multus, registry
from webhook.admission.evaluation import evaluate_object
from webhook.plugins.sources.hyperconverged import BINDING_IN
from webhook.rules import RULES
from webhook.rules.base import Action
from webhook.rules.plan import plan
from webhook.vmi.kinds import KINDS
from webhook.vmi.spec import Interface, Network

MANY = 4000
GATES = ("NetworkDevicesWithDRA", "PortRangesSpec")
ALL = plan(RULES, registry({f"p{i}": {"sidecarImage": "q/p:1"} for i in range(MANY)}, gates=GATES), {}, upstream_answers=False)

KEYS = sorted(
    {
        *("metadata", "annotations", "spec", "template", "virtualMachineTemplate", "virtualMachine", "preference", "domain", "devices"),
        *("configuration", "network", "networkBinding", "networking", "evictionStrategy", "resourceClaims", "interfaces", "networks"),
        *(
            "privateOptions",
            "option",
            "ntpServers",
            "start",
            "end",
            "port",
            "protocol",
            "networkName",
            "default",
            "claimName",
            "requestName",
        ),
        *(
            "sidecarImage",
            "domainAttachmentType",
            "migration",
            "method",
            "computeResourceOverhead",
            "requests",
            "limits",
            "memory",
            "",
            "a.b`",
        ),
        *Interface.__struct_encode_fields__,
        *Network.__struct_encode_fields__,
    }
)
STRINGS = st.sampled_from(["", "default", "absent", "${X}", "\ud800", "\x00", "a" * 300, "LiveMigrate", "1Gi", "p1", '"`\\'])
SCALARS = (
    st.none()
    | st.booleans()
    | st.sampled_from([0, -1, 80, 65536, 2**64, 1.5])
    | STRINGS
    | st.sampled_from([5000]).map(lambda digits: 10**digits)
)
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5))
ROOTS = [
    *((f"{kind.group}/{version}", kind.name, kind.spec) for kind in KINDS for version in kind.versions),
    ("kubevirt.io/v1", "KubeVirt", ("spec", "configuration", "network")),
    *((version, "HyperConverged", path[:-1]) for version, path in BINDING_IN.items()),
]


def at(path: tuple[Any, ...], value: object) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def vmi(interfaces: list[Any], networks: list[Any], **fields: Any) -> dict[str, Any]:
    spec = {"domain": {"devices": {"interfaces": interfaces}}, "networks": networks, **fields}
    return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "spec": spec}


def template(spec: object) -> dict[str, Any]:
    kind = next(kind for kind in KINDS if kind.is_template)
    return {"apiVersion": f"{kind.group}/{kind.versions[0]}", "kind": kind.name, **at(kind.spec, spec)}


@settings(max_examples=300)
@given(root=st.sampled_from(ROOTS), depth=st.integers(0, 8), value=ANYTHING, metadata=ANYTHING)
def test_an_object_of_any_shape_is_evaluated(root: tuple[str, str, tuple[str, ...]], depth: int, value: object, metadata: object) -> None:
    api_version, kind, path = root
    inner = at(path, {"domain": {"devices": {"interfaces": value}}, "networks": value, "binding": value, "networkBinding": value})
    obj = {"apiVersion": api_version, "kind": kind, **(inner if depth else at(path, value)), "metadata": metadata}
    findings = evaluate_object(obj, ALL)
    assert findings is not None
    for finding in findings:
        assert finding.message.isprintable()
        assert finding.accepted.isprintable()


NAMES = [f"n{i}" for i in range(MANY)]
NETWORKS = [multus(name) for name in NAMES]
LARGE = {
    "unknown plugins": vmi([{"name": name, "binding": {"name": f"q-{name}"}} for name in NAMES], NETWORKS),
    "one unknown plugin": vmi([{"name": name, "binding": {"name": "bridge"}} for name in NAMES], NETWORKS),
    "loose ends": vmi([{"name": f"m{name}", "bridge": {}} for name in NAMES], NETWORKS),
    "duplicates": vmi([{"name": "a", "bridge": {}}] * MANY, [multus("a")] * MANY),
    "default network last": vmi([{"name": name, "bridge": {}, "state": "absent"} for name in NAMES], [*NETWORKS, {"name": "p", "pod": {}}]),
    "claims that are not there": vmi(
        [{"name": name, "sriov": {}} for name in NAMES],
        [{"name": name, "resourceClaim": {"claimName": name, "requestName": "r"}} for name in NAMES],
        resourceClaims=[{"name": f"m{name}"} for name in NAMES],
    ),
    "wrong types": vmi([{"name": name} for name in NAMES] + [{"name": 5}] * MANY, []),
    "wrong annotations": {**vmi([{"name": name} for name in NAMES], []), "metadata": {"annotations": dict.fromkeys(NAMES, 5)}},
    "ports of a template": template(
        {
            "domain": {"devices": {"interfaces": [{"name": "a", "masquerade": {}, "ports": [{"port": 0}] * MANY}]}},
            "networks": [{"name": "a", "pod": {}}],
        }
    ),
    "long strings": vmi(
        [{"name": "-" * 2**20, "masquerade": {}, **dict.fromkeys(("model", "state", "macAddress", "pciAddress"), "0:" * 2**20)}], []
    ),
}


@pytest.mark.parametrize("obj", LARGE.values(), ids=LARGE)
def test_a_large_object_is_evaluated_in_about_the_time_that_reading_it_takes(obj: dict[str, Any]) -> None:
    started = time.process_time()
    findings = evaluate_object(obj, ALL)
    assert time.process_time() - started < 2, "some seconds to minutes when the time grows with the square"
    assert findings


def test_a_template_nested_deeper_than_the_stack_is_evaluated() -> None:
    deep: Any = "${X}"
    for _ in range(100_000):
        deep = [deep]
    assert evaluate_object(template({"domain": {"devices": {"interfaces": [{"name": "a", "deep": deep}]}}}), ALL) == []


def test_more_wrong_types_than_are_listed_still_deny() -> None:
    findings = evaluate_object(vmi([5] * MANY, []), ALL)
    assert findings
    assert {(finding.rule, finding.severity) for finding in findings} == {("wrong-type", Action.DENY)}


def test_plain_data_is_all_that_is_needed() -> None:
    assert evaluate_object(msgspec.json.decode(msgspec.json.encode(vmi([], []))), ALL) == []
