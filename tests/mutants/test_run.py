"""Runs of mutants against the tests of a small project: what is killed, what survives, and what the list of survivors must say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Project:
    """A module and its tests in a directory of their own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.write("list.toml", "")

    def write(self, name: str, text: str) -> None:
        self._directory.joinpath(name).write_text(text)

    def run(self, module: str = "sample.py", *, seconds: str = "20") -> tuple[int, list[str]]:
        """The exit code and the lines printed, the time left out."""
        command = (
            sys.executable,
            "-m",
            "tests.mutants",
            module,
            "--tests",
            "test_sample.py",
            "--survivors",
            "list.toml",
            "--seconds",
            seconds,
        )
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=self._directory, env=env, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, [line.partition(", in ")[0].strip() for line in (done.stdout + done.stderr).splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_mutant_that_a_test_notices_is_killed_and_one_that_none_notices_fails_the_run(project: Project) -> None:
    project.write("sample.py", "LIMIT = 3\n\n\ndef allowed(number):\n    return number < LIMIT\n\n\ndef unused():\n    return [5]\n")
    project.write(
        "test_sample.py", "from sample import allowed\n\n\ndef test_allowed():\n    assert allowed(2)\n    assert not allowed(4)\n"
    )
    assert project.run() == (
        1,
        [
            "sample.py: 5 mutants: 1 killed, 0 timed out twice, 0 survive as listed, 4 survive",
            "sample.py:1  survives  module: 3 -> 4",
            "sample.py:5  survives  allowed: number < LIMIT -> number <= LIMIT",
            "sample.py:9  survives  unused: return [5] -> return None",
            "sample.py:9  survives  unused: 5 -> 6",
        ],
    )


def test_a_survivor_that_is_listed_with_a_reason_is_right(project: Project) -> None:
    project.write("sample.py", "def allowed(number):\n    return number < 3\n")
    project.write(
        "test_sample.py", "from sample import allowed\n\n\ndef test_allowed():\n    assert [allowed(2), allowed(4)] == [True, False]\n"
    )
    project.write("list.toml", '["sample.py"]\n"allowed: number < 3 -> number <= 3" = "any"\n"allowed: 3 -> 4" = "any"\n')
    assert project.run() == (0, ["sample.py: 3 mutants: 1 killed, 0 timed out twice, 2 survive as listed, 0 survive"])


def test_a_reason_fails_the_run_when_its_mutant_is_gone_or_is_killed(project: Project) -> None:
    project.write("sample.py", "def allowed(number):\n    return number < 3\n")
    project.write(
        "test_sample.py", "from sample import allowed\n\n\ndef test_allowed():\n    assert [allowed(2), allowed(3)] == [True, False]\n"
    )
    project.write("list.toml", '["sample.py"]\n"allowed: number < 2 -> number <= 2" = "any"\n"allowed: 3 -> 4" = "any"\n')
    assert project.run() == (
        1,
        [
            "sample.py: 3 mutants: 3 killed, 0 timed out twice, 0 survive as listed, 0 survive",
            "sample.py has no mutant `allowed: number < 2 -> number <= 2`: remove it from the list of survivors, the code has changed",
            "sample.py: a test kills `allowed: 3 -> 4`: remove it from the list of survivors",
        ],
    )


def test_a_mutant_that_never_ends_is_reported_as_timed_out_and_not_as_killed(project: Project) -> None:
    project.write("sample.py", "def count(number):\n    while number > 0:\n        number -= 1\n    return number\n")
    project.write("test_sample.py", "from sample import count\n\n\ndef test_count():\n    assert count(2) == 0\n")
    code, output = project.run(seconds="0.5")
    assert "1 timed out twice" in output[0]
    assert "sample.py:3  timed out  count: number -= 1 -> number += 1" in output
    assert code == 1  # others survive


def test_a_mutant_is_run_against_each_test_whose_shared_fixture_runs_its_line(project: Project) -> None:
    project.write("sample.py", "def answer():\n    return [5]\n")
    project.write(
        "test_sample.py",
        "import pytest\nfrom sample import answer\n\n\n@pytest.fixture(scope='module')\ndef answered():\n    return answer()\n\n\n"
        "def test_first(answered):\n    pass\n\n\ndef test_second(answered):\n    assert answered == [5]\n",
    )
    assert project.run() == (0, ["sample.py: 2 mutants: 2 killed, 0 timed out twice, 0 survive as listed, 0 survive"])


def test_a_function_that_was_kept_by_a_decorator_or_a_closure_is_the_mutant_too(project: Project) -> None:
    project.write(
        "sample.py",
        "import functools\n\n\ndef outer(base):\n    def inner():\n        return [base, 5]\n\n    return inner\n\n\n"
        "made = outer(1)\n\n\n@functools.cache\ndef cached():\n    return (7,)\n",
    )
    project.write(
        "test_sample.py",
        "from sample import cached, made\n\n\ndef test_made():\n    assert made() == [1, 5]\n\n\n"
        "def test_cached():\n    assert cached() == (7,)\n",
    )
    assert project.run() == (0, ["sample.py: 6 mutants: 6 killed, 0 timed out twice, 0 survive as listed, 0 survive"])


@pytest.mark.parametrize("test", ["def test_fails():\n    assert False\n", "import absent\n", "no python\n"])
def test_tests_that_do_not_pass_as_the_code_is_are_refused(project: Project, test: str) -> None:
    project.write("sample.py", "def allowed(number):\n    return number < 3\n")
    project.write("test_sample.py", test)
    assert project.run() == (1, ["sample.py: test_sample.py do not pass as the code is; mend that first"])


def test_a_module_that_is_not_there_is_refused(project: Project) -> None:
    assert project.run("absent.py") == (1, ["absent.py: no module is there; name a file or a folder, as webhook/admission/ratchet.py"])
