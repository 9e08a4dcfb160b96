"""Whatever values are chosen, what comes out is what Kubernetes accepts, and comes out the same again."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chart.helm import CHART, EVERYTHING, MODES, PREFERRED, REQUIRED, Helm, Values, assert_valid, merged

KUBERNETES = ("1.25.0", "1.27.0", "1.28.0", "1.36.0")
CHOICES: dict[str, Values] = {
    "defaults": {},
    "everything": merged(*EVERYTHING),
    "nothing": {
        "networkPolicy": {"enabled": False},
        "podDisruptionBudget": {"enabled": False},
        "advice": {"enabled": False},
        "config": {"overhead": "off"},
        "topologySpread": [],
        "nodeSelector": None,
        "resources": None,
    },
    "scheduled": {
        "tolerations": [
            {"operator": "Exists"},
            {"key": "", "operator": "Exists", "effect": ""},
            {"key": "a", "operator": "", "value": "b"},
            {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 9},
        ],
        "affinity": {
            "nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchFields": [{"key": "a", "operator": "In", "values": ["b"]}]}]}},
            "podAntiAffinity": {PREFERRED: [{"weight": 9, "podAffinityTerm": {"topologyKey": "zone", "labelSelector": {}}}]},
        },
        "nodeSelector": {"zone": "a"},
        "podLabels": {"team": "net", "app.kubernetes.io/name": "forged"},
        "podAnnotations": {"a": "b", "checksum/config": "forged"},
        "service": {"annotations": {"a": "b"}},
        "serviceAccount": {"annotations": {"a": "b"}},
    },
    "narrowed": {
        "webhooks": {
            "annotations": {"a": "b"},
            "excludeNamespaces": ["kube-system", "openshift-cnv"],
            "namespaceSelector": {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]},
        },
        "validation": {
            "objectSelector": {"matchLabels": {"a": "b"}},
            "matchConditions": [{"name": "mine", "expression": "true"}],
        },
        "podMutation": {"matchConditions": [{"name": "mine", "expression": "true"}]},
        "networkPolicy": {"apiServerCIDRs": ["10.0.0.1/32"], "operationsFrom": [{"namespaceSelector": {}}]},
        "podDisruptionBudget": {"maxUnavailable": "50%"},
        "image": {"digest": f"sha256:{'0' * 64}"},
    },
    "overridden": {
        "commonLabels": {"team": "net"},
        "serviceAccount": {"create": False, "name": "theirs"},
        "extraArgs": ["--log-level=debug"],
        "extraEnv": [{"name": "NO_PROXY", "value": "10.0.0.0/8"}],
        "extraVolumes": [{"name": "extra", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "extra", "mountPath": "/extra"}],
        "podSecurityContext": {"runAsUser": 1000},
        "securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}},
        "livenessProbe": {"initialDelaySeconds": 5},
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["10.0.0.10"]},
        "networkPolicy": {"admissionFrom": [{"ipBlock": {"cidr": "10.0.0.1/32"}}]},
    },
}


@pytest.mark.parametrize("kubernetes", KUBERNETES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("choice", CHOICES)
def test_every_object_is_one_that_kubernetes_knows_to_the_last_field(helm: Helm, choice: str, mode: str, kubernetes: str) -> None:
    objects = helm.render(merged(CHOICES[choice], MODES[mode]), kubernetes=kubernetes)
    assert objects
    for each in objects:
        assert_valid(each, kubernetes)


@pytest.mark.parametrize("mode", MODES)
def test_helm_finds_nothing_to_complain_of(helm: Helm, mode: str) -> None:
    done = helm.run("lint", "--strict", str(CHART), values=merged(*EVERYTHING, MODES[mode]))
    assert done.returncode == 0, done.stdout.decode()


@pytest.mark.parametrize("mode", MODES)
def test_rendering_twice_gives_the_same_bytes(helm: Helm, mode: str) -> None:
    values = merged(*EVERYTHING, MODES[mode])
    assert helm.text(values) == helm.text(values)


def test_nothing_but_whether_webhooks_are_armed_is_looked_up_and_nothing_made_at_random_or_left_to_a_hook(helm: Helm) -> None:
    actions = [action for path in CHART.glob("templates/**/*.*") for action in re.findall(r"{{.*?}}", path.read_text(), re.DOTALL)]
    assert actions
    assert [action for action in actions if re.search(r"\b(?:rand\w+|gen[A-Z]\w+|derivePassword|uuidv4|now)\b", action)] == []
    looked_up = {what for action in actions for what in re.findall(r'lookup "\S+" ("\w+"|\([^)]*\))', action)}
    assert looked_up == {"(index . 1)", '"Deployment"'}
    assert "helm.sh/hook" not in helm.text(merged(*EVERYTHING)).decode()


def test_the_chart_brings_no_kind_of_its_own_and_no_secret(helm: Helm) -> None:
    for mode in MODES.values():
        assert {"CustomResourceDefinition", "Secret", "Lease", "Job"}.isdisjoint(helm.render(merged(*EVERYTHING, mode)).kinds())


def test_each_template_is_of_one_kind_and_named_for_it() -> None:
    for path in CHART.glob("templates/**/*.yaml"):
        kinds = set(re.findall(r"^kind: (\w+)$", path.read_text(), re.MULTILINE))
        assert {kind.lower() for kind in kinds} == {path.stem.partition("-")[0]}


def test_every_object_is_in_the_releases_namespace_or_in_none(helm: Helm) -> None:
    cluster_wide = {"ClusterRole", "ClusterRoleBinding", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}
    for each in helm.render(merged(*EVERYTHING), namespace="elsewhere"):
        assert each["metadata"].get("namespace") == (None if each["kind"] in cluster_wide else "elsewhere")


def test_the_release_name_is_no_part_of_any_name(helm: Helm) -> None:
    named = re.findall(r"^  name: .*$", helm.text(release="other").decode(), re.MULTILINE)
    assert named == re.findall(r"^  name: .*$", helm.text().decode(), re.MULTILINE)


def test_another_name_is_another_name_everywhere(helm: Helm) -> None:
    for each in helm.render(merged(*EVERYTHING, {"name": "guard"}), namespace="elsewhere"):
        assert each["metadata"]["name"].startswith("guard")
        assert "bindguard" not in list(references(each))


def references(value: Any, key: str = "") -> Iterator[str]:
    """All that stands where another object is named."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from references(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from references(item, key)
    elif key in {"serviceAccountName", "secretName", "resourceNames"}:
        yield value


def test_selectors_select_the_pods_and_stay_the_same_over_versions(helm: Helm) -> None:
    for choice in CHOICES.values():
        objects = helm.render(choice)
        labels = objects.one("Deployment")["spec"]["template"]["metadata"]["labels"]
        selector = {"app.kubernetes.io/name": "bindguard", "app.kubernetes.io/instance": "bindguard"}
        assert selector.items() <= labels.items()
        assert objects.one("Deployment")["spec"]["selector"] == {"matchLabels": selector}
        assert objects.one("Service")["spec"]["selector"] == selector
        for kind, field in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
            if kind in objects.kinds():
                assert objects.one(kind)["spec"][field] == {"matchLabels": selector}


def test_webhook_configurations_are_applied_after_everything_that_answers(helm: Helm) -> None:
    order = [each["kind"] for each in helm.render()]
    assert order[-2:] == ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]
