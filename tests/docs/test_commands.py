"""Every `bindguard` command on a page has existing options, and runs if it needs neither a cluster nor a server."""

import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from tests.cli.bindguard import bindguard
from webhook import cli

ROOT = Path(__file__).parents[2]
PAGES = (*sorted(ROOT.glob("docs/*.md")), ROOT / "README.md", ROOT / "certs/README.md", ROOT / "charts/bindguard/README.md")
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
SHOWN = sorted(
    {
        line.partition("#")[0].strip()
        for page in PAGES
        for _, language, block in BLOCK.findall(page.read_text(encoding="utf-8"))
        if language in ("", "console", "sh")
        for line in re.findall(r"^ *(?:\$ )?(bindguard .*)$", block.replace("\\\n", " "), re.MULTILINE)
        if not re.search(r"[\[|<]|\.\.\.", line)  # a synopsis, a pipe
    }
)

GENERATE = "bindguard certs generate --dir certs --service bindguard --namespace bindguard"
BASELINE = "bindguard check . --write-baseline .bindguard-baseline.json"


class Run(NamedTuple):
    """How a command ends in the directory of a reader.

    Attributes:
        code: Its exit code.
        before: A command that the page shows before it.
    """

    code: int
    before: str | None = None


RUN = {
    GENERATE: Run(0),
    "bindguard certs inspect certs/tls.crt": Run(0, GENERATE),
    "bindguard certs inspect tls.crt": Run(0, "bindguard certs generate --dir ."),
    "bindguard certs verify --cert certs/tls.crt --key certs/tls.key --ca certs/ca.crt --name bindguard.bindguard.svc": Run(0, GENERATE),
    "bindguard check --registry registry.yaml vms/": Run(1),
    "bindguard check .": Run(1),
    "bindguard check . --baseline .bindguard-baseline.json": Run(0, BASELINE),
    "bindguard check . --output html --output-file report.html": Run(1),
    "bindguard check . --registry registry.yaml": Run(1),
    BASELINE: Run(0),
    "bindguard check clusters/ --registry clusters/kubevirt.yaml": Run(1),
    "bindguard check examples/vms --registry examples/kubevirt.yaml --kubevirt-version 1.8": Run(1),
    "bindguard check examples/vms/bad/unregistered-plugin.yaml --registry examples/kubevirt.yaml": Run(1),
    "bindguard check vm.yaml --registry registry.yaml": Run(1),
    "bindguard explain --choose": Run(0),
    "bindguard explain unregistered-plugin": Run(0),
    "bindguard registry show registry.yaml": Run(0),
    "bindguard review pod.yaml --registry examples/registry.yaml --vmis vmis/ --overhead auto": Run(0),
    "bindguard review tests/data/reviews/vm-create-unregistered-generatename.json --registry examples/kubevirt.yaml": Run(1),
    "bindguard rules": Run(0),
    "bindguard serve --config bindguard.yaml --print-settings": Run(0),
}
"""Commands that need no cluster and no server."""

OTHERS = re.compile(r"--kustomize|--from-cluster|--context|--server |bindguard (break-glass|doctor|registry export|serve|why) ?")
"""What needs kustomize or a cluster, or is a server: the tests of that command run it against a real API server or on ports of its own."""


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """A directory as a reader of the pages has it: a clone's examples, a registry, a VM with a mistake, a configuration."""
    (tmp_path / "tests/data").mkdir(parents=True)
    for name in ("examples", "tests/data/reviews"):
        shutil.copytree(ROOT / name, tmp_path / name)
    bad, registry = ROOT / "examples/vms/bad/unregistered-plugin.yaml", ROOT / "examples/kubevirt.yaml"
    for directory in ("vms", "clusters", "vmis"):
        (tmp_path / directory).mkdir()
    for source, place in ((bad, "vm.yaml"), (bad, "vms/vm.yaml"), (bad, "clusters/vm.yaml"), (registry, "clusters/kubevirt.yaml")):
        shutil.copy(source, tmp_path / place)
    shutil.copy(registry, tmp_path / "registry.yaml")
    shutil.copy(ROOT / "tests/data/reviews/pod-create-virt-launcher-2.json", tmp_path / "pod.yaml")
    return tmp_path


@pytest.mark.parametrize("line", SHOWN)
def test_a_shown_command_is_one_that_the_command_line_takes(line: str) -> None:
    words = shlex.split(line)[1:]
    command: click.Command = cli._group
    context = click.Context(command, info_name="bindguard")
    while isinstance(command, click.Group):
        name, command_or_none, words = command.resolve_command(context, words)
        assert command_or_none is not None, name
        command = command_or_none
        context = click.Context(command, info_name=name, parent=context)
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    flags = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}
    assert flags <= {*known, "--"}


def test_every_shown_command_is_run_here_or_needs_a_cluster_or_a_server() -> None:
    assert [line for line in SHOWN if line not in RUN and not OTHERS.search(line)] == [], "add it to RUN, or to OTHERS"
    assert [line for line in RUN if line not in SHOWN] == []


@pytest.mark.parametrize(("line", "run"), RUN.items())
def test_a_shown_command_that_needs_no_cluster_runs(line: str, run: Run, reader: Path) -> None:
    if "bindguard.yaml" in line:
        (reader / "bindguard.yaml").write_text("registry: registry.yaml\nselfSigned: true\n", encoding="utf-8")
    if run.before:
        assert bindguard(*shlex.split(run.before)[1:], directory=reader).returncode == 0
    done = bindguard(*shlex.split(line)[1:], directory=reader)
    assert done.returncode == run.code, done.stderr.decode()
