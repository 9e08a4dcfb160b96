"""What the doctor makes of the API server's answers to two VMs that are created by a dry run."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest

from tests.builders import no_registry, registry
from tests.doctor.builders import CONFIG_MAP, DENIAL, NAMESPACE_LIST, VALIDATING, changed, config_map, healthy, namespace, refused, snapshot
from webhook.admission.evaluation import evaluate_object
from webhook.doctor.dry_runs import namespace_for
from webhook.doctor.objects.records import NamespaceList
from webhook.doctor.objects.webhooks import WebhookConfiguration
from webhook.doctor.result import Outcome, Result
from webhook.doctor.run import evaluated
from webhook.doctor.sample_vms import VIOLATED, bad_vm, good_vm
from webhook.doctor.settings import Exclude, ServerSettings
from webhook.doctor.snapshot import DryRuns, ReadResult, Snapshot
from webhook.plugins.registry import Registry
from webhook.rules import RULES
from webhook.rules.plan import plan

OURS = f"{VALIDATING}/bindguard"
ADMITTED: ReadResult[Sequence[str]] = ReadResult(())
WARNED: ReadResult[Sequence[str]] = ReadResult(["VirtualMachine default/x: spec: binding.name is empty [Bindguard empty-plugin-name]"])
URL = 'Post "https://bindguard.bindguard.svc:443/validate?timeout=5s"'
OTHER = 'admission webhook "virtualmachine-validator.kubevirt.io" denied the request: no'


def of(found: Snapshot, *, good: ReadResult[Sequence[str]] = ADMITTED, bad: ReadResult[Sequence[str]] | None = None) -> list[Result]:
    """The results of the dry runs."""
    runs = DryRuns(namespace="default", good=good, bad=refused(DENIAL) if bad is None else bad)
    return [each for each in evaluated(msgspec.structs.replace(found, dry_runs=runs)) if each.check == "dry-run"]


def failed(webhook: str, why: str) -> ReadResult[Sequence[str]]:
    """A webhook that the API server could not call, as API servers before and after 1.23 word it."""
    return refused(f'Internal error occurred: failed calling webhook "{webhook}": failed to call webhook: {URL}: {why}', 500)


def test_a_good_vm_that_is_admitted_and_a_bad_one_that_is_denied_are_well() -> None:
    [result] = of(snapshot(healthy()))
    assert result.verdict is Outcome.OK
    assert result.found == "in namespace default a good VM is admitted, and a VM whose interface names no plugin is denied by Bindguard"


@pytest.mark.parametrize(
    ("why", "remedy"),
    [
        ('no endpoints available for service "bindguard"', "no ready pod"),
        ('service "bindguard" not found', "no ready pod"),
        ('endpoints "bindguard" not found', "no ready pod"),
        ("dial tcp 10.96.0.7:443: connect: connection refused", "nothing listens"),
        ("context deadline exceeded", "private GKE"),
        ("dial tcp 10.96.0.7:443: i/o timeout", "private GKE"),
        ("dial tcp 10.96.0.7:443: connect: no route to host", "private GKE"),
        ("x509: certificate signed by unknown authority", "ca-bundle"),
        ("x509: certificate is valid for a.svc, not bindguard.bindguard.svc", "not for this name"),
        ("x509: certificate has expired or is not yet valid: current time 2026 is after 2025", "has expired"),
        ("remote error: tls: certificate required", "clientCa"),
        ("remote error: tls: bad certificate", "clientCa"),
        ("EOF", "clientCa"),
        ("dial tcp: lookup bindguard.example: no such host", "DNS"),
        ("the server could not find the requested resource", "something answers that is not Bindguard"),
        ("expected response.uid='x', got ''", "something answers that is not Bindguard"),
    ],
)
def test_a_call_of_ours_that_fails_is_a_failure_with_the_remedy_for_its_cause(why: str, remedy: str) -> None:
    call = failed("validate.bindguard.io", why)
    [result] = of(snapshot(healthy()), good=call, bad=call)
    assert result.verdict is Outcome.FAIL
    assert result.found.startswith("the API server fails to call validate.bindguard.io, and refuses VMs")
    assert why in result.found
    assert remedy in result.remedy


def test_a_call_of_another_webhook_that_fails_is_unknown_and_names_it() -> None:
    call = failed("mutate.example.com", "connection refused")
    [result] = of(snapshot(healthy()), good=call, bad=call)
    assert (result.verdict, "mutate.example.com" in result.found) == (Outcome.UNKNOWN, True)


def test_a_webhook_of_another_name_is_ours_where_our_configuration_has_it() -> None:
    renamed = changed(OURS, lambda found: found["webhooks"][0].update(name="vms.example.com"))
    [result] = of(renamed, good=failed("vms.example.com", "EOF"))
    assert result.verdict is Outcome.FAIL


def test_a_good_vm_that_bindguard_denies_is_a_failure() -> None:
    [result] = of(snapshot(healthy()), good=refused(DENIAL))
    assert (result.verdict, DENIAL in result.found) == (Outcome.FAIL, True)


@pytest.mark.parametrize(
    ("answer", "who"),
    [
        (refused(OTHER, 403), "virtualmachine-validator.kubevirt.io"),
        (refused('admission webhook "a.example.com" denied the request: User "x" cannot create resource "y"', 403), "a.example.com"),
        (refused('admission webhook "a.example.com" denied the request: namespaces "default" not found', 404), "a.example.com"),
        (refused('virtualmachines.kubevirt.io "x" is forbidden: exceeded quota: vms', 403), "the API server"),
        (refused('VirtualMachine.kubevirt.io "x" is invalid: spec.template: Required value'), "the API server"),
    ],
)
def test_a_good_vm_that_somebody_else_refuses_is_unknown_and_names_who(answer: ReadResult[Sequence[str]], who: str) -> None:
    [result] = of(snapshot(healthy()), good=answer)
    assert (result.verdict, f"is refused by {who}" in result.found) == (Outcome.UNKNOWN, True)


def test_a_bad_vm_that_somebody_else_refuses_proves_nothing() -> None:
    [result] = of(snapshot(healthy()), bad=refused(OTHER, 403))
    assert (result.verdict, "refused by virtualmachine-validator.kubevirt.io" in result.found) == (Outcome.UNKNOWN, True)


def test_a_bad_vm_that_is_admitted_is_a_failure() -> None:
    [result] = of(snapshot(healthy()), bad=ADMITTED)
    assert (result.verdict, "does not call Bindguard for VMs" in result.found) == (Outcome.FAIL, True)


@pytest.mark.parametrize("rules", ['{"*": warn}', "{plugins: warn}", "{empty-plugin-name: warn}"])
def test_in_an_audit_a_warning_of_ours_is_well_and_its_absence_is_not(rules: str) -> None:
    auditing = snapshot(healthy() | {CONFIG_MAP: config_map(f"managed: true\nrules: {rules}\n")})
    [warned] = of(auditing, bad=WARNED)
    assert (warned.verdict, "admitted with a warning" in warned.found) == (Outcome.OK, True)
    [silent] = of(auditing, bad=ADMITTED)
    assert silent.verdict is Outcome.FAIL


def test_where_the_settings_cannot_be_read_a_warning_of_ours_is_well() -> None:
    [result] = of(snapshot(healthy() | {CONFIG_MAP: 403}), bad=WARNED)
    assert result.verdict is Outcome.OK


def test_a_warning_in_place_of_a_denial_is_a_failure() -> None:
    [result] = of(snapshot(healthy()), bad=WARNED)
    assert result.verdict is Outcome.FAIL


def test_with_failure_policy_ignore_a_bad_vm_that_is_admitted_is_a_warning_that_calls_may_fail() -> None:
    unarmed = changed(OURS, lambda found: found["webhooks"][0].update(failurePolicy="Ignore"))
    [result] = of(unarmed, bad=ADMITTED)
    assert (result.verdict, "gets no answer from Bindguard" in result.found) == (Outcome.WARN, True)


def _opt_in(found: Any) -> None:
    found["webhooks"][0]["namespaceSelector"] = {"matchLabels": {"bindguard.io/admission": "enabled"}}


def _own_condition(found: Any) -> None:
    found["webhooks"][0]["matchConditions"] = [{"name": "network-changed", "expression": "x"}, {"name": "mine", "expression": "y"}]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (lambda: changed(OURS, _opt_in), "leaves out its objects"),
        (lambda: snapshot(healthy() | {CONFIG_MAP: config_map("exclude: {namespaces: [def*]}")}), "leaves out its objects"),
        (lambda: snapshot(healthy() | {CONFIG_MAP: config_map("rules: {plugins: off}")}), "switches the rule empty-plugin-name off"),
        (lambda: changed(OURS, _own_condition), "validation.matchConditions"),
        (lambda: snapshot(healthy() | {OURS: 403}), "could not be read"),
    ],
)
def test_a_bad_vm_that_is_admitted_for_another_reason_is_unknown(found: Callable[[], Snapshot], said: str) -> None:
    [result] = of(found(), bad=ADMITTED)
    assert (result.verdict, said in result.found) == (Outcome.UNKNOWN, True), result


@pytest.mark.parametrize(
    ("answer", "verdict", "said"),
    [
        (
            refused('virtualmachines.kubevirt.io is forbidden: User "x" cannot create resource "virtualmachines"', 403),
            Outcome.UNKNOWN,
            "you may not create VirtualMachines in namespace default",
        ),
        (refused("the server could not find the requested resource", 404), Outcome.WARN, "the CRD of KubeVirt is missing"),
        (refused("404 page not found", 404), Outcome.WARN, "the CRD of KubeVirt is missing"),
        (refused('namespaces "default" not found', 404), Outcome.UNKNOWN, "there is no namespace default"),
        (ReadResult(None, "nothing came for 40 s", 0), Outcome.UNKNOWN, "nothing came for 40 s"),
    ],
)
def test_what_keeps_a_vm_from_being_asked_about_is_told_once(answer: ReadResult[Sequence[str]], verdict: Outcome, said: str) -> None:
    [result] = of(snapshot(healthy()), good=answer, bad=answer)
    assert (result.verdict, said in result.found) == (verdict, True), result


@pytest.mark.parametrize("text", ["", "x" * 400, 'failed calling webhook "', 'admission webhook "" denied the request', "\x1b[31m\n"])
def test_no_answer_stops_the_looking(text: str) -> None:
    assert of(snapshot(healthy()), good=refused(text), bad=refused(text))


NAMESPACES: Mapping[str, Mapping[str, str]] = {"bindguard": {}, "default": {}, "kube-system": {}, "a": {}, "web": {"team": "x"}}


@pytest.mark.parametrize(
    ("selector", "excluded", "chosen"),
    [
        ({}, [], "default"),
        ({"matchLabels": {"team": "x"}}, [], "web"),
        ({}, ["def*", "bind*"], "a"),
        ({"matchLabels": {"team": "nobody"}}, [], "default"),
    ],
)
def test_vms_are_created_dry_where_bindguard_is_asked_about_them(selector: Any, excluded: list[str], chosen: str) -> None:
    listed = msgspec.convert({"items": [namespace(name, **labels) for name, labels in NAMESPACES.items()]}, NamespaceList)
    configuration = healthy()[OURS]
    configuration["webhooks"][0]["namespaceSelector"] = selector
    webhook = msgspec.convert(configuration, WebhookConfiguration).asked_about("kubevirt.io", "virtualmachines", "CREATE")
    assert namespace_for(webhook, ReadResult(listed), ServerSettings(exclude=Exclude(excluded))) == chosen
    assert namespace_for(webhook, ReadResult(None, "", 403), None) == "default"
    assert msgspec.convert(healthy()[NAMESPACE_LIST], NamespaceList).items


@pytest.mark.parametrize("version", [None, *(f"1.{minor}" for minor in range(1, 10))])
@pytest.mark.parametrize("known", [lambda version: registry({"passt": {}}, version=version), no_registry])
def test_the_good_vm_violates_no_rule_and_the_bad_one_exactly_one(version: str | None, known: Callable[[str | None], Registry]) -> None:
    rules = plan(RULES, known(version), {}, upstream_answers=False)
    assert evaluate_object(good_vm({}), rules) == []
    assert {finding.rule for finding in evaluate_object(bad_vm({}), rules) or ()} - {"plugin-gate-disabled"} == {VIOLATED}
