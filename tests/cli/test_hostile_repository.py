"""A repository that wants to harm CI, as docs/security.md tells: what it brings is not run, followed, waited for or obeyed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.check.builders import KUBEVIRT, vm, write
from tests.ci_commands import commands_in
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
def test_links_that_lead_out_of_the_repository_are_not_followed_which_is_reported_once(repository: Path, target: str) -> None:
    write(repository.parent, {"elsewhere.yaml": vm("slip"), "elsewhere/vm.yaml": vm("slip")})
    for name in ("link.yaml", "d/one.yaml", "d/two"):
        path = repository / name
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(target if Path(target).is_absolute() else (repository / target).resolve())
    done = bindguard("check", directory=repository)
    assert done.returncode == EXIT_CLEAN
    assert done.stdout.count(b"not followed") == 1
    assert b"2 objects checked in 2 files" in done.stdout


def test_a_file_or_a_link_that_is_named_is_read_within_bounds(repository: Path) -> None:
    write(repository.parent, {"elsewhere.yaml": vm("slip")})
    (repository / "link.yaml").symlink_to("../elsewhere.yaml")
    (repository / "zero.yaml").symlink_to("/dev/zero")
    assert bindguard("check", "link.yaml", "--registry", "kubevirt.yaml", directory=repository).returncode == EXIT_FINDINGS
    done = bindguard("check", "zero.yaml", "kubevirt.yaml", directory=repository)
    assert (done.returncode, b"zero.yaml: unreadable: is a device" in done.stdout) == (EXIT_UNREADABLE, True)


def test_process_substitution_gives_manifests_and_the_registry(repository: Path) -> None:
    write(repository, {"bad.yaml": vm("slip")})
    line = f'"{sys.executable}" -m webhook check <(cat bad.yaml) - vm.yaml --registry <(cat kubevirt.yaml) < bad.yaml'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = ["bash", "-c", line]
    done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (EXIT_FINDINGS, b"")
    assert b"2 findings (2 deny, 0 warn) in 2 files; 3 objects checked in 3 files" in done.stdout
    assert done.stdout.startswith(b"/dev/fd/")


def test_a_tree_with_thousands_of_links_and_deeper_than_a_path_can_be_is_walked_and_what_is_not_is_reported(repository: Path) -> None:
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
    assert b"2 objects checked" in done.stdout
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
    (repository.parent / "checked out").symlink_to("checkout")
    for place in (name, repository / name, repository.parent / "checked out" / name):
        done = bindguard("check", "vm.yaml", *flags, place, directory=repository)
        assert (done.returncode, b"is a symbolic link" in done.stderr) == (EXIT_USAGE, True)
    assert (repository.parent / "elsewhere/target").read_text() == "precious"


def test_a_report_goes_to_where_the_system_s_own_links_lead(repository: Path) -> None:
    (repository.parent / "out").mkdir()
    (repository.parent / "linked").symlink_to("out")
    assert b"1 object checked" in bindguard("check", "vm.yaml", "--output-file", "/dev/stdout", directory=repository).stdout
    outside = repository.parent / "linked/report"
    assert bindguard("check", "vm.yaml", "--output-file", outside, directory=repository).returncode == EXIT_CLEAN
    assert b"1 object checked" in outside.read_bytes()


COMMAND = "::error file=a,line=1::pwned ##[error]pwned ##vso[task.complete]\u202e"


def assert_obeyed_by_nobody(done: subprocess.CompletedProcess[bytes]) -> None:
    """Nothing that was printed is a command to a CI service or a terminal."""
    printed = (done.stdout + done.stderr).decode()
    assert commands_in(printed) == []
    assert printed.replace("\n", "").isprintable()


@pytest.mark.parametrize("prefix", ["", " ", "x\n", "x\r", "\u2028"])
@pytest.mark.parametrize("output", ["text", "json", "yaml", "junit", "sarif", "gitlab"])
def test_no_name_of_a_file_or_an_object_is_taken_for_a_command(repository: Path, prefix: str, output: str) -> None:
    name = f"{prefix}{COMMAND}"
    write(
        repository, {f"{name}.yaml": vm(json.dumps(name), json.dumps(name)), f"{name}-broken.yaml": "kind: VirtualMachine\na: [kubevirt.io"}
    )
    (repository / f"{name}-link.yaml").symlink_to("/dev/zero")
    done = bindguard("check", ".", "-o", output, directory=repository)
    assert done.returncode == EXIT_UNREADABLE
    assert b"pwned" in done.stdout
    assert_obeyed_by_nobody(done)


@pytest.mark.parametrize("prefix", ["", " ", "x\n", "x\r"])
def test_no_command_prints_a_name_that_is_taken_for_a_command(repository: Path, prefix: str) -> None:
    name = f"{prefix}{COMMAND}"
    bad, config, registry, broken = (f"{name}.{ending}" for ending in ("vm.yaml", "bindguard.yaml", "registry.yaml", "broken.yaml"))
    plugin = KUBEVIRT.replace("l2bridge", json.dumps(name))
    write(
        repository,
        {bad: vm(json.dumps(name), json.dumps(name)), config: f"{json.dumps(name)}: 1\nrules: 1", registry: plugin, broken: "a: ["},
    )
    for arguments in (
        ("check", bad, "--registry", broken),
        ("check", bad, "--registry", name),
        ("check", bad, "--config", config),
        ("check", bad, f"--{name}"),
        ("check", bad, "--jobs", name),
        ("check", bad, "--output-file", f"{name}/x"),
        ("check", bad, "--write-baseline", f"{name}.json", "--registry", registry),
        ("registry", "show", registry),
        ("registry", "show", broken),
        ("review", bad, "--registry", registry),
        ("review", bad, "--registry", "kubevirt.yaml", "-o", "json"),
        ("review", broken, "--registry", "kubevirt.yaml"),
        ("review", bad, "--registry", broken),
        ("explain", name),
        (name,),
        ("certs", "inspect", bad),
    ):
        done = bindguard(*arguments, directory=repository)
        assert b"error file" in done.stdout + done.stderr, arguments
        assert_obeyed_by_nobody(done)
