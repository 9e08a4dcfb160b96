"""What the API server is told to ask, whom, and what happens while nobody answers."""

import pytest

from tests.chart.helm import CERT_MANAGER, MODES, PODS_VALIDATED, PROVIDED, Helm, merged, webhooks
from webhook.vmi.kinds import KINDS

VALIDATE, ADVICE, MUTATE, PODS, STARTED = (
    "validate.bindguard.io",
    "advice.validate.bindguard.io",
    "mutate.bindguard.io",
    "pods.validate.bindguard.io",
    "started.validate.bindguard.io",
)
ARMED = {"webhooks": {"armWhenReady": False}}
"""Policies as they are once the server has armed the webhooks."""
PLURALS = {f"{kind.name}": f"{kind.name.lower()}s" for kind in KINDS}


def test_every_kind_that_carries_a_vmi_spec_is_asked_about_in_every_served_version(helm: Helm) -> None:
    found = webhooks(helm.render())
    for kind in KINDS:
        webhook = found[ADVICE if kind.is_template else VALIDATE]
        (rule,) = (rule for rule in webhook["rules"] if kind.group in rule["apiGroups"] and PLURALS[kind.name] in rule["resources"])
        assert set(rule["apiVersions"]) == set(kind.versions)
        assert set(rule["operations"]) == {"CREATE", "UPDATE"}


@pytest.mark.parametrize(("kubernetes", "operations"), [("1.27.0", {"CREATE"}), ("1.28.0", {"CREATE", "UPDATE"})])
def test_without_conditions_no_status_write_of_a_vmi_depends_on_anybody(helm: Helm, kubernetes: str, operations: set[str]) -> None:
    rules = webhooks(helm.render(kubernetes=kubernetes))[VALIDATE]["rules"]
    (of_vmis,) = (rule for rule in rules if "virtualmachineinstances" in rule["resources"])
    assert set(of_vmis["operations"]) == operations


def test_registries_are_asked_about_where_nothing_can_be_refused(helm: Helm) -> None:
    rules = {rule["resources"][0]: set(rule["apiVersions"]) for rule in webhooks(helm.render())[ADVICE]["rules"]}
    assert rules["kubevirts"] == {"v1", "v1alpha3"}
    assert rules["hyperconvergeds"] == {"v1", "v1beta1"}
    assert webhooks(helm.render())[ADVICE]["failurePolicy"] == "Ignore"


def test_no_subresource_and_no_wildcard_is_asked_about(helm: Helm) -> None:
    for webhook in webhooks(helm.render(PODS_VALIDATED)).values():
        for rule in webhook["rules"]:
            words = [*rule["apiGroups"], *rule["apiVersions"], *rule["operations"], *rule["resources"]]
            assert not [word for word in words if "*" in word or "/" in word]


def test_what_does_not_change_with_values(helm: Helm) -> None:
    found = webhooks(helm.render(PODS_VALIDATED))
    assert set(found) == {VALIDATE, ADVICE, MUTATE, PODS, STARTED}
    for webhook in found.values():
        assert (webhook["matchPolicy"], webhook["sideEffects"], webhook["timeoutSeconds"]) == ("Equivalent", "None", 5)
        assert webhook["admissionReviewVersions"] == ["v1"]
    assert found[MUTATE]["reinvocationPolicy"] == "IfNeeded"


def test_only_validation_of_vms_fails_closed(helm: Helm) -> None:
    policies = {name: webhook["failurePolicy"] for name, webhook in webhooks(helm.render(merged(PODS_VALIDATED, ARMED))).items()}
    assert policies == {VALIDATE: "Fail", ADVICE: "Ignore", MUTATE: "Ignore", PODS: "Ignore", STARTED: "Ignore"}


@pytest.mark.parametrize("mode", ["managed", "certManager", "provided"])
def test_a_first_installation_fails_closed_nowhere(helm: Helm, mode: str) -> None:
    closed = {name: {"failurePolicy": "Fail"} for name in ("validation", "advice", "podMutation", "podValidation")}
    objects = helm.render(merged(MODES[mode], PODS_VALIDATED, closed))
    assert {webhook["failurePolicy"] for webhook in webhooks(objects).values()} == {"Ignore"}
    for kind, names in {
        "ValidatingWebhookConfiguration": {VALIDATE, ADVICE, PODS},
        "MutatingWebhookConfiguration": {MUTATE},
    }.items():
        annotations = objects.one(kind)["metadata"].get("annotations", {})
        found = annotations.get("bindguard.io/arm")
        assert (None if found is None else set(found.split(","))) == (names if mode == "managed" else None)


@pytest.mark.parametrize(
    ("value", "name"), [("validation", VALIDATE), ("advice", ADVICE), ("podMutation", MUTATE), ("podValidation", PODS)]
)
def test_each_webhook_has_its_own_failure_policy_and_timeout(helm: Helm, value: str, name: str) -> None:
    for policy in ("Fail", "Ignore"):
        found = webhooks(helm.render(merged(PODS_VALIDATED, ARMED, {value: {"failurePolicy": policy, "timeoutSeconds": 9}})))
        assert (found[name]["failurePolicy"], found[name]["timeoutSeconds"]) == (policy, 9)
        assert {each for each, webhook in found.items() if webhook["timeoutSeconds"] == 9} - {STARTED} == {name}


def test_of_pods_only_new_launchers_are_asked_about(helm: Helm) -> None:
    found = webhooks(helm.render(PODS_VALIDATED))
    for name in (MUTATE, PODS):
        assert found[name]["objectSelector"] == {"matchLabels": {"kubevirt.io": "virt-launcher"}}
        (rule,) = found[name]["rules"]
        assert (rule["resources"], rule["operations"]) == (["pods"], ["CREATE"])
    assert found[PODS]["clientConfig"]["service"]["path"] == "/validate"


@pytest.mark.parametrize("action", ["off", False])
def test_pods_are_not_asked_about_after_mutation_unless_wanted(helm: Helm, action: object) -> None:
    assert PODS not in webhooks(helm.render({"config": {"validatePods": action}}))


@pytest.mark.parametrize("mode", ["off", False])
def test_without_overhead_there_is_no_mutating_webhook(helm: Helm, mode: object) -> None:
    assert "MutatingWebhookConfiguration" not in helm.render({"config": {"overhead": mode}}).kinds()


def test_the_control_plane_and_the_own_namespace_are_never_asked_about(helm: Helm) -> None:
    objects = helm.render(merged(PODS_VALIDATED, {"webhooks": {"excludeNamespaces": ["cnv"]}}), namespace="guard")
    for webhook in webhooks(objects).values():
        (own,) = webhook["namespaceSelector"]["matchExpressions"]
        assert own == {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "guard", "cnv"]}


def test_further_namespace_conditions_add_to_the_exclusions(helm: Helm) -> None:
    more = {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]}
    selector = webhooks(helm.render({"webhooks": {"namespaceSelector": more}}))[VALIDATE]["namespaceSelector"]
    assert selector["matchLabels"] == {"a": "b"}
    assert [each["key"] for each in selector["matchExpressions"]] == ["kubernetes.io/metadata.name", "c"]


def test_the_service_that_is_called_is_the_one_that_is_made(helm: Helm) -> None:
    objects = helm.render(merged(PODS_VALIDATED, {"name": "guard", "service": {"port": 8443}}), namespace="elsewhere")
    service = objects.one("Service")
    ports = {port["name"]: port["port"] for port in service["spec"]["ports"]}
    for webhook in webhooks(objects).values():
        called = webhook["clientConfig"]["service"]
        assert (called["name"], called["namespace"]) == (service["metadata"]["name"], service["metadata"]["namespace"])
        assert called["port"] == ports["admission"] == 8443


@pytest.mark.parametrize("mode", ["managed", "certManager"])
def test_a_ca_bundle_that_another_writes_is_not_rendered_so_that_no_upgrade_takes_it_away(helm: Helm, mode: str) -> None:
    assert all("caBundle" not in each["clientConfig"] for each in webhooks(helm.render(MODES[mode])).values())


def test_a_given_ca_bundle_is_in_every_webhook(helm: Helm) -> None:
    found = webhooks(helm.render(merged(PROVIDED, PODS_VALIDATED)))
    assert len(found) == 5
    assert all(each["clientConfig"]["caBundle"] == "Q0E=" for each in found.values())


def test_cert_manager_injects_the_ca_of_the_certificate_that_is_served(helm: Helm) -> None:
    objects = helm.render(CERT_MANAGER, namespace="guard")
    names = {f"guard/{each['metadata']['name']}" for each in objects if each["kind"] == "Certificate"}
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        injected = objects.one(kind)["metadata"]["annotations"]["cert-manager.io/inject-ca-from"]
        assert injected == "guard/bindguard-tls"
        assert injected in names


@pytest.mark.parametrize("mode", ["managed", "provided"])
def test_only_cert_manager_is_asked_to_inject(helm: Helm, mode: str) -> None:
    annotations = helm.render(MODES[mode]).one("ValidatingWebhookConfiguration")["metadata"].get("annotations", {})
    assert set(annotations) <= {"bindguard.io/arm"}


@pytest.mark.parametrize(
    ("kubernetes", "asked", "there"),
    [
        ("1.27.16", "auto", False),
        ("1.28.0", "auto", True),
        ("1.28.3-gke.100", "auto", True),
        ("1.36.0", "auto", True),
        ("1.27.16", True, True),
        ("1.36.0", False, False),
    ],
)
def test_the_api_server_filters_where_it_can_or_as_it_is_told(helm: Helm, kubernetes: str, asked: object, *, there: bool) -> None:
    found = webhooks(helm.render({"webhooks": {"matchConditions": asked}}, kubernetes=kubernetes))
    assert ("matchConditions" in found[VALIDATE], "matchConditions" in found[ADVICE]) == (there, there)


@pytest.mark.parametrize(
    ("namespaces", "expressions"),
    [
        ("all", []),
        ("optOut", [{"key": "bindguard.io/admission", "operator": "NotIn", "values": ["disabled"]}]),
        ("optIn", [{"key": "bindguard.io/admission", "operator": "In", "values": ["enabled"]}]),
    ],
)
def test_a_label_lets_namespaces_out_or_in(helm: Helm, namespaces: str, expressions: list[object]) -> None:
    more = {"matchExpressions": [{"key": "c", "operator": "Exists"}]}
    for webhook in webhooks(helm.render({"webhooks": {"namespaces": namespaces, "namespaceSelector": more}})).values():
        assert webhook["namespaceSelector"]["matchExpressions"][1:] == [*expressions, *more["matchExpressions"]]
