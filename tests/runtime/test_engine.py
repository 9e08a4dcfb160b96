"""The engine with no server between: a server's settings count as far as they are about checking."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.check.builders import KUBEVIRT, write
from tests.runtime.server import ROOT
from webhook.admission.review import VALIDATE
from webhook.errors import UsageError
from webhook.runtime.engine import NamespacePatterns, engine, engine_settings

TYPO = (ROOT / "tests/data/reviews/vm-create-unregistered-generatename.json").read_bytes()
POD = (ROOT / "tests/data/reviews/pod-create-virt-launcher-2.json").read_bytes()
VMI = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachineInstance",
    "metadata": {"name": "vmi-1", "namespace": "default", "uid": "00000000-0000-0000-0000-000000000001"},
    "spec": {"domain": {"devices": {"interfaces": [{"name": "default", "binding": {"name": "l2bridge"}}]}}},
}


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    overhead = "migration: {}, computeResourceOverhead: {requests: {memory: 250Mi}}"
    write(tmp_path, {"r.yaml": KUBEVIRT.replace("migration: {}", overhead), "vmis/vmi.json": json.dumps(VMI)})
    return tmp_path


def answer(body: bytes, **flags: object) -> dict[str, Any]:
    with engine(engine_settings(flags)) as local:
        response = json.loads(local.ask(VALIDATE, body))["response"]
    assert isinstance(response, dict)
    return response


@pytest.mark.parametrize(
    "config",
    [
        "{}",
        "{tlsCert: a, managed: true, plainHttp: true}",
        "{tlsKey: a, clientNames: [x]}",
        "{selfSigned: true, tlsNames: [x]}",
        "{port: 1, operationsPort: 1}",
        "{cluster: true, managed: true, stateDirectory: s}",
        "{kubeconfig: k}",
    ],
)
def test_what_a_configuration_says_of_certificates_ports_and_clusters_keeps_nothing_from_being_evaluated(
    directory: Path, config: str
) -> None:
    write(directory, {"b.yaml": config})
    assert answer(TYPO, registry="r.yaml", config="b.yaml")["allowed"] is False


@pytest.mark.parametrize("config", ["{}", "{cluster: true, managed: true, tlsNames: [x]}"])
def test_a_registry_file_is_needed_whoever_else_could_have_one(directory: Path, config: str) -> None:
    write(directory, {"b.yaml": config})
    with pytest.raises(UsageError, match=r"^no registry: give --registry FILE, BINDGUARD_REGISTRY or registry: in the configuration file$"):
        engine_settings({"config": "b.yaml"})


@pytest.mark.parametrize(("action", "allowed"), [("off", True), ("warn", True), ("deny", False)])
def test_pods_are_validated_as_the_server_would(directory: Path, action: str, *, allowed: bool) -> None:
    write(directory, {"b.yaml": f"{{vmiDirectory: vmis, overhead: even-if-counted, validatePods: {action}}}"})
    response = answer(POD, registry="r.yaml", config="b.yaml")
    assert (response["allowed"], "warnings" in response) == (allowed, action == "warn")


@pytest.mark.parametrize(
    ("namespace", "left_out"),
    [
        ("kube-system", True),
        ("kube-systems", False),
        ("sandbox-", True),
        ("sandbox-1", True),
        ("my-sandbox-1", False),
        ("a1", True),
        ("ab", False),
    ],
)
def test_names_and_globs_match_whole_namespaces(namespace: str, left_out: bool) -> None:  # noqa: FBT001 - the expected answer
    namespaces = NamespacePatterns(["kube-system", "sandbox-*", "a[0-9]"])
    assert (namespace in namespaces) is left_out
    assert (namespace in namespaces) is left_out


def test_without_patterns_nothing_is_left_out() -> None:
    assert "default" not in NamespacePatterns()
    assert "" not in NamespacePatterns(())


def test_an_object_without_namespace_is_in_none() -> None:
    assert "" not in NamespacePatterns(["*"])
    assert "default" in NamespacePatterns(["*"])
