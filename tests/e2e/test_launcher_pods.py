"""What the API server says about launcher pods: what it refuses, a rule finds in the VMI that the pod is rendered from."""

from typing import Any

import pytest

from tests.builders import interface, multus, registry, spec
from tests.e2e.control_plane import ControlPlane
from webhook.admission.evaluation import evaluate_object
from webhook.rules import RULES
from webhook.rules.base import Action
from webhook.rules.plan import plan

PODS = "/api/v1/namespaces/default/pods?dryRun=All"


def vmi_spec(*ports: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return spec(interface("blue", bridge={}, ports=list(ports)), networks=[multus("blue")], **fields)


def probed(probe: str, **fields: Any) -> dict[str, Any]:
    probes: dict[str, Any] = {probe: fields}
    return spec(interface(masquerade={}), **probes)


def launcher(vmi: dict[str, Any]) -> dict[str, Any]:
    """The part of a launcher pod that KubeVirt copies from these fields (pkg/virt-controller/services/rendercontainer.go@v1.9.0)."""
    ports = [
        {"protocol": port.get("protocol") or "TCP", "name": port.get("name", ""), "containerPort": port.get("port", 0)}
        for each in vmi["domain"]["devices"]["interfaces"]
        for port in each.get("ports", ())
    ]
    probes: dict[str, Any] = {name: vmi[name] for name in ("livenessProbe", "readinessProbe") if name in vmi}
    compute: dict[str, Any] = {"name": "compute", "image": "quay.io/kubevirt/virt-launcher:v1.9.0", "ports": ports, **probes}
    pod_spec = {"containers": [compute], "subdomain": vmi.get("subdomain", "")}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "virt-launcher-"}, "spec": pod_spec}


def denying(vmi: dict[str, Any]) -> set[str]:
    obj = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "a"}, "spec": vmi}
    findings = evaluate_object(obj, plan(RULES, registry(version="1.9"), {}, upstream_answers=False))
    return {finding.rule for finding in findings or () if finding.severity is Action.DENY}


@pytest.mark.parametrize(
    ("vmi", "rule"),
    [
        (vmi_spec({"port": 80}), None),
        (vmi_spec({"port": 80, "name": "http"}, {"port": 80, "protocol": "UDP"}), None),
        (vmi_spec({"port": 80}, {"port": 80}), None),
        (vmi_spec({"port": 80, "protocol": "SCTP"}), None),
        (vmi_spec({"name": "x"}), "invalid-port"),
        (vmi_spec({"port": 65536}), "invalid-port"),
        (vmi_spec({"port": -1}), "invalid-port"),
        (vmi_spec({"port": 80, "protocol": "tcp"}), "unknown-port-protocol"),
        (vmi_spec({"port": 80, "protocol": "ICMP"}), "unknown-port-protocol"),
        *((vmi_spec({"port": 80, "name": name}), "invalid-port-name") for name in ("HTTP", "8080", "a--b", "-a", "a" * 16)),
        (vmi_spec({"port": 80, "name": "a"}, {"port": 81, "name": "a"}), "duplicate-port-name"),
        (vmi_spec(subdomain="lab"), None),
        (vmi_spec(subdomain="lab.example"), "invalid-subdomain"),
        (vmi_spec(subdomain="a" * 64), "invalid-subdomain"),
        (probed("readinessProbe", httpGet={"port": 80}), None),
        (probed("readinessProbe", httpGet={"port": "http", "scheme": "HTTPS"}), None),
        (probed("readinessProbe", httpGet={"port": 70000}), "invalid-probe"),
        (probed("livenessProbe", tcpSocket={"port": 0}), "invalid-probe"),
        (probed("livenessProbe", tcpSocket={"port": "HTTP"}), "invalid-probe"),
        (probed("livenessProbe", tcpSocket={"port": "80"}), "invalid-probe"),
        (probed("readinessProbe", httpGet={"port": 80, "scheme": "https"}), "invalid-probe"),
        (probed("readinessProbe", tcpSocket={"port": 80}, successThreshold=2), None),
        (probed("livenessProbe", tcpSocket={"port": 80}, successThreshold=2), "invalid-probe"),
    ],
    ids=str,
)
def test_a_rule_denies_what_the_api_server_refuses_of_a_launcher_pod(plane: ControlPlane, vmi: dict[str, Any], rule: str | None) -> None:
    answer = plane.client.post(PODS, json=launcher(vmi))
    assert (answer.status_code == 422) is (rule is not None), answer.text
    assert denying(vmi) == ({rule} if rule is not None else set())
