"""Verdicts are those of KubeVirt's own admission code, on objects that went the way of a real CREATE in nine releases."""

import gzip
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from webhook.admission.evaluation import evaluate_object
from webhook.plugins.sources import registry_from
from webhook.rules import RULES
from webhook.rules.base import Action
from webhook.rules.plan import plan

ORACLE = Path(__file__).parents[3] / "shared/oracle"
FILES = sorted(ORACLE.glob("*.jsonl.gz"))
Object: TypeAlias = dict[str, Any]

BEYOND: Mapping[str, str] = {
    "no-binding": "before 1.9 KubeVirt admits an interface without binding",
    "several-bindings": "before 1.9 KubeVirt admits an interface with several core bindings",
    "unregistered-plugin": "KubeVirt admits it, and the VM never starts",
    "empty-plugin-name": "KubeVirt admits it, and the VM never starts",
    "plugin-attaches-nothing": "KubeVirt admits it, and the guest has no NIC",
    "invalid-port": "off the pod network the API server refuses the launcher pod",
    "invalid-port-name": "off the pod network the API server refuses the launcher pod",
    "duplicate-port-name": "across interfaces the API server refuses the launcher pod",
    "unknown-port-protocol": "off the pod network the API server refuses the launcher pod",
    "discontinued-binding": "what a replica set or pool creates is refused",
    "default-binding-not-permitted": "what a replica set or pool creates is refused",
}
"""Rules that deny what KubeVirt accepts, on purpose."""

PROBES = "is only allowed if the Pod Network is attached"
"""Templates without interfaces, where KubeVirt does not add the default one; what they create gets it, so they are let pass."""


def cr(version: str, configuration: Object) -> Object:
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": {"name": "kubevirt", "namespace": "kubevirt"},
        "spec": {"configuration": configuration},
        "status": {"phase": "Deployed", "observedKubeVirtVersion": version, "targetKubeVirtVersion": version},
    }


def denying(obj: Object, kubevirt: Object) -> set[str]:
    """The rules that deny an object, as the KubeVirt CR configures them."""
    chosen = plan(RULES, registry_from(kubevirt, source="test").registry, {}, upstream_answers=False)
    return {finding.rule for finding in evaluate_object(obj, chosen) or [] if finding.severity is Action.DENY}


@pytest.mark.skipif(not FILES, reason="KubeVirt's recorded answers are not beside this checkout")
def test_no_verdict_differs_but_on_purpose() -> None:
    configurations = json.loads((ORACLE / "configurations.json").read_text())
    differing: Counter[str] = Counter()
    for file in FILES:
        for line in gzip.decompress(file.read_bytes()).decode().splitlines():
            if not line:
                continue
            record = json.loads(line)
            denied = denying(record["vmi"], cr(record["version"], configurations[record["id"]]))
            messages = [cause["message"] for cause in record["causes"]]
            if messages and not denied and not all(PROBES in message for message in messages):
                differing[f"{file.name}: let pass: {messages}"] += 1
            if not messages and denied and not denied <= BEYOND.keys():
                differing[f"{file.name}: denied by {sorted(denied)}"] += 1
    assert not differing


@pytest.mark.parametrize(
    ("version", "port", "denied"),
    [("v1.8.4", 65535, set()), ("v1.8.4", 65536, set()), ("v1.9.0", 65535, set()), ("v1.9.0", 65536, {"invalid-port"})],
)
def test_a_port_is_accepted_as_that_release_accepts_it(version: str, port: int, denied: set[str]) -> None:
    devices = {"interfaces": [{"name": "default", "masquerade": {}, "ports": [{"port": port}]}]}
    spec = {"domain": {"devices": devices}, "networks": [{"name": "default", "pod": {}}]}
    assert denying({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "spec": spec}, cr(version, {})) == denied
