"""Helm installs, changes and removes the chart in a real API server, and leaves alone what belongs to the server."""

import base64
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chart.helm import CHART, Helm, Values, merged
from tests.e2e.control_plane import ADMIN_TOKEN, ControlPlane, find_programs, running

pytestmark = pytest.mark.e2e

INSTALL_PAGE = (CHART.parents[1] / "docs/install.md").read_text(encoding="utf-8")
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/bindguard"
OLD: Values = {"podDisruptionBudget": {"enabled": False}}
"""The API server that tests find may be older than those that the chart supports, and have no policy/v1."""


class Installer:
    """Helm with the chart, in one cluster."""

    def __init__(self, helm: Helm, plane: ControlPlane, directory: Path) -> None:
        self._helm, self.plane, self._chart = helm, plane, directory / "chart"
        shutil.copytree(CHART, self._chart)
        declared = self._chart / "Chart.yaml"
        declared.write_text(re.sub("kubeVersion: .*", 'kubeVersion: ">=1.20.0-0"', declared.read_text(encoding="utf-8")), encoding="utf-8")
        self._kubeconfig = directory / "kubeconfig"
        self._kubeconfig.write_text(json.dumps(_kubeconfig(plane)), encoding="utf-8")

    def __call__(self, verb: str, *arguments: str, values: Values | None = None, release: str = "bindguard") -> str:
        """What helm says when it succeeds."""
        done = self.run(verb, *arguments, values=values, release=release)
        assert done[0] == 0, done[1]
        return done[1]

    def run(self, verb: str, *arguments: str, values: Values | None = None, release: str = "bindguard") -> tuple[int, str]:
        """The exit code, and all that helm says."""
        where = ("--namespace", "bindguard", "--kubeconfig", str(self._kubeconfig))
        if verb in ("install", "upgrade"):
            done = self._helm.run(verb, release, str(self._chart), *where, *arguments, values=merged(OLD, values or {}))
        else:
            done = self._helm.bare(verb, release, *arguments, *where)
        return done.returncode, (done.stdout + done.stderr).decode()

    def webhooks(self) -> list[tuple[str, str, str]]:
        """Name, failurePolicy and caBundle of each validating webhook."""
        found = self.plane.read(CONFIGURATION)["webhooks"]
        return [(each["name"].partition(".")[0], each["failurePolicy"], each["clientConfig"].get("caBundle", "")) for each in found]

    def publish(self, bundle: str) -> None:
        """Write the caBundles as the server does."""
        patch = [
            {"op": "add", "path": f"/webhooks/{index}/clientConfig/caBundle", "value": bundle} for index in range(len(self.webhooks()))
        ]
        self.patch(patch, manager="bindguard")

    def arm(self) -> None:
        """Have validation fail closed as the server does."""
        patch = [
            {"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"},
            {"op": "remove", "path": "/metadata/annotations/bindguard.io~1arm"},
        ]
        self.patch(patch, manager="bindguard")

    def annotations(self) -> dict[str, str]:
        """The annotations of the validating configuration."""
        return dict(self.plane.read(CONFIGURATION)["metadata"].get("annotations", {}))

    def patch(self, patch: Any, *, manager: str) -> None:
        answer = self.plane.client.patch(
            f"{CONFIGURATION}?fieldManager={manager}", content=json.dumps(patch), headers={"content-type": "application/json-patch+json"}
        )
        assert answer.is_success, answer.text


def _kubeconfig(plane: ControlPlane) -> Any:
    ca = base64.b64encode(plane.certificate.read_bytes()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "e2e",
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "admin"}}],
        "clusters": [
            {"name": "e2e", "cluster": {"server": plane.url, "certificate-authority-data": ca, "tls-server-name": "kubernetes"}},
        ],
        "users": [{"name": "admin", "user": {"token": ADMIN_TOKEN}}],
    }


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    directory = tmp_path_factory.mktemp("control-plane")
    programs = find_programs(directory)
    if programs is None:
        pytest.skip("no API server: set KUBEBUILDER_ASSETS to a directory with kube-apiserver and etcd (setup-envtest makes one)")
    with running(programs, directory) as plane:
        plane.create("/api/v1/namespaces", {"metadata": {"name": "bindguard"}})
        yield plane


@pytest.fixture
def chart(helm: Helm, plane: ControlPlane, tmp_path: Path) -> Iterator[Installer]:
    """The chart, installed."""
    installer = Installer(helm, plane, tmp_path)
    installer("install")
    yield installer
    installer.run("uninstall")


def test_what_the_server_has_written_outlives_upgrades_and_rollbacks(chart: Installer) -> None:
    assert chart.webhooks() == [("validate", "Ignore", ""), ("advice", "Ignore", "")]
    chart.publish("Q0E=")
    chart.arm()
    chart("upgrade", values={"config": {"validatePods": "warn"}})
    assert chart.webhooks() == [("validate", "Fail", "Q0E="), ("advice", "Ignore", "Q0E="), ("pods", "Ignore", "")]
    code, said = chart.run("rollback", "1")
    if code:  # helm 4: revision 1 is from before the webhook was armed
        assert "conflict" in said
        chart("rollback", "1", "--force-conflicts")
    assert chart.webhooks() == [("validate", "Ignore", "Q0E="), ("advice", "Ignore", "Q0E=")]
    assert chart.annotations()["bindguard.io/arm"] == "validate.bindguard.io"  # the server arms it again


def test_the_patch_for_an_emergency_works_and_helm_puts_it_right_as_the_page_says(chart: Installer) -> None:
    chart.arm()
    (patch,) = re.findall(r"--type json -p '(\[\s+\{.*?\}\])'", INSTALL_PAGE, re.DOTALL)
    chart.patch(json.loads(patch), manager="kubectl-patch")
    assert chart.webhooks()[0][:2] == ("validate", "Ignore")
    assert "bindguard.io/arm" not in chart.annotations()
    chart("upgrade")
    assert chart.annotations()["bindguard.io/arm"] == "validate.bindguard.io"  # the server puts Fail back


def test_a_second_release_of_the_same_name_is_refused_before_it_changes_anything(chart: Installer) -> None:
    code, said = chart.run("install", release="other")
    assert (code, "cannot be imported into the current release" in said) == (1, True)


def test_uninstalling_leaves_nothing_of_the_charts(chart: Installer) -> None:
    chart("uninstall")
    groups: dict[str, tuple[str, ...]] = {
        "/apis/rbac.authorization.k8s.io/v1": ("clusterroles", "clusterrolebindings", "roles", "rolebindings")
    }
    groups |= {"/api/v1": ("services", "configmaps"), "/apis/apps/v1": ("deployments",)}
    paths = [f"{group}/{kind}" for group, kinds in groups.items() for kind in kinds]
    left = [item["metadata"]["name"] for path in (*paths, CONFIGURATION.rpartition("/")[0]) for item in chart.plane.read(path)["items"]]
    assert [name for name in left if name.startswith("bindguard")] == []
