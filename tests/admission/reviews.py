"""Builders of AdmissionReviews: objects in, bodies out; and the rule set that the tests answer by."""

import json
from collections.abc import Mapping
from typing import Any

from tests.builders import interface, registry, spec
from webhook.admission.answer import Answer
from webhook.admission.review import Request, open_review
from webhook.admission.rule_set import RuleSet
from webhook.admission.validation import validate
from webhook.plugins.registry import Registry
from webhook.rules import RULES
from webhook.rules.base import Action
from webhook.rules.plan import plan

GOOD = interface(binding={"name": "blue"})
BAD = interface(binding={"name": "blu"})
TAP = {"domainAttachmentType": "managedTap"}


def rule_set(of: Registry | None = None, actions: Mapping[str, Action] | None = None, *, upstream_answers: bool = False) -> RuleSet:
    known = of if of is not None else registry({"blue": TAP, "green": TAP, "passt": TAP})
    return RuleSet(registry=known, plan=plan(RULES, known, actions or {}, upstream_answers=upstream_answers), version="17", read_at=100.0)


def vmi_object(*interfaces: Mapping[str, Any], metadata: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    vmi_spec = spec(*interfaces, **fields)
    return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": dict(metadata or {}), "spec": vmi_spec}


def vm_object(*interfaces: Mapping[str, Any], metadata: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": spec(*interfaces, **fields)}
    return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": dict(metadata or {}), "spec": {"template": template}}


def running(obj: dict[str, Any]) -> dict[str, Any]:
    """The same VM with a VMI."""
    return {**obj, "status": {"created": True, "ready": True}}


def review(obj: Any, old: Any = None, **request: Any) -> bytes:
    """A review of an object: a CREATE, or an UPDATE where there is an old one; `request` overrides its fields."""
    of = obj if isinstance(obj, dict) else old if isinstance(old, dict) else {}
    group, _, version = str(of.get("apiVersion", "kubevirt.io/v1")).rpartition("/")
    asked = {
        "uid": "u-1",
        "kind": {"group": group, "version": version, "kind": of.get("kind", "VirtualMachine")},
        "name": "vm",
        "namespace": "default",
        "operation": "CREATE" if old is None else "UPDATE",
        "userInfo": {"username": "admin"},
        "object": obj,
        "oldObject": old,
        **request,
    }
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}).encode()


def validated(body: bytes, by: RuleSet) -> tuple[Request, Answer]:
    """The request in a body, and the answer to it."""
    opened = open_review(body)
    return opened.request, validate(opened, by)


def answer_to(body: bytes, by: RuleSet | None = None, **options: Any) -> Answer:
    return validate(open_review(body), by if by is not None else rule_set(), **options)


def told(answer: Answer) -> list[tuple[str, str]]:
    """Rules and severities of the findings, in order."""
    return [(finding.rule, str(finding.severity)) for finding in answer.findings]
