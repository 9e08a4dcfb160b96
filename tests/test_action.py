"""The GitHub Action: its scripts, run by bash as a runner runs them; and that neither it nor an example runs what a checkout brings."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.check.builders import KUBEVIRT, vm, write
from tests.cli.bindguard import installed_on_a_runner
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE, EXIT_USAGE

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INSTALL, CHECK = ACTION["runs"]["steps"][-2:]
EXAMPLES = sorted(ROOT.glob("examples/ci/*.yaml"))
HOSTILE_MODULES = (
    *("pip", "venv", "ensurepip", "runpy", "site", "sitecustomize", "usercustomize", "encodings", "signal", "json", "setup", "conftest"),
    *("bindguard", "webhook/__init__", "webhook/__main__", "click", "msgspec", "pydantic/__init__", "yaml/__init__", "tomllib"),
)

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="runners have bash, this machine has not")


def ran(step: Mapping[str, Any], directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A step's own text, as a runner runs it in a checkout: its working directory, its shell and these variables."""
    runner = directory.parent / "runner"
    runner.mkdir(exist_ok=True)
    script = runner / "step.sh"
    script.write_text(step["run"], encoding="utf-8")
    there = {None: directory, "${{ runner.temp }}": runner}[step.get("working-directory")]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": path, "RUNNER_TEMP": str(runner), "GITHUB_WORKSPACE": str(directory), **variables}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    return subprocess.run(command, cwd=there, env=environment, capture_output=True, text=True, timeout=120, check=False)


def acted(directory: Path, /, variables: Mapping[str, str] | None = None, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's last step with these inputs, `fail_on="warn"`; the others have their defaults. What it starts is this very Python."""
    if not (directory.parent / "runner/bindguard").exists():
        installed_on_a_runner(directory.parent / "runner")
    given = {name: inputs.get(name.replace("-", "_"), described["default"]) for name, described in ACTION["inputs"].items()}
    wanted = {name: given[value.removeprefix("${{ inputs.").removesuffix(" }}")] for name, value in CHECK["env"].items()}
    return ran(CHECK, directory, **wanted, **(variables or {}))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two VMs, one of them with a warning, and a registry that is not among them."""
    bridge = vm().replace("binding:\n                name: l2bridge", "bridge: {}")
    write(
        tmp_path / "repository", {"vms/good.yaml": vm(), "vms/bad one.yaml": vm("slip"), "warns/bridge.yaml": bridge, "registry": KUBEVIRT}
    )
    return tmp_path / "repository"


def test_by_default_everything_is_evaluated_and_annotated(repository: Path) -> None:
    done = acted(repository)
    assert (done.returncode, done.stderr) == (EXIT_CLEAN, "")
    assert "::warning file=warns/bridge.yaml," in done.stdout
    assert "3 objects checked" in done.stdout


def test_every_input_reaches_the_command(repository: Path) -> None:
    done = acted(
        repository, paths="vms", registry="registry", kubevirt_version="1.8", ahead="next", output="text", output_file="report.txt"
    )
    assert (done.returncode, done.stdout, done.stderr) == (EXIT_FINDINGS, "", "")
    report = (repository / "report.txt").read_text(encoding="utf-8")
    assert 'no binding plugin named "slip"' in report
    assert "note: ahead: KubeVirt 1.9 finds nothing more" in report
    assert report.endswith("KubeVirt 1.8\n")


def test_several_paths_and_globs_are_left_to_the_command(repository: Path) -> None:
    assert "2 objects checked" in acted(repository, paths="vms/g*.yaml\n  warns/").stdout


def test_the_configuration_file_says_what_fails_unless_the_input_does(repository: Path) -> None:
    assert acted(repository, paths="warns").returncode == EXIT_CLEAN
    assert acted(repository, paths="warns", fail_on="warn").returncode == EXIT_FINDINGS
    write(repository, {"bindguard.yaml": "failOn: warn"})
    assert acted(repository, paths="warns").returncode == EXIT_FINDINGS


def test_an_incomplete_run_fails_where_an_input_says_so(repository: Path) -> None:
    assert acted(repository, paths="warns").returncode == EXIT_CLEAN
    assert acted(repository, paths="warns", require_registry="true").returncode == EXIT_UNREADABLE
    (repository / "empty").mkdir()
    assert acted(repository, paths="empty", registry="registry").returncode == EXIT_CLEAN
    assert acted(repository, paths="empty", registry="registry", fail_on_nothing="true").returncode == EXIT_UNREADABLE


@pytest.mark.parametrize("hostile", ["$(touch pwned)", "`touch pwned`", "'; touch pwned; '", '"; touch pwned; "', "--help", "*"])
def test_an_input_is_never_a_command_nor_a_flag(repository: Path, hostile: str) -> None:
    acted(repository, paths=hostile, registry=hostile)
    assert acted(repository, fail_on=hostile).returncode == EXIT_USAGE
    acted(repository, ahead=hostile)
    assert not (repository / "pwned").exists()


@pytest.fixture
def hostile(repository: Path) -> Path:
    """The same with modules in place of all that the steps import, each of which leaves a file `pwned` beside the checkout when it runs."""
    canary = f"open({str(repository.parent / 'pwned')!r}, 'a').write(__file__ + chr(10))\n"
    write(repository, {f"{name}.py": canary for name in HOSTILE_MODULES})
    write(
        repository,
        {
            "evil.pth": f"import os; {canary}",
            "pip.conf": "[global]\nindex-url = http://127.0.0.1:1/\n",
            "setup.cfg": "[metadata]\nname = evil\n[install]\nprefix = .\n",
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "setup"\nbackend-path = ["."]\n',
            "requirements/check.txt": "evil==1.0\n",
        },
    )
    return repository


def action_path(directory: Path) -> Path:
    """The action as a runner fetches it, but that it needs one small wheel, from a directory: the suite has no network."""
    wheel = directory / "wheels/needed-1.0-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("needed.py", "")
        archive.writestr("needed-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: needed\nVersion: 1.0\n")
        archive.writestr("needed-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("needed-1.0.dist-info/RECORD", "needed.py,,\n")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    write(directory, {"action/requirements/check.txt": f"needed==1.0 --hash=sha256:{digest}\n"})
    (directory / "action/webhook").symlink_to(ROOT / "webhook")
    return directory / "action"


def test_nothing_that_a_hostile_repository_brings_is_executed(hostile: Path, tmp_path: Path) -> None:
    variables = {
        "GITHUB_ACTION_PATH": str(action_path(tmp_path)),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path / "wheels"),
        "PYTHONPATH": os.pathsep.join(("", ".", str(hostile))),
        "PYTHONSTARTUP": str(hostile / "pip.py"),
        "PYTHONUSERBASE": str(hostile),
    }
    installed = ran(INSTALL, hostile, **variables)
    assert (installed.returncode, installed.stdout, installed.stderr) == (0, "", "")
    (site,) = tmp_path.glob("runner/bindguard/lib/python*/site-packages")
    assert (site / "needed.py").exists()
    (site / "packages_of_this_test.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    done = acted(hostile, variables, paths="vms", registry="registry", output="text")
    assert "1 finding (1 deny, 0 warn) in 1 file; 2 objects checked" in done.stdout
    assert (done.returncode, done.stderr) == (EXIT_FINDINGS, "")
    assert not (tmp_path / "pwned").exists()


def test_the_hostile_repository_would_be_executed_by_python_that_is_not_isolated(hostile: Path, tmp_path: Path) -> None:
    ran({"run": "python -m pip --version || true"}, hostile)
    assert "pip.py" in (tmp_path / "pwned").read_text(encoding="utf-8")


def steps_of(document: Any) -> list[Mapping[str, Any]]:
    """All steps of an action or a workflow."""
    jobs = document.get("jobs", {}).values()
    return [*document.get("runs", {}).get("steps", ()), *(step for job in jobs for step in job["steps"])]


@pytest.mark.parametrize("path", [ROOT / "action.yml", *EXAMPLES, *ROOT.glob(".github/workflows/*.y*ml")], ids=lambda path: path.name)
def test_actions_of_others_are_pinned_by_commit(path: Path) -> None:
    used = [step["uses"] for step in steps_of(yaml.safe_load(path.read_text(encoding="utf-8"))) if "uses" in step]
    others = [name for name in used if not name.startswith("bindguard/bindguard@")]
    assert [name for name in others if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)] == []


@pytest.mark.parametrize("path", [ROOT / "action.yml", ROOT / ".pre-commit-hooks.yaml", *EXAMPLES], ids=lambda path: path.name)
def test_wherever_a_checkout_is_at_hand_python_runs_isolated(path: Path) -> None:
    text = re.sub(r"#.*|^ *(?:- )?(?:uses|name|image|language):.*", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [line for line in text.splitlines() if re.search(r"\bpython\"? (?!-I -m )|(?<!-m )\bpip install|\bbindguard check", line)] == []


def test_files_that_pre_commit_names_are_never_flags() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (repo,) = yaml.safe_load((ROOT / "examples/ci/pre-commit.yaml").read_text(encoding="utf-8"))["repos"]
    assert [args[-1] for args in (hook["args"], *(each["args"] for each in repo["hooks"]))] == ["--", "--"]


def test_what_the_action_installs_is_what_check_needs_pinned_with_hashes() -> None:
    pins = (ROOT / "requirements/check.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[\w.-]+==)", pins, flags=re.MULTILINE)[1:]
    needed = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("\ndependencies = [")[2].partition("]")[0]
    assert set(re.findall(r'"([\w-]+)>=', needed)) <= {block.partition("==")[0] for block in blocks}
    assert all("--hash=sha256:" in block for block in blocks)
