"""A repository that wants to harm CI, as docs/security.md tells: what it brings is not run, followed, waited for or obeyed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.check.builders import KUBEVIRT, vm, write
from tests.cli.bindguard import ROOT, bindguard
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE, EXIT_USAGE


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with a registry and one good VM."""
    write(tmp_path / "checkout", {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm(), ".git/HEAD": ""})
    return tmp_path / "checkout"


ENDLESS = {
    "/dev/zero": "is a device, not a regular file",
    "{pipe}": "is a named pipe, not a regular file",
    "{sparse}": "has more than",
    ".": "is a directory, not a regular file",
}
"""What could be read for ever, or never, and what is said of it."""


@pytest.mark.parametrize(("target", "told"), ENDLESS.items())
@pytest.mark.parametrize(
    ("key", "code"), [("registry", EXIT_UNREADABLE), ("baseline", EXIT_UNREADABLE), ("config", EXIT_USAGE), ("pyproject", EXIT_USAGE)]
)
def test_what_a_configuration_names_is_a_regular_file_within_bounds(repository: Path, key: str, code: int, target: str, told: str) -> None:
    os.mkfifo(repository / "pipe")
    with (repository / "sparse").open("wb") as stream:
        stream.truncate(1 << 40)
    target = target.format(pipe="pipe", sparse="sparse")
    if key == "pyproject":
        (repository / "pyproject.toml").symlink_to(target)
        place = "pyproject.toml"
    elif key == "config":
        (repository / "bindguard.yaml").symlink_to(target)
        place, told = "bindguard.yaml", "is a symbolic link"
    else:
        write(repository, {"bindguard.yaml": f"{key}: {target}"})
        place = target
    done = bindguard("check", "vm.yaml", directory=repository)
    assert (done.returncode, done.stdout) == (code, b"")
    assert place in done.stderr.decode()
    assert told in done.stderr.decode()


@pytest.mark.parametrize("target", ["/proc/kmsg", "/dev/zero", "/", "/etc/passwd", "../elsewhere.yaml", "../elsewhere"])
def test_links_that_lead_out_of_the_repository_are_not_followed_which_is_told_once(repository: Path, target: str) -> None:
    write(repository.parent, {"elsewhere.yaml": vm("slip"), "elsewhere/vm.yaml": vm("slip")})
    for name in ("link.yaml", "d/one.yaml", "d/two"):
        path = repository / name
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(target if Path(target).is_absolute() else (repository / target).resolve())
    done = bindguard("check", directory=repository)
    assert done.returncode == EXIT_CLEAN
    assert done.stdout.count(b"not followed") == 1
    assert b"2 objects judged in 2 files" in done.stdout


def test_a_file_or_a_link_that_is_named_is_read_within_bounds(repository: Path) -> None:
    write(repository.parent, {"elsewhere.yaml": vm("slip")})
    (repository / "link.yaml").symlink_to("../elsewhere.yaml")
    (repository / "zero.yaml").symlink_to("/dev/zero")
    assert bindguard("check", "link.yaml", "--registry", "kubevirt.yaml", directory=repository).returncode == EXIT_FINDINGS
    done = bindguard("check", "zero.yaml", "kubevirt.yaml", directory=repository)
    assert (done.returncode, b"zero.yaml: unreadable  is a device" in done.stdout) == (EXIT_UNREADABLE, True)


def test_process_substitution_gives_manifests_and_the_registry(repository: Path) -> None:
    write(repository, {"bad.yaml": vm("slip")})
    line = f'"{sys.executable}" -m webhook check <(cat bad.yaml) - vm.yaml --registry <(cat kubevirt.yaml) < bad.yaml'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = ["bash", "-c", line]
    done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (EXIT_FINDINGS, b"")
    assert b"2 findings (2 deny, 0 warn) in 2 files; 3 objects judged in 3 files" in done.stdout
    assert done.stdout.startswith(b"/dev/fd/")


def test_a_tree_with_thousands_of_links_and_deeper_than_a_path_can_be_is_walked_and_what_is_not_is_told(repository: Path) -> None:
    (repository / "many").mkdir()
    for number in range(2000):
        (repository / "many" / f"{number}.txt").symlink_to("/dev/zero")
    deep = os.open(repository, os.O_RDONLY)
    for _ in range(2500):  # 5,000 characters
        os.mkdir("d", dir_fd=deep)
        inner = os.open("d", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = inner
    os.close(deep)
    done = bindguard("check", directory=repository)
    assert (done.returncode, b"File name too long" in done.stdout) == (EXIT_UNREADABLE, True)
    assert b"2 objects judged" in done.stdout
    remove = ["rm", "-rf", str(repository / "d")]
    subprocess.run(remove, check=True)


@pytest.mark.parametrize("flags", [("--output-file",), ("--write-baseline",)])
@pytest.mark.parametrize("name", ["link", "directory/target", "real/../link", "loop", "device"])
def test_a_report_goes_through_no_link_of_the_repository(repository: Path, flags: tuple[str, ...], name: str) -> None:
    write(repository.parent, {"elsewhere/target": "precious"})
    (repository / "real").mkdir()
    (repository / "link").symlink_to("../elsewhere/target")
    (repository / "directory").symlink_to("../elsewhere")
    (repository / "loop").symlink_to("loop")
    (repository / "device").symlink_to("/dev/null")
    for place in (name, repository / name):
        done = bindguard("check", "vm.yaml", *flags, place, directory=repository)
        assert (done.returncode, b"is a symbolic link" in done.stderr) == (EXIT_USAGE, True)
    assert (repository.parent / "elsewhere/target").read_text() == "precious"


def test_a_report_goes_to_where_the_system_s_own_links_lead(repository: Path) -> None:
    (repository.parent / "out").mkdir()
    (repository.parent / "linked").symlink_to("out")
    assert b"1 object judged" in bindguard("check", "vm.yaml", "--output-file", "/dev/stdout", directory=repository).stdout
    outside = repository.parent / "linked/report"
    assert bindguard("check", "vm.yaml", "--output-file", outside, directory=repository).returncode == EXIT_CLEAN
    assert b"1 object judged" in outside.read_bytes()
