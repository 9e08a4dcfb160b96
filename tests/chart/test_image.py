"""The Containerfile and the release, as far as they can be held to their promises without a container engine."""

import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.chart.helm import CHART
from webhook import __version__

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
RELEASE: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yaml").read_text(encoding="utf-8"))
CI: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yaml").read_text(encoding="utf-8"))
BUILD = (ROOT / "requirements/build.txt").read_text(encoding="utf-8")
SERVER = (ROOT / "requirements/server.txt").read_text(encoding="utf-8")


class Instruction(NamedTuple):
    """One instruction of the Containerfile."""

    name: str
    argument: str


def instructions() -> list[Instruction]:
    """All of them, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", CONTAINERFILE, flags=re.MULTILINE))
    return [Instruction(*line.split(maxsplit=1)) for line in text.splitlines() if line]


def arguments(name: str) -> list[str]:
    return [each.argument for each in instructions() if each.name == name]


def final_stage() -> list[Instruction]:
    last = max(index for index, each in enumerate(instructions()) if each.name == "FROM")
    return instructions()[last:]


def test_every_stage_is_from_a_slim_python_pinned_to_its_patch_release() -> None:
    base, *stages = arguments("FROM")
    assert re.fullmatch(r"docker\.io/library/python:3\.11\.\d+-slim-\w+(@sha256:[0-9a-f]{64})? AS base", base)
    assert stages == ["base AS build", "base"]


@pytest.mark.parametrize("pinned", ["", f"@sha256:{'1' * 64}"])
def test_a_release_is_built_from_the_base_by_the_digest_that_it_has_then(tmp_path: Path, pinned: str) -> None:
    """Docker's answer stands in for a registry; the step is the workflow's own text."""
    steps = {step["id"]: step for step in RELEASE["jobs"]["image"]["steps"] if "id" in step}
    assert steps["build"]["with"]["build-contexts"] == "base=docker-image://${{ steps.base.outputs.image }}"
    digest = f"sha256:{'0' * 64}"
    (tmp_path / "docker").write_text(f"#!/bin/sh\necho {digest}\n", encoding="utf-8")
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / "Containerfile").write_text(CONTAINERFILE.replace(" AS base", f"{pinned} AS base"), encoding="utf-8")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "GITHUB_OUTPUT": str(tmp_path / "output")}
    subprocess.run(["/bin/bash", "-eo", "pipefail", "-c", steps["base"]["run"]], cwd=tmp_path, env=environment, check=True, timeout=60)
    base = arguments("FROM")[0].removesuffix(" AS base")
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"image={base}@{digest}\n"


def test_ci_asks_for_known_vulnerabilities_of_everything_that_is_installed_with_hashes() -> None:
    audit = CI["jobs"]["audit"]["steps"][-1]["run"]
    hashed = [path for path in ROOT.glob("requirements/*.txt") if "--hash=sha256:" in path.read_text(encoding="utf-8")]
    assert set(re.findall(r"--requirement requirements/(\S+)", audit)) == {path.name for path in hashed}
    assert re.search(r"pip-audit==\d+\.\d+\.\d+$", audit, re.MULTILINE)


def test_updates_are_proposed_for_packages_actions_and_the_base_image() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text(encoding="utf-8"))["updates"]
    assert {each["package-ecosystem"]: each["directory"] for each in updates} == {
        "pip": "/requirements",
        "github-actions": "/",
        "docker": "/",
    }


def test_the_python_of_the_image_is_the_one_that_is_tested() -> None:
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "python3.11" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_it_runs_as_a_number_that_is_not_root() -> None:
    (user,) = (each.argument for each in final_stage() if each.name == "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_nothing_is_fetched_but_pinned_packages() -> None:
    assert arguments("ADD") == []
    installs = [
        step
        for argument in arguments("RUN")
        for step in argument.split("&&")
        if re.search(r"pip .*install", step) and "uninstall" not in step
    ]
    assert len(installs) == 3
    for step in installs:
        assert "--require-hashes" in step or "--no-deps /wheels/" in step
    assert re.fullmatch(r"#.*\nsetuptools==\S+ \\\n    --hash=sha256:[0-9a-f]{64}\n", BUILD)
    assert not re.search(r"curl|wget|apt-get|https?://", " ".join(arguments("RUN")))


def test_nothing_can_be_installed_at_run_time() -> None:
    runs = [each.argument for each in final_stage() if each.name == "RUN"]
    assert len(runs) == 1
    assert runs[0].startswith("python -m pip uninstall --yes")
    assert "--without-pip" in CONTAINERFILE


def test_it_starts_the_console_script_and_is_told_to_stop_as_the_server_expects() -> None:
    assert arguments("ENTRYPOINT") == ['["/opt/bindguard/bin/bindguard"]']
    assert arguments("STOPSIGNAL") == ["SIGTERM"]
    assert 'bindguard = "webhook.__main__:main"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_every_file_that_is_copied_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines()
    sources = [source for argument in arguments("COPY") if "--from" not in argument for source in argument.split()[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists()
        assert f"!{source}" in ignored
    assert "*" in ignored


def test_what_the_server_needs_is_pinned_with_hashes() -> None:
    pinned = {name.lower().replace("_", "-") for name in re.findall(r"^([\w.-]+)==\S+ ?\\?$", SERVER, re.MULTILINE)}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    needed = re.findall(r'^    "([\w-]+)(?:\[\w+\])?[><=]', project.partition("[project.scripts]")[0], re.MULTILINE)
    assert len(needed) > 10
    assert set(needed) <= pinned
    blocks = re.split(r"^(?=[\w.-]+==)", SERVER, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)


def test_image_chart_and_program_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["version"] == chart["appVersion"] == __version__


def test_the_image_is_where_the_chart_looks_for_it() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert values["image"]["repository"] == "ghcr.io/bindguard/bindguard"
    assert RELEASE["env"]["IMAGE"] == "ghcr.io/${{ github.repository }}"


def test_a_release_is_checked_before_it_is_built_and_signed_by_what_was_pushed() -> None:
    jobs = RELEASE["jobs"]
    assert (jobs["image"]["needs"], jobs["chart"]["needs"]) == ("check", "image")
    steps = [step for job in jobs.values() for step in job["steps"]]
    build = next(step["with"] for step in steps if step.get("id") == "build")
    assert (build["file"], build["provenance"], build["sbom"]) == ("Containerfile", "mode=max", True)
    signed = [line.strip() for step in steps for line in step.get("run", "").splitlines() if "cosign sign" in line]
    assert len(signed) == 2
    assert all("@$" in line for line in signed)


def test_a_release_may_write_only_where_it_publishes() -> None:
    assert RELEASE["permissions"] == {"contents": "read"}
    assert "permissions" not in RELEASE["jobs"]["check"]
    for job in ("image", "chart"):
        assert RELEASE["jobs"][job]["permissions"] == {"contents": "read", "packages": "write", "id-token": "write"}


def test_whatever_may_sign_is_pinned_by_commit_and_keeps_no_token() -> None:
    steps = [step for job in RELEASE["jobs"].values() for step in job["steps"] if "uses" in step]
    assert len(steps) > 10
    for step in steps:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
        assert "checkout" not in step["uses"] or step["with"] == {"persist-credentials": False}


def test_a_step_fails_when_any_part_of_its_pipe_does() -> None:
    assert RELEASE["defaults"] == {"run": {"shell": "bash"}}


def test_nothing_from_outside_becomes_part_of_a_script() -> None:
    scripts = [step["run"] for job in RELEASE["jobs"].values() for step in job["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)
