"""A launcher pod in, the overhead of its VM's plugins on it: how much, where, and when nothing."""

import json
from pathlib import Path
from typing import Any

import jsonpatch
import pytest

from tests.admission.launchers import (
    EVICT_ONLY,
    MARKER,
    OVERHEAD_BYTES,
    OWNER,
    PASST,
    Json,
    after,
    answer,
    as_by_an_early_kubevirt,
    assert_unpatched,
    compute,
    patched,
    pod,
    rendered_lines,
    rendered_pod,
    rendered_vmi,
    resources_of,
    review,
    rule_set,
    vmi,
)
from webhook.admission.answer import Decision, SkipReason
from webhook.admission.mutation import expect, merge, mutate, pointer, put
from webhook.admission.overhead_due import may_count
from webhook.admission.pods import OverheadMode, VMIReference, open_pod_review
from webhook.admission.verdict import encode
from webhook.kube.version import parse_version
from webhook.rules.base import Action

REPOSITORY = Path(__file__).parents[2]
RECORDED = [
    *(REPOSITORY / "tests/data/reviews").glob("pod-create-virt-launcher-*.json"),
    *(REPOSITORY / "../shared/fixtures/admissionreviews").glob("pod-create-virt-launcher-*.json"),
]
EVEN_IF_COUNTED = OverheadMode.EVEN_IF_COUNTED
DISK = "ephemeral-storage"
GUARANTEED = {"requests": {"cpu": "2", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "1Gi"}}


@pytest.mark.parametrize("line", rendered_lines())
def test_a_launcher_pod_comes_out_as_kubevirt_renders_it_with_the_overhead_declared(line: Json) -> None:
    rendered, of, book = rendered_pod(line), rendered_vmi(line), rule_set(line["plugins"])
    answered = answer(rendered, of, book, EVEN_IF_COUNTED)
    result = after(rendered, answered) if answered.patch else rendered
    assert json.dumps(resources_of(result), sort_keys=True) == json.dumps(line["expected_resources"], sort_keys=True)
    assert result["metadata"]["annotations"][OVERHEAD_BYTES] == line["expected_overhead_annotation"]
    if answered.patch:
        assert_unpatched(answer(result, of, book, EVEN_IF_COUNTED), "already-added")


@pytest.mark.parametrize("line", rendered_lines())
def test_the_same_pod_of_an_early_kubevirt_gets_what_a_later_one_counts(line: Json) -> None:
    early, of, book = as_by_an_early_kubevirt(rendered_pod(line)), rendered_vmi(line), rule_set(line["plugins"], version="1.2")
    answered = answer(early, of, book)
    result = after(early, answered) if answered.patch else early
    assert json.dumps(resources_of(result), sort_keys=True) == json.dumps(line["expected_resources"], sort_keys=True)
    if answered.patch:
        assert_unpatched(answer(result, of, book), "already-added")


@pytest.mark.parametrize("line", rendered_lines())
def test_a_pod_that_a_later_kubevirt_rendered_is_left_alone(line: Json) -> None:
    answered = answer(rendered_pod(line), rendered_vmi(line), rule_set(line["plugins"]))
    assert answered.reason in {"counted-by-kubevirt", "nothing-declared", "no-plugins"}
    assert answered.patch == ()


def test_the_rendered_pods_that_come_with_the_tests_show_every_mode() -> None:
    modes = {each.values[0]["mode"] for each in rendered_lines() if each.id.startswith("ours")}
    assert modes == {"req", "guest", "ded", "hug", "over", "reqlim", "overlim"}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_pod_recorded_from_a_current_kubevirt_is_counted_there_already(path: Path) -> None:
    asked = open_pod_review(path.read_bytes())
    assert isinstance(asked.vmi, VMIReference)
    assert (asked.vmi.namespace, asked.vmi.uid[:8]) == ("default", "00000000")
    of = json.dumps(vmi(uid=asked.vmi.uid)).encode()
    assert_unpatched(mutate(asked, of, rule_set(), OverheadMode.AUTO), "counted-by-kubevirt")


def test_a_pod_of_an_early_kubevirt_gets_the_memory_with_few_operations() -> None:
    assert answer(pod()).patch == (
        {"op": "test", "path": "/spec/containers/0/name", "value": "compute"},
        {"op": "test", "path": "/spec/containers/0/resources/requests/memory", "value": "1Gi"},
        {"op": "replace", "path": "/spec/containers/0/resources/requests/memory", "value": "1524Mi"},
        {"op": "add", "path": "/metadata/annotations/kubectl.kubernetes.io.bindguard.io~1overhead", "value": '{"requests.memory":"500Mi"}'},
    )


def test_the_audit_tells_plugins_and_amounts() -> None:
    assert answer(pod(), vmi("passt", "unknown", "passt")).audit == {"plugins": "passt", "added": '{"requests.memory":"500Mi"}'}


def test_the_audit_names_each_plugin_that_declares_something() -> None:
    book = rule_set({"passt": PASST, "l2": PASST})
    assert answer(pod(), vmi("passt", "l2"), book).audit["plugins"] == "passt,l2"


def test_an_object_takes_the_place_of_what_is_none() -> None:
    assert list(merge(("a",), {"b": {"c": "1"}}, {"b": "text"})) == [
        {"op": "test", "path": "/a/b", "value": "text"},
        {"op": "replace", "path": "/a/b", "value": {"c": "1"}},
    ]


def test_nothing_else_in_the_pod_changes() -> None:
    before = pod(compute(image="launcher:v1"), {"name": "sidecar", "resources": {"requests": {"memory": "1Mi"}}})
    result = patched(before)
    result["spec"]["containers"][0]["resources"]["requests"]["memory"] = "1Gi"
    del result["metadata"]["annotations"][MARKER]
    assert result == before


def test_the_container_is_found_by_name_wherever_it_stands() -> None:
    result = patched(pod({"name": "istio-proxy", "resources": {"requests": {"memory": "1Gi"}}}, compute()))
    assert [each["resources"]["requests"]["memory"] for each in result["spec"]["containers"]] == ["1Gi", "1524Mi"]


@pytest.mark.parametrize("resources", [{}, {"requests": {}}, {"requests": None}, {"requests": {"cpu": "1"}}, {"limits": {"cpu": "1"}}])
def test_missing_parents_are_created(resources: Json) -> None:
    assert resources_of(patched(pod(compute(resources))))["requests"]["memory"] == "500Mi"


def test_missing_resources_and_annotations_are_created() -> None:
    bare = pod({"name": "compute"})
    del bare["metadata"]["annotations"]
    result = patched(bare)
    assert resources_of(result) == {"requests": {"memory": "500Mi"}}
    assert list(result["metadata"]["annotations"]) == [MARKER]


def test_a_plugin_counts_once_and_an_unregistered_one_not_at_all() -> None:
    book = rule_set({"passt": PASST, "slirp": {"computeResourceOverhead": {"requests": {"memory": "24Mi"}}}})
    assert resources_of(patched(pod(), vmi("passt", "slirp", "passt", "pastt"), book)) == {"requests": {"memory": "1548Mi"}}


def test_hugepages_and_overcommit_are_read_from_the_vmi() -> None:
    both = {"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}}
    overcommit: Json = {"resources": {"overcommitGuestOverhead": True}}
    raised = resources_of(patched(pod(compute(both)), vmi(**overcommit)))
    assert (raised["requests"]["memory"], raised["limits"]["memory"]) == ("1Gi", "1524Mi")
    raised = resources_of(patched(pod(compute(both)), vmi(memory={"hugepages": {"pageSize": "2Mi"}}, **overcommit)))
    assert (raised["requests"]["memory"], raised["limits"]["memory"]) == ("1524Mi", "1524Mi")


def test_with_the_overhead_overcommitted_and_no_limit_there_is_no_place_for_it() -> None:
    overcommit: Json = {"resources": {"overcommitGuestOverhead": True}}
    assert_unpatched(answer(pod(), vmi(**overcommit)), "not-applicable")
    assert_unpatched(answer(pod({"name": "compute"}), vmi(**overcommit)), "not-applicable")


def test_kubevirts_account_of_the_overhead_is_raised_by_the_same_bytes() -> None:
    answered = answer(pod(annotations={OVERHEAD_BYTES: "281280512"}), mode=EVEN_IF_COUNTED)
    assert {"op": "test", "path": "/metadata/annotations/kubevirt.io~1memory-overhead-bytes", "value": "281280512"} in answered.patch
    result = after(pod(annotations={OVERHEAD_BYTES: "281280512"}), answered)
    assert result["metadata"]["annotations"][OVERHEAD_BYTES] == "805568512"


@pytest.mark.parametrize(
    "marked",
    [
        pod(annotations={EVICT_ONLY: ""}),
        pod(annotations={OVERHEAD_BYTES: "1"}),
        pod(labels={"vmi.kubevirt.io/id": "web"}),
        pod(init=[{"name": "guest-console-log"}]),
        pod(compute(command=["virt-launcher-monitor", "--disk-memory-limit", "2097152000"])),
        pod(compute(args=["--hypervisor=kvm"])),
        pod(compute(), {"name": "hook-sidecar-0", "env": [{"name": "CONTAINER_NAME", "value": "hook-sidecar-0"}]}),
        pod(compute(), {"name": "hook-sidecar-0", "env": [{"name": "NETWORK_BINDING_PLUGIN_NAME", "value": "passt"}]}),
    ],
)
def test_any_mark_of_kubevirt_1_3_or_later_means_that_the_memory_is_counted(marked: Json) -> None:
    assert_unpatched(answer(marked), "counted-by-kubevirt")
    assert_unpatched(answer(marked, book=rule_set(version="1.2")), "counted-by-kubevirt")


@pytest.mark.parametrize(
    "unmarked",
    [
        pod(compute(), {"name": "guest-console-log"}),
        pod(compute(), {"name": "hook-sidecar-0", "env": [{"name": "OTHER"}]}),
        pod(compute(env=[{"name": "CONTAINER_NAME"}])),
        pod(compute(), {"name": "istio-proxy", "env": [{"name": "CONTAINER_NAME"}, {"name": "NETWORK_BINDING_PLUGIN_NAME"}]}),
        pod(compute(), {"name": "volumeshook-sidecar-0", "env": [{"name": "CONTAINER_NAME"}]}),
        pod(annotations={EVICT_ONLY: "true"}),
        pod(init=[{"name": "hook-sidecar-0", "env": [{"name": "CONTAINER_NAME"}]}]),
        pod(compute(), {"name": "hook-sidecar-0", "args": ["--hypervisor=kvm"], "command": ["--disk-memory-limit"]}),
    ],
)
def test_what_early_releases_other_webhooks_and_owners_of_vms_write_is_no_mark(unmarked: Json) -> None:
    assert resources_of(patched(unmarked))["requests"]["memory"] == "1524Mi"


@pytest.mark.parametrize(("version", "reason"), [("1.1", ""), ("1.2.2", ""), (None, ""), ("1.3", "not-provable"), ("1.9", "not-provable")])
def test_a_pod_without_marks_is_proof_unless_the_version_contradicts(version: str | None, reason: str) -> None:
    answered = answer(pod(), book=rule_set(version=version))
    assert answered.reason == reason
    assert bool(answered.patch) is (reason == "")


def test_even_if_counted_adds_whatever_kubevirt_did() -> None:
    book = rule_set(version="1.9")
    assert resources_of(patched(pod(annotations={EVICT_ONLY: ""}), book=book, mode=EVEN_IF_COUNTED))["requests"]["memory"] == "1524Mi"


@pytest.mark.parametrize(
    ("marked", "plugins", "counted"),
    [
        ({EVICT_ONLY: ""}, {"passt": PASST}, "500Mi"),
        ({}, {"passt": PASST}, None),  # a fork of a version that counts, without its marks
        ({EVICT_ONLY: ""}, {"passt": {}}, None),  # what is supplementary, KubeVirt does not know
    ],
)
def test_memory_that_kubevirt_has_counted_is_warned_of_where_it_is_added_all_the_same(
    marked: Json, plugins: Json, counted: str | None
) -> None:
    book = rule_set(plugins, supplementary={"passt": PASST["computeResourceOverhead"]}, version="1.9")
    answered = answer(pod(annotations=marked), book=book, mode=EVEN_IF_COUNTED)
    assert answered.decision is Decision.PATCHED
    assert answered.audit.get("counted-twice") == counted
    if counted is not None:
        [found] = answered.findings
        assert (found.rule, found.severity) == ("overhead-counted-twice", Action.WARN)
        assert "KubeVirt has counted the 500Mi of memory" in found.message
        assert "overhead: auto" in found.accepted
        assert found.path == ("spec", "containers", 0, "resources", "requests", "memory")
        response = json.loads(encode(open_pod_review(review(pod())).request, answered, book, now=0.0))["response"]
        assert response["auditAnnotations"]["counted-twice"] == "500Mi"
        assert response["warnings"][0].endswith("[Bindguard overhead-counted-twice]")
        assert response["patchType"] == "JSONPatch"


def test_off_adds_nothing_and_reads_no_vmi() -> None:
    assert open_pod_review(review(pod()), OverheadMode.OFF).vmi is SkipReason.MODE_OFF
    assert_unpatched(mutate(open_pod_review(review(pod())), b"{}", rule_set(), OverheadMode.OFF), "mode-off")


@pytest.mark.parametrize(
    ("plugins", "of", "reason"),
    [
        ({"passt": PASST}, vmi() | {"spec": {"domain": {"devices": {}}}}, "no-plugins"),
        ({"passt": PASST}, vmi("pastt"), "nothing-declared"),
        ({"passt": {}}, vmi(), "nothing-declared"),
        ({"passt": {"computeResourceOverhead": {"requests": {"memory": "0"}}}}, vmi(), "nothing-declared"),
        ({"passt": {"computeResourceOverhead": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}}}}, vmi(), "nothing-declared"),
        ({}, vmi(), "nothing-declared"),
    ],
)
def test_nothing_declared_changes_nothing(plugins: Json, of: Json, reason: str) -> None:
    assert_unpatched(answer(pod(), of, rule_set(plugins), EVEN_IF_COUNTED), reason)


def test_a_vmi_that_does_not_exist_changes_nothing() -> None:
    assert_unpatched(mutate(open_pod_review(review(pod())), None, rule_set(), EVEN_IF_COUNTED), "vmi-not-found")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", b"{}", b'{"metadata":{"uid":"u"},"spec":{"domain":5}}', b"[" * 100_000, b'{"a":' * 100_000],
    ids=lambda body: repr(body[:12]),
)
def test_a_vmi_that_cannot_be_read_changes_nothing(body: bytes) -> None:
    assert_unpatched(answer(pod(), body), "vmi-unreadable")


SUPPLEMENT = {"passt": {"requests": {"memory": "32Mi"}}}


def test_supplementary_memory_counts_up_to_kubevirt_1_2_where_the_registry_declares_none() -> None:
    early = rule_set({"passt": {}}, supplementary=SUPPLEMENT, version="1.2")
    assert resources_of(patched(pod(), book=early)) == {"requests": {"memory": "1056Mi"}}
    both = rule_set({"passt": PASST}, supplementary=SUPPLEMENT, version="1.2")
    assert resources_of(patched(pod(), book=both)) == {"requests": {"memory": "1524Mi"}}


def test_supplementary_memory_is_left_to_kubevirt_from_1_3_on() -> None:
    book = rule_set({"passt": {}}, supplementary=SUPPLEMENT)
    later = pod(annotations={EVICT_ONLY: ""})
    assert_unpatched(answer(later, book=book), "nothing-declared")
    assert resources_of(patched(later, book=book, mode=EVEN_IF_COUNTED)) == {"requests": {"memory": "1056Mi"}}


def test_a_supplement_for_a_plugin_that_nobody_registered_counts_nothing() -> None:
    assert_unpatched(answer(pod(), book=rule_set({}, supplementary=SUPPLEMENT), mode=EVEN_IF_COUNTED), "nothing-declared")


def supplemented(resources: Json, overhead: Json, **domain: Any) -> Json:
    """The resources after a pod of a current KubeVirt met a supplementary overhead."""
    book = rule_set({"passt": PASST}, supplementary={"passt": overhead}, version="1.9")
    return resources_of(patched(pod(compute(resources), annotations={EVICT_ONLY: ""}), vmi(**domain), book))


@pytest.mark.parametrize(
    ("resources", "overhead", "expected"),
    [
        ({}, {"requests": {"cpu": "50m"}}, {"requests": {"cpu": "50m"}}),
        ({"requests": {"cpu": "100m"}}, {"requests": {"cpu": "50m"}}, {"requests": {"cpu": "150m"}}),
        (
            {"requests": {"ephemeral-storage": "50M"}},
            {"requests": {"ephemeral-storage": "1G"}},
            {"requests": {"ephemeral-storage": "1050M"}},
        ),
        (
            {"requests": {"cpu": "100m"}, "limits": {"cpu": "120m"}},
            {"requests": {"cpu": "50m"}},
            {"requests": {"cpu": "150m"}, "limits": {"cpu": "170m"}},
        ),
        (
            {"requests": {"cpu": "100m"}, "limits": {"cpu": "200m"}},
            {"requests": {"cpu": "50m"}, "limits": {"cpu": "80m"}},
            {"requests": {"cpu": "150m"}, "limits": {"cpu": "280m"}},
        ),
        (GUARANTEED, {"requests": {"cpu": "1"}}, {"requests": {"cpu": "3", "memory": "1Gi"}, "limits": {"cpu": "3", "memory": "1Gi"}}),
        (GUARANTEED, {"limits": {"cpu": "1"}}, {"requests": {"cpu": "3", "memory": "1Gi"}, "limits": {"cpu": "3", "memory": "1Gi"}}),
        ({"limits": {"cpu": "2"}}, {"requests": {"cpu": "1"}}, {"requests": {"cpu": "3"}, "limits": {"cpu": "3"}}),
        (
            GUARANTEED,
            {"limits": {"memory": "524Mi"}},
            {"requests": {"cpu": "2", "memory": "1048Mi"}, "limits": {"cpu": "2", "memory": "1048Mi"}},
        ),
    ],
)
def test_what_kubevirt_ignores_is_added_on_every_version_and_the_class_of_the_pod_stays(
    resources: Json, overhead: Json, expected: Json
) -> None:
    assert supplemented(resources, overhead) == expected


@pytest.mark.parametrize(
    ("resources", "overhead", "domain"),
    [
        ({"requests": {"cpu": "100m"}}, {"limits": {"cpu": "1", "memory": "1Gi"}}, {}),
        (GUARANTEED, {"requests": {"cpu": "50m"}}, {"cpu": {"dedicatedCpuPlacement": True}}),
    ],
)
def test_a_limit_is_not_invented_and_dedicated_cpus_stay_whole(resources: Json, overhead: Json, domain: Json) -> None:
    book = rule_set({"passt": {}}, supplementary={"passt": overhead})
    assert_unpatched(answer(pod(compute(resources)), vmi(**domain), book, EVEN_IF_COUNTED), "not-applicable")


def test_devices_are_never_added() -> None:
    book = rule_set({"passt": {}}, supplementary={"passt": {"requests": {"devices.kubevirt.io/kvm": "1"}}})
    assert_unpatched(answer(pod(), book=book, mode=EVEN_IF_COUNTED), "nothing-declared")


def test_a_second_pass_changes_nothing() -> None:
    assert_unpatched(answer(patched(pod())), "already-added")


def test_a_second_pass_changes_nothing_when_others_changed_the_pod_in_between() -> None:
    between = patched(pod(annotations={OVERHEAD_BYTES: "1"}), mode=EVEN_IF_COUNTED)
    between["spec"]["containers"].insert(0, {"name": "istio-proxy"})
    between["spec"]["containers"][1]["resources"]["requests"]["memory"] = "8Gi"
    between["metadata"]["annotations"]["another.io/injected"] = "true"
    assert_unpatched(answer(between, mode=EVEN_IF_COUNTED), "already-added")


def test_a_second_pass_adds_what_has_become_due_since() -> None:
    more = rule_set({"passt": {"computeResourceOverhead": {"requests": {"memory": "600Mi"}}}})
    result = patched(patched(pod()), book=more)
    assert resources_of(result) == {"requests": {"memory": "1624Mi"}}
    assert result["metadata"]["annotations"][MARKER] == '{"requests.memory":"600Mi"}'
    assert_unpatched(answer(result, book=more), "already-added")


def test_a_second_pass_never_takes_away() -> None:
    less = rule_set({"passt": {"computeResourceOverhead": {"requests": {"memory": "1Mi"}}}})
    assert_unpatched(answer(patched(pod()), book=less), "already-added")


def test_a_second_pass_adds_to_limits_only_what_it_had_no_place_for() -> None:
    book = rule_set({"passt": PASST}, supplementary={"passt": {"limits": {"cpu": "1"}}})
    between = patched(pod(), book=book)
    resources_of(between)["limits"] = {}
    between["spec"]["containers"][0]["resources"]["limits"] = {"cpu": "2"}
    result = patched(between, book=book)
    assert resources_of(result)["limits"] == {"cpu": "3"}
    assert result["metadata"]["annotations"][MARKER] == '{"requests.memory":"500Mi","limits.cpu":"1"}'


def test_the_owner_may_have_other_owners_beside_and_any_served_version() -> None:
    beside = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "y"}
    assert patched(pod(owners=[beside, {**OWNER, "apiVersion": "kubevirt.io/v1alpha3"}]))


def test_every_reason_is_explained_in_the_documentation() -> None:
    page = (REPOSITORY / "docs/request.md").read_text()
    assert [reason for reason in SkipReason if f"`{reason}`" not in page] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("spec", "containers", 0, "name"), "/spec/containers/0/name"),
        (("annotations", "bindguard.io/overhead"), "/annotations/bindguard.io~1overhead"),
        (("a~b", "~1", "/"), "/a~0b/~01/~1"),
        (("",), "/"),
    ],
)
def test_a_path_is_escaped_as_a_json_pointer(path: tuple[str | int, ...], text: str) -> None:
    assert pointer(path) == text


def test_a_value_that_was_read_is_tested_before_it_is_replaced() -> None:
    assert list(put(("a",), 2, 1)) == [{"op": "test", "path": "/a", "value": 1}, {"op": "replace", "path": "/a", "value": 2}]
    assert list(put(("a",), 2)) == [{"op": "add", "path": "/a", "value": 2}]


def test_a_test_refuses_what_was_not_read() -> None:
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        jsonpatch.apply_patch({"name": "sidecar"}, [expect(("name",), "compute")])


def test_merging_adds_what_is_missing_and_keeps_the_rest() -> None:
    before = {"a": {"x": 1, "y": {"z": 2}}, "n": None, "kept": [1]}
    wanted = {"a": {"x": 3, "y": {"z": 2}, "w": {"v": 4}}, "n": {"m": 5}, "none": {}}
    operations = list(merge((), wanted, before))
    assert jsonpatch.apply_patch(before, operations) == {"a": {"x": 3, "y": {"z": 2}, "w": {"v": 4}}, "n": {"m": 5}, "kept": [1]}
    assert [each["op"] for each in operations] == ["test", "replace", "add", "add"]


def test_merging_into_nothing_adds_the_whole() -> None:
    assert list(merge(("a",), {"b": {"c": 1}}, None)) == [{"op": "add", "path": "/a", "value": {"b": {"c": 1}}}]


def test_merging_what_is_there_already_does_nothing() -> None:
    assert list(merge((), {"a": {"b": 1}}, {"a": {"b": 1, "c": 2}})) == []


@pytest.mark.parametrize(("version", "may"), [("1.2", False), ("1.3", True), ("1.9", True), (None, True)])
def test_kubevirt_1_3_and_later_and_one_of_an_unknown_version_may_count_the_memory_itself(version: str | None, *, may: bool) -> None:
    assert may_count(parse_version(version) if version is not None else None) is may
