"""Every `bindguard` command that a page shows is one that the command line takes; those that need no cluster run."""

import re
import shlex
from pathlib import Path

import click
import pytest

from tests.cli.bindguard import bindguard
from webhook import cli

ROOT = Path(__file__).parents[2]
PAGES = (*sorted(ROOT.glob("docs/*.md")), ROOT / "README.md", ROOT / "certs/README.md", ROOT / "charts/bindguard/README.md")
SHOWN = sorted(
    {
        line.partition("#")[0].strip()
        for page in PAGES
        for block in re.findall(r"^```(?:console|sh)?\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        for line in re.findall(r"^(?:\$ )?(bindguard .*)$", block.replace("\\\n", " "), re.MULTILINE)
        if not re.search(r"[\[|<]|\.\.\.", line)  # a synopsis, a pipe
    }
)
RUN = {
    "bindguard check examples/vms/bad/unregistered-plugin.yaml --registry examples/kubevirt.yaml": 1,
    "bindguard check examples/vms --registry examples/kubevirt.yaml --kubevirt-version 1.8": 1,
    "bindguard explain unregistered-plugin": 0,
    "bindguard explain --choose": 0,
    "bindguard rules": 0,
}
"""Commands that need neither a cluster nor a file of the reader's, with their exit codes."""


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


@pytest.mark.parametrize(("line", "code"), RUN.items())
def test_a_shown_command_that_needs_no_cluster_runs(line: str, code: int) -> None:
    assert line in SHOWN
    assert bindguard(*shlex.split(line)[1:], directory=ROOT).returncode == code
