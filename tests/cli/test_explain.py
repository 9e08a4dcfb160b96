import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from webhook.cli.explain import command
from webhook.explain import GUIDES
from webhook.explain.ruledoc import HEADINGS
from webhook.rules import RULES
from webhook.rules.base import Rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_explained_by_its_own_docstring(rule: Rule) -> None:
    shown = explain(rule.name)
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    assert lines[0] == rule.name
    assert [line for line in lines if line in HEADINGS] == list(HEADINGS)
    assert ["Default", "action", rule.action] in [line.split() for line in lines]


def test_a_rule_is_reported_with_the_versions_it_holds_for() -> None:
    shown = " ".join(explain("unknown-domain-attachment-type").output.split())
    assert "KubeVirt versions 1.1.1 and later KubeVirt's webhook does not refuse it" in shown


@pytest.mark.parametrize("name", sorted({name for guide in GUIDES for name in guide.names} | {"Masquerade", "SR-IOV"}))
def test_a_binding_is_explained_under_each_of_its_names(name: str) -> None:
    shown = explain(name)
    assert shown.exit_code == 0
    for heading in ("How it wires the guest", "Who gives the guest its IP address", "What it needs", "Live migration", "Hotplug"):
        assert f"\n\n{heading}\n    " in shown.output
    for heading in ("Performance", "Overhead", "Choose it when", "Choose another when", "Example", "Rules about it"):
        assert f"\n\n{heading}\n    " in shown.output


def test_an_example_is_printed_so_that_it_can_be_copied() -> None:
    assert "\n    apiVersion: kubevirt.io/v1\n    kind: VirtualMachine\n" in explain("masquerade").output


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("masquerad", 'did you mean "masquerade"?'),
        ("unregisterd-plugin", 'did you mean "unregistered-plugin"?'),
        ("without-pod", '"masquerade-without-pod-network"'),
        ("slirp", "KubeVirt has discontinued this binding"),
        ("nothing like it", "`bindguard rules` lists the rules"),
    ],
)
def test_an_unknown_name_is_a_usage_error_that_says_what_was_meant(name: str, meant: str) -> None:
    shown = explain(name)
    assert shown.exit_code == 2
    assert f'no rule or binding is named "{name}"' in shown.output
    assert meant in shown.output


@pytest.mark.parametrize(
    "name", ["", "a\x1b[31mb", "a\nb", "\x00", "\udcff", "x" * 100_000, "-" * 5, "\u202e", "../../etc/passwd", "%s{0}"]
)
def test_an_odd_name_is_reported_escaped_and_never_breaks_anything(name: str) -> None:
    shown = CliRunner().invoke(command, ["--", name])
    assert shown.exit_code == 2
    assert isinstance(shown.exception, SystemExit)
    assert "no rule or binding is named" in shown.output
    assert not any(character in shown.output for character in "\x1b\x00\u202e\udcff")
    assert len(shown.output) < 2000


def test_rule_names_are_understood_in_any_case_and_with_underscores() -> None:
    assert explain("Unregistered_Plugin").output == explain("unregistered-plugin").output


def test_without_a_name_the_bindings_are_listed() -> None:
    shown = explain()
    assert shown.exit_code == 0
    assert [line.split()[0] for line in shown.output.splitlines() if line[:2] == "  " and line[2] != " "] == [
        guide.name for guide in GUIDES
    ]
    assert "`bindguard rules`" in shown.output


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_comparison_fits_the_terminal(width: int) -> None:
    shown = explain("--choose", width=width)
    assert shown.exit_code == 0
    assert max(len(line) for line in shown.output.splitlines()) <= width
    assert ("written as" in shown.output) == (width == 60)
    assert shown.output.isascii()


def test_the_comparison_takes_no_name() -> None:
    shown = explain("--choose", "masquerade")
    assert shown.exit_code == 2
    assert "--choose compares all bindings, so it takes no name" in shown.output


@pytest.mark.parametrize("width", ["0", "-1", "nonsense", "1", "1000000"])
def test_an_odd_terminal_width_does_no_harm(width: str) -> None:
    for arguments in (["masquerade"], ["--choose"], ["unregistered-plugin"], []):
        shown = CliRunner(env={"COLUMNS": width}).invoke(command, arguments)
        assert shown.exit_code == 0
        assert max(len(line) for line in shown.output.splitlines()) <= 140


def test_nothing_is_coloured_unless_on_a_terminal() -> None:
    assert "\x1b" not in explain("masquerade").output + explain("--choose").output


def test_headings_stand_out_on_a_terminal_unless_no_color_is_set() -> None:
    assert "\x1b[1mHotplug\x1b[0m" in on_a_terminal()
    assert "\x1b" not in on_a_terminal(NO_COLOR="1")


def test_explaining_imports_nothing_that_it_does_not_need() -> None:
    code = "import sys; import webhook.cli.explain; print(sorted({'pydantic', 'rich', 'yaml', 'fastapi', 'kubernetes'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def explain(*arguments: str, width: int = 80) -> Result:
    return CliRunner(env={"COLUMNS": str(width)}).invoke(command, arguments)


def on_a_terminal(**environment: str) -> str:
    """What `explain masquerade` writes to a pseudo-terminal."""
    code = "from webhook.cli.explain import command; command(['masquerade'])"
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    main, terminal = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", code], stdout=terminal, env={**inherited, "TERM": "xterm", **environment}):
        os.close(terminal)
        written = b"".join(read_all(main))
    os.close(main)
    return written.decode()


def read_all(descriptor: int) -> Iterator[bytes]:
    """Everything until the other end of a pseudo-terminal is closed, which Linux tells as an error."""
    with contextlib.suppress(OSError):
        while read := os.read(descriptor, 4096):
            yield read
