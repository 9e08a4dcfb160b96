"""Forged and broken pods, VMIs and numbers: nothing is gained by them, and nothing falls over."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.launchers import (
    EVICT_ONLY,
    KUBEVIRT,
    MARKER,
    OVERHEAD_BYTES,
    OWNER,
    UID,
    Json,
    after,
    answer,
    assert_unpatched,
    compute,
    patched,
    pod,
    resources_of,
    review,
    rule_set,
    vmi,
)
from webhook.admission.answer import ReviewError, SkipReason
from webhook.admission.mutation import mutate
from webhook.admission.pods import OverheadMode, VMIReference, open_pod_review
from webhook.kube.quantity import parse_quantity

EVEN_IF_COUNTED = OverheadMode.EVEN_IF_COUNTED
FORGED = '{"requests.memory":"500Mi"}'


def skipped(body: bytes) -> str:
    """Why no VMI is read."""
    reason = open_pod_review(body).vmi
    assert isinstance(reason, SkipReason)
    return reason


def test_the_vmi_is_that_of_the_owner_in_the_namespace_of_the_request() -> None:
    elsewhere = pod(namespace="kube-system")
    asked = open_pod_review(review(elsewhere, userInfo={"username": "virt-controller"}))
    assert asked.vmi == VMIReference("shop", "web", UID)
    assert (asked.request.namespace, asked.request.user_info.username) == ("shop", "virt-controller")


@pytest.mark.parametrize("operation", ["UPDATE", "DELETE", "CONNECT"])
def test_only_creation_is_of_interest(operation: str) -> None:
    assert skipped(review(pod(), operation=operation)) == "not-create"
    assert skipped(review(None, operation=operation)) == "not-create"


def test_a_subresource_is_no_pod() -> None:
    assert skipped(review(pod(), subResource="eviction")) == "subresource"
    assert skipped(review({"spec": 5}, subResource="ephemeralcontainers")) == "subresource"


@pytest.mark.parametrize("obj", [pod(), {"spec": {"containers": "x"}}, {"metadata": {"labels": {"a": 5}}}, 5])
def test_other_kinds_pass_whatever_they_look_like(obj: Any) -> None:
    assert skipped(review(obj, kind={"group": "apps", "version": "v1", "kind": "Deployment"})) == "not-a-pod"
    assert skipped(review(obj, kind={"group": "apps", "version": "v1", "kind": "Pod"})) == "not-a-pod"


@pytest.mark.parametrize("labels", [{"kubevirt.io": "virt-handler"}, {"kubevirt.io": "hotplug-disk"}, {"kubevirt.io": ""}])
def test_other_pods_of_kubevirt_pass(labels: dict[str, str]) -> None:
    assert skipped(review(pod(labels=labels))) == "not-a-launcher"


@pytest.mark.parametrize("obj", [None, {}, {"metadata": {}}, {"metadata": {"labels": None}}])
def test_a_pod_without_labels_passes(obj: Any) -> None:
    assert skipped(review(obj)) == "not-a-launcher"


def test_a_pod_that_is_being_deleted_passes() -> None:
    assert skipped(review(pod(deletionTimestamp="2026-11-21T22:34:47Z"))) == "deleting"


@pytest.mark.parametrize(
    "owners",
    [
        [],
        [{**OWNER, "controller": False}],
        [{**OWNER, "controller": None}],
        [{**OWNER, "kind": "Pod", "apiVersion": "v1"}],
        [{**OWNER, "kind": "VirtualMachine"}],
        [{**OWNER, "apiVersion": "kubevirt.io.evil.example/v1"}],
        [{**OWNER, "apiVersion": "evil.example/kubevirt.io/v1"}],
        [{**OWNER, "apiVersion": "kubevirt.io"}],
        [OWNER, OWNER],
        [OWNER, {**OWNER, "kind": "ReplicaSet", "apiVersion": "apps/v1", "uid": "other"}],
    ],
)
def test_a_forged_label_without_the_one_controller_changes_nothing(owners: list[Json]) -> None:
    assert skipped(review(pod(owners=owners))) == "no-vmi-owner"


@pytest.mark.parametrize("name", ["", ".", "..", "../secrets/x", "a/b", "web\n", "Web", "web?x=1", "a..b", "-a", "%2e%2e", "a" * 254])
def test_an_owner_whose_name_is_none_leads_nowhere(name: str) -> None:
    assert skipped(review(pod(owners=[{**OWNER, "name": name}]))) == "no-vmi-owner"
    assert skipped(review(pod(), namespace=name)) == "no-vmi-owner"


@pytest.mark.parametrize("uid", ["", "somebody-elses"])
def test_an_owner_with_another_uid_than_the_label_changes_nothing(uid: str) -> None:
    assert skipped(review(pod(owners=[{**OWNER, "uid": uid}]))) == "created-by-mismatch"
    assert skipped(review(pod(owners=[{**OWNER, "uid": uid}], labels={"kubevirt.io/created-by": ""}))) == "created-by-mismatch"


def by(user_info: Any) -> str:
    """Why the launcher pod of this user names no VMI that is read, where KubeVirt's own user is known; empty when it does."""
    vmi = open_pod_review(review(pod(), userInfo=user_info), creators=frozenset({KUBEVIRT})).vmi
    return vmi if isinstance(vmi, SkipReason) else ""


@pytest.mark.parametrize(
    "user_info",
    [
        {},
        {"username": ""},
        {"username": "system:admin"},
        {"username": "system:serviceaccount:shop:kubevirt-controller"},
        {"username": KUBEVIRT.upper()},
        {"username": KUBEVIRT + " "},
        {"username": "shopper", "groups": [KUBEVIRT], "uid": KUBEVIRT, "extra": {"username": [KUBEVIRT]}},
    ],
)
def test_a_launcher_pod_that_somebody_else_creates_leads_to_no_vmi(user_info: Json) -> None:
    assert by(user_info) == "unknown-requester"


def test_kubevirts_own_user_creates_launcher_pods_and_where_it_is_not_known_anybody_does() -> None:
    assert by({"username": KUBEVIRT, "groups": ["system:serviceaccounts"]}) == ""
    assert isinstance(open_pod_review(review(pod(), userInfo={"username": "anybody"})).vmi, VMIReference)


def test_the_requester_of_another_pod_is_of_no_interest() -> None:
    other = review(pod(labels={"kubevirt.io": "virt-handler"}), userInfo={"username": "anybody"})
    assert open_pod_review(other, creators=frozenset({KUBEVIRT})).vmi is SkipReason.NOT_A_LAUNCHER


def test_an_owner_that_names_somebody_elses_vmi_changes_nothing() -> None:
    assert_unpatched(answer(pod(), vmi(uid="another")), "uid-mismatch")


@pytest.mark.parametrize(
    "without",
    [
        pod({"name": "main"}),
        pod(compute(), compute()),
        pod({"name": "main"}, init=[compute()]),
        pod() | {"spec": {}},
        pod() | {"spec": {"containers": None}},
    ],
)
def test_without_exactly_one_compute_container_nothing_changes(without: Json) -> None:
    assert skipped(review(without)) == "no-compute-container"


@pytest.mark.parametrize(
    "brought",
    [
        {"annotations": {EVICT_ONLY: "1"}},
        {"annotations": {OVERHEAD_BYTES: "1"}},
        {"annotations": {EVICT_ONLY: "true", OVERHEAD_BYTES: ""}, "labels": {"vmi.kubevirt.io/id": "web"}},
        {"labels": {"vmi.kubevirt.io/id": "web"}},
    ],
)
def test_evidence_that_the_vmi_brought_proves_nothing(brought: Json) -> None:
    forged, of = pod(**brought), vmi(**brought)
    assert resources_of(patched(forged, of)) == {"requests": {"memory": "1524Mi"}}
    assert resources_of(patched(forged, of, rule_set(version="1.2"))) == {"requests": {"memory": "1524Mi"}}
    assert_unpatched(answer(forged, of, rule_set(version="1.9")), "not-provable")


@pytest.mark.parametrize("of", [{"annotations": {EVICT_ONLY: "", OVERHEAD_BYTES: "1"}}, {"labels": {"vmi.kubevirt.io/id": "web"}}])
def test_what_a_vmi_carries_and_its_pod_does_not_is_no_evidence(of: Json) -> None:
    assert resources_of(patched(pod(), vmi(**of), rule_set(version="1.2"))) == {"requests": {"memory": "1524Mi"}}
    assert resources_of(patched(pod(), vmi(**of))) == {"requests": {"memory": "1524Mi"}}


def test_where_the_vmi_brought_the_annotation_of_every_later_release_the_version_decides() -> None:
    forged, of = pod(annotations={EVICT_ONLY: ""}), vmi(annotations={EVICT_ONLY: ""})
    assert resources_of(patched(forged, of, rule_set(version="1.2"))) == {"requests": {"memory": "1524Mi"}}
    assert_unpatched(answer(forged, of), "not-provable")
    assert_unpatched(answer(forged, of, rule_set(version="1.9")), "not-provable")


@pytest.mark.parametrize(
    ("of", "written"),
    [
        (vmi(annotations={EVICT_ONLY: "1"}), {"annotations": {EVICT_ONLY: ""}}),
        (vmi(annotations={OVERHEAD_BYTES: "1"}), {"annotations": {OVERHEAD_BYTES: "546234368"}}),
        (vmi(labels={"vmi.kubevirt.io/id": "another"}), {"labels": {"vmi.kubevirt.io/id": "web"}}),
    ],
)
def test_what_kubevirt_wrote_over_a_forged_mark_is_evidence(of: Json, written: Json) -> None:
    assert_unpatched(answer(pod(**written), of, rule_set(version="1.2")), "counted-by-kubevirt")


def test_forged_evidence_does_not_hide_other_marks() -> None:
    forged = pod(annotations={EVICT_ONLY: ""}, init=[{"name": "guest-console-log"}])
    assert_unpatched(answer(forged, vmi(annotations={EVICT_ONLY: ""}), rule_set(version="1.2")), "counted-by-kubevirt")


TEN_MARKERS = {MARKER: FORGED} | {f"bindguard.io/overhead{end}": FORGED for end in ("", *(f"-{number}" for number in range(1, 10)))}
COMPUTED: Json = {"requests": {"memory": "1524Mi"}}


def copied(annotations: Json) -> Json:
    """The annotations of a VMI that KubeVirt copies to its pod."""
    return {key: value for key, value in annotations.items() if not key.startswith("kubectl.kubernetes.io")}


@pytest.mark.parametrize("brought", [{MARKER: FORGED}, {MARKER: "{"}, {MARKER: ""}, TEN_MARKERS])
def test_no_marker_of_a_vmi_prevents_the_overhead_and_none_adds_it_twice(brought: Json) -> None:
    result = patched(pod(annotations=copied(brought)), vmi(annotations=brought))
    assert resources_of(result) == COMPUTED
    for later in (brought, {}, {MARKER: ""}):
        assert_unpatched(answer(result, vmi(annotations=later)), "already-added")


@pytest.mark.parametrize("brought", [{MARKER: FORGED}, {MARKER: "{"}, {MARKER: ""}, {MARKER: f"{FORGED} "}, TEN_MARKERS])
def test_a_marker_copied_by_a_fork_that_copies_every_annotation_is_not_believed_either(brought: Json) -> None:
    result = patched(pod(annotations=brought), vmi(annotations=brought))
    assert resources_of(result) == COMPUTED
    assert_unpatched(answer(result, vmi(annotations=brought)), "already-added")


@given(st.dictionaries(st.sampled_from([MARKER, "bindguard.io/overhead", EVICT_ONLY, OVERHEAD_BYTES]), st.sampled_from([FORGED, "", "1"])))
def test_whatever_annotations_a_vmi_carries_an_early_kubevirts_pod_gets_the_memory_once(brought: Json) -> None:
    book = rule_set(version="1.2")
    result = patched(pod(annotations=copied(brought)), vmi(annotations=brought), book)
    assert resources_of(result) == COMPUTED
    assert_unpatched(answer(result, vmi(annotations=brought), book), "already-added")


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"requests.memory":5}', '{"requests.memory":"lots"}', '{"requests.memory":"-1Ti"}'])
def test_a_marker_that_is_not_ours_adds_nothing(text: str) -> None:
    assert_unpatched(answer(pod(annotations={MARKER: text})), "unreadable-quantity")


def test_an_account_that_kubevirt_wrote_over_the_vmis_is_raised() -> None:
    result = patched(pod(annotations={OVERHEAD_BYTES: "1000"}), vmi(annotations={OVERHEAD_BYTES: "much"}), mode=EVEN_IF_COUNTED)
    assert result["metadata"]["annotations"][OVERHEAD_BYTES] == str(1000 + 500 * 2**20)


def test_an_account_that_the_vmi_brought_is_left_alone() -> None:
    forged = {OVERHEAD_BYTES: "much"}
    result = patched(pod(annotations=forged), vmi(annotations=forged), rule_set(version="1.2"))
    assert result["metadata"]["annotations"][OVERHEAD_BYTES] == "much"


BROKEN = ["lots", "", "-1Gi", "1e999999999", "1e1000", "9" * 101, "9223372036854775807", "Mi", "1 Gi"]


@pytest.mark.parametrize("quantity", [*BROKEN, 5, 1.5, True, None, {}, [], 10**400])
@pytest.mark.parametrize("section", ["requests", "limits"])
def test_a_quantity_in_the_pod_that_cannot_be_raised_leaves_the_pod_to_the_api_server(quantity: Any, section: str) -> None:
    resources = {"requests": {"memory": "1Gi"}} | {section: {"memory": quantity}}
    answered = answer(pod(compute(resources)))
    assert_unpatched(answered, "unreadable-quantity")
    assert json.dumps(answered.audit["problem"])


@pytest.mark.parametrize("quantity", [*BROKEN[:5], 1.5, True, {}, [], -1, "-500Mi", 10**400])
def test_an_overhead_that_is_no_amount_is_not_added(quantity: Any) -> None:
    overhead = {"requests": {"memory": quantity}}
    registered = rule_set({"passt": {"computeResourceOverhead": overhead}})
    for book in (registered, rule_set({"passt": {}}, supplementary={"passt": overhead})):
        answered = answer(pod(), book=book, mode=EVEN_IF_COUNTED)
        assert_unpatched(answered, "unreadable-quantity")
        assert 'plugin "passt"' in answered.audit["problem"]


def test_overheads_that_overflow_together_are_not_added() -> None:
    half = {"computeResourceOverhead": {"requests": {"memory": "5E"}}}
    assert_unpatched(answer(pod(), vmi("a", "b"), rule_set({"a": half, "b": half})), "unreadable-quantity")


def test_an_account_of_kubevirt_that_is_no_number_leaves_the_pod_alone() -> None:
    assert_unpatched(answer(pod(annotations={OVERHEAD_BYTES: "much"}), mode=EVEN_IF_COUNTED), "unreadable-quantity")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        review(pod(), envelope={"apiVersion": "admission.k8s.io/v1beta1"}),
        review(pod(), envelope={"kind": "Pod"}),
        review(pod(), uid=""),
        review(pod(), uid=5),
        review(pod(), operation=None),
        review({"spec": {"containers": "x"}}),
        review({"metadata": {"labels": {"kubevirt.io": 5}}}),
        review("pod"),
        review(pod())[:-40] + b"\xff" + review(pod())[-40:],
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_no_review_of_a_pod_is_an_error_and_no_verdict(body: bytes) -> None:
    with pytest.raises(ReviewError, match=r"\w"):
        open_pod_review(body)


AMOUNTS = st.sampled_from(["0", "1", "1500m", "250Mi", "1G", "1e3"])
RESOURCES = st.dictionaries(st.sampled_from(["cpu", "memory", "ephemeral-storage"]), AMOUNTS)


def order(resources: Json, name: str) -> int:
    """-1, 0 or 1: the request is below, at or above its limit."""
    request, limit = parse_quantity(resources["requests"][name]), parse_quantity(resources["limits"][name])
    return (request > limit) - (request < limit)


@given(requests=RESOURCES, limits=RESOURCES, overhead=st.fixed_dictionaries({}, optional={"requests": RESOURCES, "limits": RESOURCES}))
def test_whatever_is_added_is_added_once_and_no_request_passes_its_limit(requests: Json, limits: Json, overhead: Json) -> None:
    resources = {"requests": limits | requests, "limits": limits}  # as the API server defaults requests that are missing
    before = pod(compute(resources))
    book = rule_set({"passt": {}}, supplementary={"passt": overhead})
    answered = answer(before, book=book)
    if not answered.patch:
        assert answered.reason in {"nothing-declared", "not-applicable"}
        return
    result = after(before, answered)
    assert answer(result, book=book).reason == "already-added"
    for name in limits:
        if order(resources, name) == 0:
            assert order(resources_of(result), name) == 0
        if order(resources, name) < 0:
            assert order(resources_of(result), name) < 0


def test_a_review_that_names_no_vmi_or_no_compute_container_is_never_patched() -> None:
    asked = open_pod_review(review(pod({"name": "main"})))
    body = json.dumps(vmi()).encode()
    assert_unpatched(mutate(asked, body, rule_set(), EVEN_IF_COUNTED), "no-compute-container")
    named = asked._replace(vmi=VMIReference("shop", "web", UID))
    assert_unpatched(mutate(named, body, rule_set(), EVEN_IF_COUNTED), "no-compute-container")
