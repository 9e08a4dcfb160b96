"""The nightly export of examples/ci: its scripts, run by bash as a runner runs them, against a repository and a fake cluster."""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.check.builders import vm, write
from tests.check.cluster import Cluster
from tests.ci_commands import commands_in
from tests.cli.bindguard import bindguard, installed_on_a_runner
from tests.cluster.fake_api import FakeApi
from webhook.errors import EXIT_CLEAN
from webhook.loading.export import exported

JOB = yaml.safe_load((Path(__file__).parents[1] / "examples/ci/registry-export.yaml").read_text(encoding="utf-8"))["jobs"]["export"]
STEPS = {step["name"]: step["run"] for step in JOB["steps"] if "name" in step}

pytestmark = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("git")), reason="runners have bash and git, this machine has not"
)


class Runner:
    """A checkout of a repository, with a remote to push to."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.checkout = directory / "checkout"
        self.file = self.checkout / JOB["env"]["FILE"]
        path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
        self._environment = {**os.environ, **JOB["env"], "PATH": path, "RUNNER_TEMP": str(directory), "HOME": str(directory)}
        installed_on_a_runner(directory)
        self.git("init", "--quiet", "--bare", "remote.git", at=directory)
        self.git("clone", "--quiet", "remote.git", "checkout", at=directory)
        write(self.checkout, {"clusters/vm.yaml": vm()})
        self.git("add", ".")
        self.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "A VM")
        self.git("push", "--quiet", "--set-upstream", "origin", "HEAD")

    def git(self, *arguments: str, at: Path | None = None) -> str:
        command = ["git", "-c", "init.defaultBranch=main", *arguments]
        done = subprocess.run(command, cwd=at or self.checkout, env=self._environment, capture_output=True, text=True, check=True)
        return done.stdout

    def run(self, name: str, **variables: str) -> None:
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[name]]
        subprocess.run(command, cwd=self.checkout, env={**self._environment, **variables}, check=True, timeout=60)

    def pushed(self) -> int:
        """Commits in the remote."""
        return int(self.git("rev-list", "--count", "--all", at=self.directory / "remote.git"))


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with FakeApi() as api:
        yield Cluster(api)


def test_what_the_cluster_registers_is_committed_when_it_changes_and_only_then(tmp_path: Path, cluster: Cluster) -> None:
    runner = Runner(tmp_path)
    kubeconfig = Path(cluster.kubeconfig(tmp_path)).read_text(encoding="utf-8")

    def night() -> int:
        runner.run("Export", REGISTRY_KUBECONFIG=kubeconfig)
        runner.run("Commit")
        runner.git("checkout", "--quiet", "--force", "HEAD")
        return runner.pushed()

    assert night() == 2
    assert bindguard("check", "clusters", directory=runner.checkout).returncode == EXIT_CLEAN
    assert not (tmp_path / "kubeconfig").exists()
    cluster.objects[0]["metadata"]["resourceVersion"] = "8"
    assert night() == 2
    cluster.objects[0]["spec"]["configuration"]["network"]["binding"]["new"] = {"domainAttachmentType": "tap"}
    assert night() == 3
    assert "new:" in runner.file.read_text(encoding="utf-8")


def test_an_export_is_data_to_a_ci_service_and_to_a_terminal() -> None:
    binding = {"::error::x": {"networkAttachmentDefinition": "##[error]\u202e"}, "plain": {"sidecarImage": "example.com:5000/a@sha256:b"}}
    obj = {"apiVersion": "kubevirt.io/v1", "kind": "KubeVirt", "spec": {"configuration": {"network": {"binding": binding}}}}
    text = exported(obj, server="::error::x", at=datetime(2026, 11, 27, tzinfo=UTC))
    assert (commands_in(text), text.isascii()) == ([], True)
    assert "        sidecarImage: example.com:5000/a@sha256:b\n" in text
    assert yaml.safe_load(text)["spec"]["configuration"]["network"]["binding"] == binding
