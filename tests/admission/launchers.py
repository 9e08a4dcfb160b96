"""Launcher pods, their VMIs and reviews as plain data, and the two steps of the mutation as one verb."""

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonpatch
import msgspec
import pytest

from tests.builders import registry
from webhook.admission.answer import Answer, Decision
from webhook.admission.mutation import mutate
from webhook.admission.pods import OverheadMode, PodReview, VMIReference, open_pod_review
from webhook.admission.rule_set import RuleSet
from webhook.plugins.plugin import ComputeResourceOverhead
from webhook.rules import RULES
from webhook.rules.plan import plan

UID = "0b5e9f6e-7d0a-4c8e-9a55-1d7f4a1c2b3d"
EVICT_ONLY = "descheduler.alpha.kubernetes.io/request-evict-only"
OVERHEAD_BYTES = "kubevirt.io/memory-overhead-bytes"
MARKER = "kubectl.kubernetes.io.bindguard.io/overhead"
OWNER: Mapping[str, Any] = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachineInstance",
    "name": "web",
    "uid": UID,
    "controller": True,
    "blockOwnerDeletion": True,
}
PASST: Mapping[str, Any] = {"computeResourceOverhead": {"requests": {"memory": "500Mi"}}}
Json = dict[str, Any]
KUBEVIRT = "system:serviceaccount:kubevirt:kubevirt-controller"

_REPOSITORY = Path(__file__).parents[2]
_OURS = _REPOSITORY / "tests/data/launcher-pods.jsonl"
_SHARED = _REPOSITORY / "../shared/fixtures/launcher-pods.jsonl"
"""virt-launcher pods rendered by KubeVirt v1.9.0's own template code, with and without the overhead declared; ours is a part of it."""


def rendered_lines() -> list[Any]:
    """The rendered pods as parameters of a test: each with its VMI, plugins, and what KubeVirt makes of it with the overhead declared."""
    files = {"ours": _OURS} | ({"shared": _SHARED} if _SHARED.exists() else {})
    lines = [(name, number, line) for name, file in files.items() for number, line in enumerate(file.read_text().splitlines(), 1)]
    return [pytest.param(json.loads(line), id=f"{name}-{number}") for name, number, line in lines]


def rendered_pod(line: Json) -> Json:
    """A rendered pod, under the name and uid of the VMI `web`."""
    return pod(annotations=line["pod"]["metadata"]["annotations"]) | {"spec": line["pod"]["spec"]}


def rendered_vmi(line: Json) -> Json:
    """The VMI of a rendered pod, under that name and uid."""
    return vmi() | {"spec": line["vmi"]["spec"]}


def as_by_an_early_kubevirt(rendered: Json) -> Json:
    """The pod without any mark of KubeVirt 1.3 or later."""
    early = copy.deepcopy(rendered)
    for key in (EVICT_ONLY, OVERHEAD_BYTES):
        early["metadata"]["annotations"].pop(key, None)
    spec = early["spec"]
    spec["initContainers"] = [each for each in spec.get("initContainers") or () if each["name"] != "guest-console-log"]
    for container in spec["containers"]:
        container.pop("env", None)
        container["command"] = [each for each in container.get("command") or () if each not in {"--disk-memory-limit", "--hypervisor"}]
    return early


def compute(resources: Any = None, **fields: Any) -> Json:
    """The container `compute`; asks for 1Gi unless told otherwise."""
    return {"name": "compute", "resources": resources if resources is not None else {"requests": {"memory": "1Gi"}}, **fields}


def pod(
    *containers: Json,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    owners: Sequence[Mapping[str, Any]] | None = None,
    init: list[Json] | None = None,
    **metadata: Any,
) -> Json:
    """A launcher pod of the VMI `web` as KubeVirt 1.2 renders it: without any mark of a later release."""
    identity = {"kubevirt.io": "virt-launcher", "kubevirt.io/created-by": UID, "vm.kubevirt.io/name": "another-hostname"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "virt-launcher-web-",
            "labels": identity | dict(labels or {}),
            "annotations": {"kubevirt.io/domain": "web", **(annotations or {})},
            "ownerReferences": list(owners) if owners is not None else [OWNER],
            **metadata,
        },
        "spec": {"containers": list(containers) or [compute()], "initContainers": init or []},
    }


def vmi(
    *plugins: str,
    uid: str = UID,
    namespace: str = "shop",
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    **domain: Any,
) -> Json:
    """The VMI `web` with one interface on each of `plugins`; on passt alone without any."""
    interfaces = [{"name": f"net{i}", "binding": {"name": name}} for i, name in enumerate(plugins or ("passt",))]
    metadata = {"name": "web", "namespace": namespace, "uid": uid, "annotations": annotations or {}, "labels": labels or {}}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": metadata,
        "spec": {"domain": {"devices": {"interfaces": interfaces}, **domain}},
    }


def review(obj: Any, *, kind: Mapping[str, str] | None = None, envelope: Mapping[str, Any] | None = None, **request: Any) -> bytes:
    """The AdmissionReview of a pod's creation."""
    told = {
        "uid": "16e476c9-a118-493f-92bc-1a85dfaf98d0",
        "kind": kind or {"group": "", "version": "v1", "kind": "Pod"},
        "namespace": "shop",
        "operation": "CREATE",
        "object": obj,
        **request,
    }
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", **(envelope or {}), "request": told}).encode()


def named(obj: Json) -> PodReview:
    """The review of a pod that names its VMI; fails when it names none."""
    asked = open_pod_review(review(obj))
    assert isinstance(asked.vmi, VMIReference), asked.vmi
    return asked


def rule_set(
    plugins: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    supplementary: Mapping[str, Mapping[str, Any]] | None = None,
    version: str | None = None,
) -> RuleSet:
    """A rule set in which passt declares 500Mi, unless told otherwise."""
    known = registry(plugins if plugins is not None else {"passt": PASST}, version=version)
    return RuleSet(
        registry=known,
        plan=plan(RULES, known, {}, upstream_answers=True),
        supplementary={name: msgspec.convert(raw, ComputeResourceOverhead) for name, raw in (supplementary or {}).items()},
        version="1",
        read_at=0.0,
    )


def answer(obj: Json, of: Any = None, book: RuleSet | None = None, mode: OverheadMode = OverheadMode.AUTO) -> Answer:
    """What is answered about a pod whose VMI is `of`: plain data, or the bytes that are read for it."""
    body = of if isinstance(of, bytes) else json.dumps(of if of is not None else vmi()).encode()
    return mutate(open_pod_review(review(obj), mode), body, book or rule_set(), mode)


def after(obj: Json, answered: Answer) -> Json:
    """The pod with the patch applied by an implementation of JSON Patch that is not ours."""
    assert answered.decision is Decision.PATCHED, answered.reason
    assert answered.reason == ""
    return dict(jsonpatch.apply_patch(copy.deepcopy(obj), json.loads(json.dumps(list(answered.patch)))))


def patched(obj: Json, of: Any = None, book: RuleSet | None = None, mode: OverheadMode = OverheadMode.AUTO) -> Json:
    """The pod after its review; fails when it is not patched."""
    return after(obj, answer(obj, of, book, mode))


def resources_of(obj: Json) -> Json:
    """The resources of the container `compute`."""
    [container] = [each for each in obj["spec"]["containers"] if each["name"] == "compute"]
    return dict(container["resources"])


def assert_unpatched(answered: Answer, reason: str) -> None:
    """The pod stays as it is, for this reason."""
    assert answered.decision is Decision.ALLOWED
    assert answered.reason == reason
    assert answered.patch == ()
    assert answered.findings == ()
