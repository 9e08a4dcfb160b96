"""`helm test`: one review from a pod of the release's namespace, through the Service."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.helm import CHART, NEWEST, Helm, Values, assert_valid, container, pod

TEMPLATE = ("template", "bindguard", str(CHART), "--namespace", "elsewhere", "--kube-version", NEWEST)


def hooks(helm: Helm, values: Values) -> list[Any]:
    """The objects that `helm test` makes."""
    done = helm.run(*TEMPLATE, values=values)
    assert done.returncode == 0, done.stderr.decode()
    objects = [each for each in yaml.safe_load_all(done.stdout) if each]
    return [each for each in objects if "helm.sh/hook" in each["metadata"].get("annotations", {})]


def test_it_is_one_pod_as_restricted_as_those_that_serve(helm: Helm) -> None:
    (made,) = hooks(helm, {})
    serving = helm.render()
    (only,) = made["spec"]["containers"]
    assert made["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert made["spec"]["securityContext"] == pod(serving)["spec"]["securityContext"]
    assert (only["image"], only["securityContext"]) == (container(serving)["image"], container(serving)["securityContext"])
    assert made["spec"]["automountServiceAccountToken"] is False
    assert_valid(made, NEWEST)


def test_the_service_does_not_take_it_for_a_server(helm: Helm) -> None:
    (made,) = hooks(helm, {"commonLabels": {"team": "net"}})
    selector = helm.render().one("Service")["spec"]["selector"]
    assert not selector.items() <= made["metadata"]["labels"].items()


@pytest.mark.parametrize("values", [{"clientCa": {"configMap": "ca"}}, {"networkPolicy": {"admissionFrom": [{"podSelector": {}}]}}])
def test_there_is_none_where_only_the_api_server_may_ask(helm: Helm, values: Values) -> None:
    assert hooks(helm, values) == []


def test_its_vm_is_one_that_every_registry_admits(helm: Helm, tmp_path: Path) -> None:
    """The pod's own script; the engine answers in place of the Service."""
    (made,) = hooks(helm, {"service": {"port": 8443}})
    command = made["spec"]["containers"][0]["command"]
    asked = "--insecure --server https://bindguard.elsewhere.svc:8443"
    assert asked in command[-1]
    script = command[-1].replace(asked, "--registry examples/kubevirt.yaml")
    program = tmp_path / "bindguard"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m webhook "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    root = CHART.parents[1]
    done = subprocess.run(["/bin/sh", "-c", script], cwd=root, env=environment, capture_output=True, timeout=60, check=False)
    assert (done.returncode, b"allowed" in done.stdout) == (0, True), done.stderr.decode()
