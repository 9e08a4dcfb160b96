"""A review in, findings out: the fast way says what the slow way says."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.admission.reviews import answer_to, review, rule_set
from tests.builders import interface, registry, spec
from webhook.admission.answer import ReviewError, answer_of
from webhook.admission.evaluation import evaluate_object
from webhook.admission.review import open_review

ALL = rule_set(registry({"passt": {"sidecarImage": "quay.io/kubevirt/network-passt-binding:v1.9.0"}}))
SHARED = sorted((Path(__file__).parents[3] / "shared/fixtures/admissionreviews").glob("*.json"))
OWN = sorted((Path(__file__).parents[1] / "data/reviews").glob("*.json"))
CREATIONS = [path for path in (*SHARED, *OWN) if json.loads(path.read_bytes())["request"]["operation"] == "CREATE"]


def evaluated(obj: object) -> list[Any]:
    """What `check` finds in an object, in the order of an answer."""
    return list(answer_of(evaluate_object(obj, ALL.plan) or []).findings)


@pytest.mark.parametrize("path", CREATIONS, ids=lambda path: path.stem)
def test_a_recorded_creation_is_evaluated_as_its_object_is(path: Path) -> None:
    body = path.read_bytes()
    assert list(answer_to(body, ALL).findings) == evaluated(json.loads(body)["request"]["object"])


@pytest.mark.parametrize(
    "obj",
    [
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": {}},
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": None},
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": {"template": {"spec": {"domain": 5}}}},
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "spec": spec(interface(masquerade="yes"))},
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "spec": spec(interface(masquerade={}), evictionStrategy=7)},
        {"apiVersion": "pool.kubevirt.io/v1beta1", "kind": "VirtualMachinePool", "spec": {"virtualMachineTemplate": {"spec": {}}}},
    ],
)
def test_what_does_not_fit_goes_the_way_of_check(obj: dict[str, Any]) -> None:
    assert list(answer_to(review(obj), ALL).findings) == evaluated(obj) != []


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"5", b"{}", b'{"request": 5}', b"\xff"])
def test_a_body_that_is_no_review_is_an_error_and_no_verdict(body: bytes) -> None:
    with pytest.raises(ReviewError):
        open_review(body)
