"""The GitHub Action: its script, run by bash as a runner runs it."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml

from tests.check.builders import KUBEVIRT, vm, write
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_USAGE

ACTION = yaml.safe_load((Path(__file__).parents[1] / "action.yml").read_text(encoding="utf-8"))
CHECK = ACTION["runs"]["steps"][-1]

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="runners have bash, this machine has not")


def acted(directory: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's last step with these inputs, `fail_on="warn"`; the others have their defaults."""
    given = {name: inputs.get(name.replace("-", "_"), described["default"]) for name, described in ACTION["inputs"].items()}
    variables = {name: given[wanted.removeprefix("${{ inputs.").removesuffix(" }}")] for name, wanted in CHECK["env"].items()}
    script = directory.parent / "step.sh"
    script.write_text(CHECK["run"], encoding="utf-8")
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    environment = {**os.environ, **variables, "PATH": path}
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two VMs, one of them with a warning, and a registry that is not among them."""
    bridge = vm().replace("binding:\n                name: l2bridge", "bridge: {}")
    write(
        tmp_path / "repository", {"vms/good.yaml": vm(), "vms/bad one.yaml": vm("slip"), "warns/bridge.yaml": bridge, "registry": KUBEVIRT}
    )
    return tmp_path / "repository"


def test_by_default_everything_is_judged_and_annotated(repository: Path) -> None:
    done = acted(repository)
    assert (done.returncode, done.stderr) == (EXIT_CLEAN, "")
    assert "::warning file=warns/bridge.yaml," in done.stdout
    assert "3 objects judged" in done.stdout


def test_every_input_reaches_the_command(repository: Path) -> None:
    done = acted(repository, paths="vms", registry="registry", kubevirt_version="1.8", output="text", output_file="report.txt")
    assert (done.returncode, done.stdout, done.stderr) == (EXIT_FINDINGS, "", "")
    report = (repository / "report.txt").read_text(encoding="utf-8")
    assert 'no binding plugin named "slip"' in report
    assert report.endswith("KubeVirt 1.8\n")


def test_several_paths_and_globs_are_left_to_the_command(repository: Path) -> None:
    assert "2 objects judged" in acted(repository, paths="vms/g*.yaml\n  warns/").stdout


def test_the_configuration_file_says_what_fails_unless_the_input_does(repository: Path) -> None:
    assert acted(repository, paths="warns").returncode == EXIT_CLEAN
    assert acted(repository, paths="warns", fail_on="warn").returncode == EXIT_FINDINGS
    write(repository, {"bindguard.yaml": "failOn: warn"})
    assert acted(repository, paths="warns").returncode == EXIT_FINDINGS


@pytest.mark.parametrize("hostile", ["$(touch pwned)", "`touch pwned`", "'; touch pwned; '", '"; touch pwned; "', "--help", "*"])
def test_an_input_is_never_a_command_nor_a_flag(repository: Path, hostile: str) -> None:
    acted(repository, paths=hostile, registry=hostile)
    assert acted(repository, fail_on=hostile).returncode == EXIT_USAGE
    assert not (repository / "pwned").exists()
