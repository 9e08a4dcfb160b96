"""What the chart renders is well in the doctor's eyes."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.chart.helm import Helm, Objects, container, helm_or_skip
from tests.doctor.builders import CA, MUTATING, PODS, SERVICE, SLICES, VALIDATING, healthy, pem, snapshot
from webhook.doctor.result import Outcome
from webhook.doctor.run import evaluated
from webhook.doctor.snapshot import DryRuns, ReadResult

ARMED: Mapping[str, Any] = {"webhooks": {"armWhenReady": False}}
"""As the server leaves what the chart renders."""
VALUES: Mapping[str, Mapping[str, Any]] = {
    "defaults": ARMED,
    "pods checked": {**ARMED, "config": {"validatePods": "warn"}},
    "other ports": {**ARMED, "port": 9443, "service": {"port": 8443}},
}


@pytest.fixture(scope="module")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return helm_or_skip(tmp_path_factory.mktemp("helm"))


def installed(rendered: Objects) -> dict[str, Any]:
    """A healthy installation with the chart's webhooks, Service and pods."""
    told = healthy()
    for path, kind in ((VALIDATING, "ValidatingWebhookConfiguration"), (MUTATING, "MutatingWebhookConfiguration")):
        configuration = dict(rendered.one(kind))
        for webhook in configuration["webhooks"]:
            webhook["clientConfig"]["caBundle"] = pem(CA.certificate)
        told |= {f"{path}/bindguard": configuration, path: {"items": [configuration]}}
    template, service = rendered.one("Deployment")["spec"]["template"], rendered.one("Service")
    for pod in told[PODS]["items"]:
        pod["metadata"]["labels"], pod["spec"] = template["metadata"]["labels"], template["spec"]
    told[SLICES]["items"][0]["ports"] = [*slice_ports(service, container(rendered))]
    return told | {SERVICE: service}


def slice_ports(service: Any, container: Any) -> Iterator[Mapping[str, Any]]:
    """What the endpoint slice controller makes of the Service's ports: each `targetPort` is the name of one of the container's."""
    numbers = {port["name"]: port["containerPort"] for port in container["ports"]}
    return ({"name": port["name"], "port": numbers[port["targetPort"]]} for port in service["spec"]["ports"])


@pytest.mark.parametrize("values", VALUES)
def test_what_the_chart_renders_is_well(helm: Helm, values: str) -> None:
    results = evaluated(snapshot(installed(helm.render(VALUES[values]))))
    assert [result for result in results if result.verdict is not Outcome.OK] == []


def test_no_condition_of_the_chart_leaves_out_a_vm_that_is_created(helm: Helm) -> None:
    runs = DryRuns(namespace="default", good=ReadResult(()), bad=ReadResult(()))
    found = snapshot(installed(helm.render(ARMED, kubernetes="1.30.0")), dry_runs=runs)
    assert found.vm_webhook is not None
    assert found.vm_webhook.match_conditions
    assert [each.verdict for each in evaluated(found) if each.check == "dry-run"] == [Outcome.FAIL]


def test_a_trial_in_one_namespace_is_told_as_such(helm: Helm) -> None:
    trial = {"webhooks": {**ARMED["webhooks"], "namespaceSelector": {"matchLabels": {"bindguard": "try"}}}}
    warnings = [result for result in evaluated(snapshot(installed(helm.render(trial)))) if result.verdict is not Outcome.OK]
    assert [result.check for result in warnings] == ["validating-configuration", "mutating-configuration"]
    said = "it is not called for namespaces without the label bindguard=try: nothing is checked there"
    assert warnings[0].found == f"validate.bindguard.io, started.validate.bindguard.io, advice.validate.bindguard.io: {said}"


def test_a_webhook_that_the_server_has_not_armed_yet_is_a_warning(helm: Helm) -> None:
    warnings = [result for result in evaluated(snapshot(installed(helm.render()))) if result.verdict is not Outcome.OK]
    assert [result.check for result in warnings] == ["validating-configuration"]
    assert warnings[0].found.startswith("validate.bindguard.io: it has failurePolicy Ignore")
