"""Alerts and dashboard ask for what is measured, and each alert says what to do."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest

from tests.chart.helm import CHART, MODES, MONITORED, Helm, merged
from webhook.http.cluster_metrics import ClusterMetrics
from webhook.http.metrics import Metrics

RUNBOOK = (Path(__file__).parents[2] / "docs/alerts.md").read_text(encoding="utf-8")
DASHBOARD = json.loads((CHART / "dashboards/bindguard.json").read_text(encoding="utf-8"))
FOREIGN = ("apiserver_admission_webhook_", "kube_deployment_")
"""Metrics of the API server and of kube-state-metrics."""
SCRAPED = {"namespace", "pod", "job", "le"}
"""Labels that Prometheus adds, and a histogram's own."""
ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
"""How the series of a metric are named, by its type; one that was never counted has none yet."""


def measured() -> dict[str, set[str]]:
    """The names of all series that the server shows, and their labels."""
    registry = Metrics("0").registry
    ClusterMetrics(registry).follow_certificate(
        leads=lambda: True, stuck=lambda: False, repairs=lambda: 0, ca_expires_at=lambda: 0.0, glass_is_broken=lambda: False
    )
    families = list(registry.collect())
    shown = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    counted = {f"{family.name}{ending}": set(getattr(family, "_labelnames", ())) for family in families for ending in ENDINGS[family.type]}
    theirs = {name: set(getattr(family, "_labelnames", ())) for name, family in registry._names_to_collectors.items()}
    return counted | theirs | shown


def alerts(helm: Helm, mode: str = "managed") -> list[Any]:
    (group,) = helm.render(merged(MONITORED, MODES[mode])).one("PrometheusRule")["spec"]["groups"]
    rules: list[Any] = group["rules"]
    return rules


def selectors(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric in an expression, with the labels that it is chosen by."""
    found: list[Any] = []

    def note(node: Any) -> bool:
        found.append(getattr(node, "vector_selector", node))
        return True

    promql_parser.walk(promql_parser.parse(expression.replace("$__rate_interval", "5m")), note)
    for node in found:
        if isinstance(node, promql_parser.VectorSelector):
            yield str(node.name), {matcher.name for matcher in node.matchers.matchers}


def assert_measured(expression: str) -> None:
    known = measured()
    chosen = list(selectors(expression))
    assert chosen
    for name, labels in chosen:
        if not name.startswith((*FOREIGN, "process_")):
            assert name in known
            assert labels <= known[name] | SCRAPED


@pytest.mark.parametrize("mode", MODES)
def test_every_alert_asks_for_metrics_and_labels_that_exist(helm: Helm, mode: str) -> None:
    for alert in alerts(helm, mode):
        assert_measured(alert["expr"])


def test_every_panel_asks_for_metrics_and_labels_that_exist() -> None:
    expressions = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    assert len(expressions) > 15
    for expression in expressions:
        assert_measured(expression)


def test_every_alert_has_its_runbook_and_every_runbook_its_alert(helm: Helm) -> None:
    headings = re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE)
    assert headings == [alert["alert"] for alert in alerts(helm)]
    for alert in alerts(helm):
        assert alert["annotations"]["runbook_url"].endswith(f"/docs/alerts.md#{alert['alert'].lower()}")


def test_every_alert_says_how_bad_it_is_and_what_it_is(helm: Helm) -> None:
    for alert in alerts(helm):
        assert alert["labels"]["severity"] in {"critical", "warning"}
        assert alert["annotations"]["summary"].endswith(".")
        assert alert["annotations"]["description"].endswith(".")
        assert ("{{ $labels.pod }}" in alert["annotations"]["description"]) is ("pod)" in alert["expr"])


def test_every_runbook_says_what_users_notice_what_to_check_and_what_to_do(helm: Helm) -> None:
    sections = dict(zip(*[iter(re.split(r"^## (\w+)$", RUNBOOK, flags=re.MULTILINE)[1:])] * 2, strict=True))
    for alert in alerts(helm):
        section = " ".join(sections[alert["alert"]].split())
        notice = re.search(r"\*\*Users notice:\*\* (.+?) \*\*Check:\*\* .+ \*\*Do:\*\* .+", section)
        assert notice is not None, alert["alert"]
        assert alert["annotations"]["description"].startswith(f"{notice[1]} ")


def test_alerts_about_pods_keep_the_pod(helm: Helm) -> None:
    without = {alert["alert"] for alert in alerts(helm) if "pod)" not in alert["expr"]}
    of_all_pods = {
        "BindguardDown",
        "BindguardBreakGlass",
        "BindguardNotReady",
        "BindguardNoCertificateLeader",
        "BindguardCABundleContested",
    }
    assert without == of_all_pods | {"BindguardCallsFailing", "BindguardFailingOpen"}


def test_what_only_a_self_managed_certificate_can_have_is_asked_for_there_alone(helm: Helm) -> None:
    names = {alert["alert"] for alert in alerts(helm, "certManager")}
    assert {alert["alert"] for alert in alerts(helm)} - names == {
        "BindguardNoCertificateLeader",
        "BindguardCertificateLeaderStuck",
        "BindguardCAExpiring",
        "BindguardBreakGlass",
        "BindguardCABundleContested",
    }


def test_alerts_look_at_the_own_namespace(helm: Helm) -> None:
    rule = helm.render(MONITORED, namespace="guard").one("PrometheusRule")
    for alert in rule["spec"]["groups"][0]["rules"]:
        for name, labels in selectors(alert["expr"]):
            assert name.startswith("apiserver_") or "namespace" in labels
    assert 'namespace="guard"' in json.dumps(rule).replace('\\"', '"')


def test_the_service_monitor_scrapes_the_operations_port(helm: Helm) -> None:
    objects = helm.render(MONITORED)
    monitor, service = objects.one("ServiceMonitor")["spec"], objects.one("Service")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["endpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("operations", "/metrics")
    assert "operations" in {port["name"] for port in service["spec"]["ports"]}


def test_the_dashboard_is_the_file_and_is_found_by_its_label(helm: Helm) -> None:
    config = helm.render(MONITORED).one("ConfigMap", "bindguard-dashboard")
    assert json.loads(config["data"]["bindguard.json"]) == DASHBOARD
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_nothing_of_another_operators_is_made_unasked(helm: Helm) -> None:
    assert {"ServiceMonitor", "PrometheusRule", "Certificate", "Issuer"}.isdisjoint(helm.render().kinds())
