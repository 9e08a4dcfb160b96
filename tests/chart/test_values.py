"""Values that cannot be right are refused before anything is changed, and the refusal names them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from charts.readme import values, with_table
from tests.chart.helm import CHART, MONITORED, NEWEST, REQUIRED, Helm, Values, assert_valid, merged
from tests.cli.bindguard import bindguard

VALUES = (CHART / "values.yaml").read_text(encoding="utf-8")
README = (CHART / "README.md").read_text(encoding="utf-8")
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
JUDGE = Draft7Validator(SCHEMA)

EXPRESSIONS = "/webhooks/namespaceSelector/matchExpressions"
NONSENSE: list[tuple[Values, str, str]] = [
    ({"replicaCount": 2}, "", "'replicaCount' not allowed"),
    ({"replicas": 0}, "/replicas", "minimum"),
    ({"replicas": "2"}, "/replicas", "want integer"),
    ({"name": "Bindguard"}, "/name", "does not match pattern"),
    ({"name": ""}, "/name", "does not match pattern"),
    ({"image": {"repository": "https://ghcr.io/x"}}, "/image/repository", "does not match pattern"),
    ({"image": {"digest": "sha256:abc"}}, "/image/digest", "does not match pattern"),
    ({"config": {"overhead": "always"}}, "/config/overhead", "must be one of"),
    ({"image": {"pullPolicy": "always"}}, "/image/pullPolicy", "must be one of"),
    ({"config": {"failOn": "warn"}}, "/config", "'failOn' not allowed"),
    ({"config": {"registry": "/etc/registry.yaml"}}, "/config", "'registry' not allowed"),
    ({"config": {"rules": {"no-binding": "error"}}}, "/config/rules/no-binding", "must be one of"),
    ({"config": {"rules": {"No_Binding": "warn"}}}, "/config/rules", "'No_Binding' not allowed"),
    ({"config": {"overhead": True}}, "/config/overhead", "must be one of"),
    ({"config": {"validatePods": "Deny"}}, "/config/validatePods", "must be one of"),
    ({"config": {"kubevirtVersion": 1.9}}, "/config/kubevirtVersion", "want string"),
    ({"config": {"kubeVirtVersion": 1.9}}, "/config/kubeVirtVersion", "want string"),
    *(
        ({"config": {"kubevirtVersion": text}}, "/config/kubevirtVersion", "does not match pattern")
        for text in ("latest", "1.9..1", "01.9", "1", "1.0", "4.19")
    ),
    ({"config": {"maxBodyBytes": "7 MB"}}, "/config/maxBodyBytes", "does not match pattern"),
    ({"config": {"maxBodyBytes": 10}}, "/config/maxBodyBytes", "minimum"),
    ({"config": {"drainSeconds": -1}}, "/config/drainSeconds", "minimum"),
    ({"config": {"drainSeconds": None}}, "/config", "missing property 'drainSeconds'"),
    ({"config": {"reloadSeconds": 0}}, "/config/reloadSeconds", "exclusiveMinimum"),
    ({"config": {"tlsMinimum": 1.2}}, "/config/tlsMinimum", "must be one of"),
    ({"config": {"exclude": {"namespaces": "sandbox"}}}, "/config/exclude/namespaces", "want array"),
    ({"certificates": {"mode": "cert-manager"}}, "/certificates/mode", "must be one of"),
    ({"certificates": {"mode": "provided"}}, "/certificates/provided/secretName", "minLength"),
    ({"certificates": {"provided": {"caBundle": "-----BEGIN CERTIFICATE-----"}}}, "/certificates/provided/caBundle", "does not match"),
    ({"certificates": {"certManager": {"issuerRef": {"kind": "Issuer"}}}}, "/certificates/certManager/issuerRef", "'name'"),
    ({"certificates": {"certManager": {"duration": "90d"}}}, "/certificates/certManager/duration", "does not match pattern"),
    ({"validation": {"failurePolicy": "Deny"}}, "/validation/failurePolicy", "must be one of"),
    ({"validation": {"timeoutSeconds": 31}}, "/validation/timeoutSeconds", "maximum"),
    ({"validation": {"timeoutSeconds": 0}}, "/validation/timeoutSeconds", "minimum"),
    ({"validation": {"matchConditions": [{"expression": "true"}]}}, "/validation/matchConditions/0", "missing property 'name'"),
    ({"validation": {"objectSelector": {"a": "b"}}}, "/validation/objectSelector", "'a' not allowed"),
    ({"podMutation": {"reinvocationPolicy": "Always"}}, "/podMutation/reinvocationPolicy", "must be one of"),
    ({"webhooks": {"matchConditions": "yes"}}, "/webhooks/matchConditions", "must be one of"),
    ({"webhooks": {"excludeNamespaces": ["sandbox-*"]}}, "/webhooks/excludeNamespaces/0", "does not match pattern"),
    ({"port": 443}, "/port", "minimum"),
    ({"operationsPort": 70000}, "/operationsPort", "maximum"),
    ({"serviceAccount": {"create": False}}, "/serviceAccount/name", "minLength"),
    ({"image": {"registry": "https://mirror.example"}}, "/image/registry", "does not match pattern"),
    ({"global": {"imageRegistry": "mirror.example/"}}, "/global/imageRegistry", "does not match pattern"),
    ({"extraEnv": [{"name": "A", "value": 7}]}, "/extraEnv/0/value", "want string"),
    ({"extraEnv": {"A": "b"}}, "/extraEnv", "want array"),
    ({"extraArgs": "--log-level=debug"}, "/extraArgs", "want array"),
    ({"extraVolumes": [{"name": "node", "hostPath": {"path": "/"}}]}, "/extraVolumes/0", "'hostPath' not allowed"),
    ({"extraVolumes": [{"name": "extra"}]}, "/extraVolumes/0", "minProperties"),
    ({"extraVolumes": [{"name": "tls", "emptyDir": {}}]}, "/extraVolumes/0/name", "'not' failed"),
    ({"extraVolumeMounts": [{"name": "a", "mountPath": "relative"}]}, "/extraVolumeMounts/0/mountPath", "does not match pattern"),
    ({"securityContext": {"privileged": True}}, "/securityContext", "'privileged' not allowed"),
    ({"podSecurityContext": {"seccompProfile": {"type": "Localhost"}}}, "/podSecurityContext/seccompProfile", "localhostProfile"),
    ({"readinessProbe": {"httpGet": {"path": "/"}}}, "/readinessProbe", "'httpGet' not allowed"),
    ({"dnsPolicy": "none"}, "/dnsPolicy", "must be one of"),
    ({"commonLabels": {"team": 7}}, "/commonLabels/team", "want string"),
    ({"revisionHistoryLimit": -1}, "/revisionHistoryLimit", "minimum"),
    ({"networkPolicy": {"admissionFrom": [{"pods": {}}]}}, "/networkPolicy/admissionFrom/0", "'pods' not allowed"),
    ({"service": {"type": "NodePort"}}, "/service", "'type' not allowed"),
    ({"resources": {"limits": {"memory": "lots"}}}, "/resources/limits/memory", "does not match pattern"),
    ({"topologySpread": [{"topologyKey": "zone"}]}, "/topologySpread/0", "missing properties"),
    ({"affinity": {"a": "b"}}, "/affinity", "'a' not allowed"),
    ({"affinity": {"podAntiAffinity": {REQUIRED: [{"labelSelector": {}}]}}}, f"/affinity/podAntiAffinity/{REQUIRED}/0", "missing property"),
    (
        {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": []}}}},
        f"/affinity/nodeAffinity/{REQUIRED}/nodeSelectorTerms",
        "minItems",
    ),
    ({"tolerations": [{}]}, "/tolerations/0", "missing property 'operator'"),
    ({"tolerations": [{"key": "", "operator": "Equal"}]}, "/tolerations/0/operator", "value must be 'Exists'"),
    ({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}, "/tolerations/0/value", "maxLength"),
    ({"tolerations": [{"key": "a", "tolerationSeconds": 9}]}, "/tolerations/0", "missing property 'effect'"),
    ({"tolerations": [{"key": "a", "effect": "NoRun"}]}, "/tolerations/0/effect", "must be one of"),
    ({"networkPolicy": {"operationsFrom": [{"pods": {}}]}}, "/networkPolicy/operationsFrom/0", "'pods' not allowed"),
    ({"podDisruptionBudget": {"maxUnavailable": 0}}, "/podDisruptionBudget/maxUnavailable", "minimum"),
    ({"autoscaling": {"enabled": "yes"}}, "/autoscaling/enabled", "want boolean"),
    ({"networkPolicy": {"apiServerPorts": []}}, "/networkPolicy/apiServerPorts", "minItems"),
    ({"networkPolicy": {"apiServerCIDRs": ["api.example"]}}, "/networkPolicy/apiServerCIDRs/0", "does not match pattern"),
    ({"metrics": {"prometheusRule": {"runbookUrl": "docs/alerts.md"}}}, "/metrics/prometheusRule/runbookUrl", "does not match pattern"),
    ({"podLabels": {"team": 7}}, "/podLabels/team", "want string"),
    ({"podLabels": {"team": "net work"}}, "/podLabels/team", "does not match pattern"),
    ({"podAnnotations": {"no key": "x"}}, "/podAnnotations", "'no key' not allowed"),
    (
        {"webhooks": {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}},
        f"{EXPRESSIONS}/0",
        "missing property 'values'",
    ),
    (
        {"webhooks": {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}}},
        f"{EXPRESSIONS}/0/values",
        "maxItems",
    ),
    ({"validation": {"matchConditions": [{"name": "my own", "expression": "true"}]}}, "/validation/matchConditions/0/name", "pattern"),
    ({"webhooks": None}, "", "missing property 'webhooks'"),
    ({"validation": {"failurePolicy": None}}, "/validation", "missing property 'failurePolicy'"),
]


@pytest.mark.parametrize(("nonsense", "place", "reason"), NONSENSE, ids=lambda value: value if isinstance(value, str) else "")
def test_nonsense_is_refused_with_its_place_and_reason(helm: Helm, nonsense: Values, place: str, reason: str) -> None:
    refusal = helm.refusal(nonsense)
    assert f"at '{place}'" in refusal
    assert reason in refusal


def test_fewest_pods_are_no_more_than_most(helm: Helm) -> None:
    assert "autoscaling.minReplicas" in helm.refusal({"autoscaling": {"enabled": True, "minReplicas": 9, "maxReplicas": 3}})


def test_both_ports_cannot_be_the_same(helm: Helm) -> None:
    assert "operationsPort" in helm.refusal({"port": 9000, "operationsPort": 9000})


def test_an_old_cluster_is_refused(helm: Helm) -> None:
    done = helm.run("template", "bindguard", str(CHART), "--kube-version", "1.24.0")
    assert b"incompatible with Kubernetes" in done.stderr


@pytest.mark.parametrize("chosen", [{}, {"name": "guard"}])
def test_the_notes_name_a_command_that_exists_for_this_installation(helm: Helm, chosen: Values) -> None:
    done = helm.run("install", "bindguard", str(CHART), "--namespace", "elsewhere", "--dry-run=client", values=chosen)
    assert done.returncode == 0, done.stderr.decode()
    (line,) = (line.split() for line in done.stdout.decode().splitlines() if line.strip().startswith("bindguard doctor"))
    assert line[2:4] == ["--namespace", "elsewhere"]
    assert bindguard(*line[1:], "--help").returncode == 0


def test_what_templates_need_is_missed_by_its_name_and_all_else_can_be_taken_away(helm: Helm) -> None:
    """An empty section in a values file is null, which takes the chart's own away."""
    optional = [path for path in paths(yaml.safe_load(VALUES)) if JUDGE.is_valid(without(yaml.safe_load(VALUES), path))]
    assert {("nodeSelector",), ("config", "rules"), ("validation", "matchConditions")} <= set(optional)
    assert {("webhooks",), ("config",), ("port",)}.isdisjoint(optional)
    for each in helm.render(merged(MONITORED, *(nested(path, None) for path in optional))):
        assert_valid(each, NEWEST)


def test_no_name_is_read_as_a_number_or_as_nothing(helm: Helm) -> None:
    odd: Values = {"name": "null", "priorityClassName": "7", "clientCa": {"configMap": "1e3"}}
    rendered = helm.text(merged(MONITORED, odd), namespace="2026", release="0")
    for each in (obj for obj in yaml.load_all(rendered, yaml.CSafeLoader) if obj):
        assert each["metadata"]["name"].startswith("null")
        assert each["metadata"].get("namespace", "2026") == "2026"
        assert_valid(each, NEWEST)


@pytest.mark.parametrize(
    ("values", "said"), [({}, False), ({"replicas": 1}, True), ({"autoscaling": {"enabled": True, "minReplicas": 1}}, True)]
)
def test_the_notes_warn_of_a_single_pod_without_which_nothing_goes(helm: Helm, values: Values, *, said: bool) -> None:
    done = helm.run("install", "bindguard", str(CHART), "--dry-run=client", values=values)
    assert (b"with one replica and failurePolicy: Fail" in done.stdout) is said


def test_every_value_has_a_comment() -> None:
    found = values(VALUES)
    assert len(found) > 50
    assert [value.name for value in found if not value.about.endswith(".")] == []


def test_the_readme_tells_every_value_as_it_is() -> None:
    assert with_table(README, VALUES) == README, "run: python charts/readme.py"
    assert all(f"`{value.name}`" in README for value in values(VALUES))


def test_the_schema_knows_every_value_and_closes_every_mapping_that_is_not_free() -> None:
    defaults = yaml.safe_load(VALUES)
    assert list(unknown(defaults, SCHEMA, "")) == []
    assert list(open_mappings(SCHEMA, "")) == [".global", ".supplementary"]


def paths(value: Any) -> Iterator[tuple[str, ...]]:
    """Where values are, mappings included."""
    for key, item in value.items() if isinstance(value, dict) else ():
        yield (key,)
        yield from ((key, *rest) for rest in paths(item))


def without(value: Any, path: tuple[str, ...]) -> Any:
    """The values without one, as helm takes away what is null."""
    key, *rest = path
    kept = {name: item for name, item in value.items() if name != key}
    return {**kept, key: without(value[key], tuple(rest))} if rest else kept


def nested(path: tuple[str, ...], value: object) -> Values:
    return {path[0]: nested(path[1:], value) if path[1:] else value}


def unknown(value: Any, schema: Any, path: str) -> Iterator[str]:
    """Paths of values that the schema has no property for."""
    properties = resolved(schema).get("properties", {})
    for key, item in value.items() if isinstance(value, dict) and properties else ():
        if key not in properties:
            yield f"{path}.{key}"
        else:
            yield from unknown(item, properties[key], f"{path}.{key}")


def open_mappings(schema: Any, path: str) -> Iterator[str]:
    """Paths of mappings that take any key."""
    schema = resolved(schema)
    if schema.get("type") == "object" and "additionalProperties" not in schema:
        yield path
    for key, item in schema.get("properties", {}).items():
        yield from open_mappings(item, f"{path}.{key}")


def resolved(schema: Any) -> Any:
    name = schema.get("$ref", "").rpartition("/")[2]
    return SCHEMA["definitions"][name] if name else schema
