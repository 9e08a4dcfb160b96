"""The Python releases that are claimed are those that CI tries."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
CLAIMED = [
    found[1]
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
    if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line))
]


def test_ci_tries_every_python_that_is_claimed_and_the_oldest_is_the_one_required() -> None:
    ci = yaml.safe_load((ROOT / ".github/workflows/ci.yaml").read_text(encoding="utf-8"))
    assert ci["jobs"]["check"]["strategy"]["matrix"]["python"] == CLAIMED
    assert f'requires-python = ">={CLAIMED[0]}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_ci_actions_are_pinned_by_commit() -> None:
    ci = yaml.safe_load((ROOT / ".github/workflows/ci.yaml").read_text(encoding="utf-8"))
    used = [step["uses"] for job in ci["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each)] == []


def test_ci_takes_the_oldest_patch_release_at_hand(tmp_path: Path) -> None:
    """Stand-ins for two Pythons and for make, which says what it is given."""
    ci = tmp_path / "repository/.ci/run"
    ci.parent.mkdir(parents=True)
    script = (ROOT / ".ci/run").read_text(encoding="utf-8").replace("/usr/bin/python3.11", str(tmp_path / "python3.11"))
    ci.write_text(script, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    for directory, release in ((tmp_path, "3.11.9"), (tmp_path / "bin", "3.11.10")):
        said = f'#!/bin/sh\n[ "$1" = --version ] && echo "Python {release}" || echo "{release} $0"\n'
        (directory / "python3.11").write_text(said, encoding="utf-8")
    (tmp_path / "bin/make").write_text('#!/bin/sh\necho "$1 by $PYTHON"\n', encoding="utf-8")
    (tmp_path / "bin/chromium").write_text("#!/bin/sh\n", encoding="utf-8")  # so that none is installed
    stand_ins = [tmp_path / "bin" / name for name in ("python3.11", "make", "chromium")]
    for each in (ci, tmp_path / "python3.11", *stand_ins):
        each.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run([ci], env=environment, capture_output=True, text=True, check=True, timeout=60)
    oldest = tmp_path / "python3.11"
    assert done.stdout.splitlines() == ["Python 3.11.9", *(f"{target} by {oldest}" for target in ("lint", "test", "demo"))]
