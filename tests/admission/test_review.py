"""A review in, findings out: the fast way says what the slow way says."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.builders import interface, registry, spec
from webhook.admission.judge import judge
from webhook.admission.review import findings_in
from webhook.rules import RULES
from webhook.rules.plan import plan

ALL = plan(RULES, registry({"passt": {"sidecarImage": "quay.io/kubevirt/network-passt-binding:v1.9.0"}}), {}, upstream_answers=False)
SHARED = sorted((Path(__file__).parents[3] / "shared/fixtures/admissionreviews").glob("*.json"))
OWN = sorted((Path(__file__).parents[1] / "data/reviews").glob("*.json"))


def review(obj: dict[str, Any]) -> bytes:
    group, _, version = str(obj.get("apiVersion")).rpartition("/")
    kind = {"group": group, "version": version, "kind": obj.get("kind")}
    return json.dumps(
        {"apiVersion": "v1", "kind": "AdmissionReview", "request": {"uid": "u", "kind": kind, "operation": "CREATE", "object": obj}}
    ).encode()


@pytest.mark.parametrize("path", [*SHARED, *OWN], ids=lambda path: path.stem)
def test_a_recorded_review_is_judged_as_its_object_is(path: Path) -> None:
    body = path.read_bytes()
    assert findings_in(body, ALL) == judge(json.loads(body)["request"]["object"], ALL)


def test_a_plugin_that_nobody_registered_is_found_in_a_recorded_review() -> None:
    [body] = [path.read_bytes() for path in OWN if path.stem == "vm-create-unregistered-generatename"]
    findings = findings_in(body, ALL)
    assert findings is not None
    assert [finding.rule for finding in findings] == ["unregistered-plugin"]


@pytest.mark.parametrize(
    "obj",
    [
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": {}},
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": None},
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": {"template": {"spec": {"domain": 5}}}},
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "spec": spec(interface(masquerade="yes"))},
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "spec": spec(interface(masquerade={}), evictionStrategy=7)},
        {"apiVersion": "pool.kubevirt.io/v1beta1", "kind": "VirtualMachinePool", "spec": {"virtualMachineTemplate": {"spec": {}}}},
        {"apiVersion": "kubevirt.io/v2", "kind": "VirtualMachine", "spec": {"template": {"spec": spec(interface(bridge={}))}}},
        {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": "odd", "networks": 5}},
    ],
)
def test_what_does_not_fit_goes_the_way_of_check(obj: dict[str, Any]) -> None:
    assert findings_in(review(obj), ALL) == judge(obj, ALL)


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"5", b"{}", b'{"request": 5}', b"\xff"])
def test_a_body_that_is_no_review_is_an_error_and_no_verdict(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        findings_in(body, ALL)
