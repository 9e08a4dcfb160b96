"""A denial that hangs on the registry is confirmed, and nothing else waits."""

import asyncio
import json
import time
from typing import Any

import msgspec
import pytest

from tests.admission.reviews import BAD, GOOD, TAP, answer_to, review, rule_set, vm_object, vmi_object
from tests.builders import interface, registry
from webhook.admission.answer import Decision
from webhook.admission.confirmation import DEPENDS_ON_REGISTRY, TRUSTED_SECONDS, UnconfirmedError, unconfirmed
from webhook.admission.pod_validation import MISSING_OVERHEAD
from webhook.admission.rule_set import RuleSet
from webhook.http.reviewers import Validating, finished, with_reserve
from webhook.kube.fieldpath import Path
from webhook.rules import RULES
from webhook.rules.base import Action

SECONDS = 10.0
TWICE = [{"name": "default", "pod": {}}, {"name": "default", "pod": {}}]


class Confirm:
    """Reads again: a rule set or an error, and until when it was given time."""

    def __init__(self, found: RuleSet | None = None) -> None:
        self._found = found
        self.asked: list[float] = []

    async def __call__(self, until: float) -> RuleSet:
        self.asked.append(until - time.monotonic())
        if self._found is None:
            raise UnconfirmedError
        return self._found


def answered(body: bytes, confirm: Confirm | None, by: RuleSet | None = None) -> dict[str, Any]:
    book = by if by is not None else rule_set()
    begun = Validating(lambda: book, frozenset(), confirm).begin(body)
    reviewed = asyncio.run(finished(begun, time.monotonic() + SECONDS))
    response: dict[str, Any] = json.loads(reviewed.body)["response"]
    return response


def confirmation(response: dict[str, Any]) -> str | None:
    found: str | None = response["auditAnnotations"].get("confirmation")
    return found


@pytest.mark.parametrize(
    "body",
    [
        review(vm_object(GOOD)),
        review(vm_object(BAD), vm_object(BAD, metadata={"labels": {"a": "b"}})),
        review(vm_object(GOOD, networks=TWICE)),
        review(vm_object(BAD), operation="DELETE"),
    ],
    ids=["allowed", "ratcheted", "denied for another reason", "not checked"],
)
def test_what_hangs_on_no_registry_is_answered_without_waiting(body: bytes) -> None:
    confirm = Confirm()
    assert confirmation(answered(body, confirm)) is None
    assert confirm.asked == []


def test_a_denial_that_the_newer_registry_bears_out_stands() -> None:
    confirm = Confirm(rule_set())
    response = answered(review(vm_object(BAD)), confirm)
    assert (response["allowed"], confirmation(response)) == (False, "denied")


def test_a_denial_that_the_newer_registry_does_not_bear_out_is_spared() -> None:
    confirm = Confirm(rule_set(registry({"blu": TAP})))
    response = answered(review(vm_object(BAD)), confirm)
    assert (response["allowed"], confirmation(response), response.get("warnings")) == (True, "spared", None)


def test_by_a_newer_registry_that_nobody_knows_there_is_a_warning() -> None:
    unknown = rule_set(registry(known=False))
    fresh = RuleSet(registry=unknown.registry, plan=unknown.plan, version="", read_at=0.0, unchecked="there is none; make one")
    response = answered(review(vm_object(BAD)), Confirm(fresh))
    assert response["allowed"] is True
    assert "was not checked, because the registered plugins are not known; help: ask your cluster admin" in response["warnings"][0]
    assert response["auditAnnotations"]["help-for-admins"] == "there is none; make one"


def unchecked_paths(*interfaces: dict[str, Any]) -> list[Path]:
    """The fields that are warned about where nobody knows the registered plugins."""
    by = msgspec.structs.replace(rule_set(registry(known=False)), unchecked="there is no KubeVirt CR")
    findings = answer_to(review(vmi_object(*interfaces)), by).findings
    return [finding.path for finding in findings if finding.rule == "unregistered-plugin"]


def test_the_first_interface_that_names_a_plugin_is_warned_about_where_plugins_are_unknown() -> None:
    none, empty = interface("a", masquerade={}), interface("b", binding={})
    named = [interface(name, binding={"name": "blue"}) for name in ("c", "d")]
    assert unchecked_paths(none, empty, *named) == [("spec", "domain", "devices", "interfaces", 2, "binding", "name")]
    assert unchecked_paths(none, empty) == []


@pytest.mark.parametrize(("age_seconds", "decision"), [(300, Decision.DENIED), (300.5, Decision.ALLOWED)])
def test_a_registry_that_cannot_be_read_again_is_trusted_for_five_minutes(age_seconds: float, decision: Decision) -> None:
    assert unconfirmed(answer_to(review(vm_object(BAD))), age_seconds).decision is decision


def aged(seconds: float) -> RuleSet:
    """The registry as it was last known so long ago."""
    known = rule_set()
    return RuleSet(registry=known.registry, plan=known.plan, version=known.version, read_at=time.monotonic() - seconds)


def test_without_a_newer_registry_a_young_one_denies_and_tells_its_age() -> None:
    response = answered(review(vm_object(BAD)), Confirm(), aged(42))
    assert (response["allowed"], confirmation(response)) == (False, "failed")
    assert "(checked against the KubeVirt CR of 42 s ago, which could not be read again)" in response["status"]["message"]


def test_without_a_newer_registry_an_old_one_denies_nothing_that_hangs_on_it() -> None:
    response = answered(review(vm_object(BAD, networks=TWICE)), Confirm(), aged(TRUSTED_SECONDS + 1))
    causes = {cause["message"].rpartition("[Bindguard ")[2] for cause in response["status"]["details"]["causes"]}
    assert (response["allowed"], confirmation(response)) == (False, "failed")
    assert "duplicate-network-name]" in causes
    assert "unregistered-plugin]" not in causes
    assert any("could not be read again" in warning for warning in response["warnings"])


def test_a_gate_and_a_permission_hang_on_the_registry_too() -> None:
    passt = review(vm_object(interface(passtBinding={})))
    off = rule_set(registry(disabled_gates=("PasstBinding",)))
    assert confirmation(answered(passt, Confirm(rule_set()), off)) == "spared"
    bridge = review(vm_object(interface(bridge={})))
    forbidden = rule_set(registry(permit_bridge_on_pod_network=False))
    assert confirmation(answered(bridge, Confirm(rule_set()), forbidden)) == "spared"


def test_there_is_time_left_to_answer_after_the_confirmation() -> None:
    confirm = Confirm(rule_set())
    answered(review(vm_object(BAD)), confirm)
    assert SECONDS - 1 < confirm.asked[0] < SECONDS - 0.2


def test_a_beginning_asks_nobody() -> None:
    confirm, book = Confirm(rule_set()), rule_set()
    assert callable(Validating(lambda: book, frozenset(), confirm).begin(review(vm_object(BAD))))
    assert confirm.asked == []


@pytest.mark.parametrize(("seconds", "reserve"), [(0.5, 0.1), (1.0, 0.2), (1.2, 0.24)])
def test_of_a_short_time_a_fifth_is_left_to_answer(seconds: float, reserve: float) -> None:
    until = time.monotonic() + seconds
    assert until - with_reserve(until) == pytest.approx(0, abs=reserve)


def test_of_a_long_time_a_quarter_of_a_second_is_left_to_answer() -> None:
    until = time.monotonic() + 3600
    assert until - with_reserve(until) == pytest.approx(0.25)


def test_without_anything_to_confirm_by_a_denial_is_final() -> None:
    response = answered(review(vm_object(BAD)), None)
    assert (response["allowed"], confirmation(response)) == (False, None)


def test_each_rule_that_hangs_on_a_registry_is_a_rule_and_those_that_need_one_are_among_them() -> None:
    assert {rule.name for rule in RULES} | {MISSING_OVERHEAD} >= DEPENDS_ON_REGISTRY
    assert {rule.name for rule in RULES if rule.needs_registry} <= DEPENDS_ON_REGISTRY


DIFFERENT = {
    "plugins": registry({}),
    "gates": registry({"blue": TAP}, disabled_gates=("PasstBinding",)),
    "permission": registry({"blue": TAP}, permit_bridge_on_pod_network=False),
}
EVERYTHING = registry({"blue": TAP}, gates=("NetworkDevicesWithDRA", "PortRangesSpec"))


@pytest.mark.parametrize("changed", DIFFERENT.values(), ids=DIFFERENT)
@pytest.mark.parametrize(
    "nic",
    [
        GOOD,
        interface(passtBinding={}),
        interface(bridge={}),
        interface(masquerade={}, portRanges=[{"start": 1, "end": 2}]),
        interface(sriov={}),
        interface(masquerade={}, model="igb", state="up"),
    ],
    ids=["plugin", "passt", "bridge", "ports", "sriov", "model"],
)
def test_no_other_rule_denies_for_what_only_the_cr_says(changed: Any, nic: Any) -> None:
    networks = [{"name": "default", "resourceClaim": {"claimName": "a", "requestName": "b"}}] if "sriov" in nic else None
    body = review(vm_object(nic, networks=networks, resourceClaims=[{"name": "a"}]))
    deny = {rule.name: Action.DENY for rule in RULES if rule.name in DEPENDS_ON_REGISTRY or rule.action is Action.DENY}
    before, after = (denials(answered(body, None, rule_set(each, deny))) for each in (EVERYTHING, changed))
    assert after - before <= DEPENDS_ON_REGISTRY


def denials(response: dict[str, Any]) -> set[str]:
    causes = response.get("status", {}).get("details", {}).get("causes", [])
    return {cause["message"].rpartition("[Bindguard ")[2].rstrip("]") for cause in causes}
