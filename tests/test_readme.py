"""What the README and the pages show is what happens."""

import re
from pathlib import Path

import click
import pytest

from docs.picture import COMMAND, PICTURE, output, picture
from tests.cli.bindguard import bindguard
from webhook import cli
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS
from webhook.rules import RULES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SHOWN = [
    block
    for page in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))
    for block in re.findall(r"```console\n\$ bindguard (.+)\n((?:.*\n)+?)```", page.read_text(encoding="utf-8"))
]


def test_the_picture_in_the_readme_is_the_output_of_its_command() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture(COMMAND, output(COMMAND)), "run: make docs"
    assert f"]({PICTURE.relative_to(ROOT)})" in README


@pytest.mark.parametrize(("command", "shown"), SHOWN)
def test_output_that_a_page_shows_is_the_output_of_the_command(command: str, shown: str) -> None:
    done = bindguard(*command.split(), directory=ROOT)
    assert (done.stdout + done.stderr).decode() == shown


def test_the_demo_shows_the_commands_that_it_runs_and_each_ends_as_it_expects() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\ndemo:")[2].partition("\n\n")[0]
    shown = re.findall(r"@echo '\$\$ bindguard (.+)'", recipe)
    run = re.findall(r"@\$\(BIN\)/bindguard (.+)", recipe)
    commands = [re.sub(r"( 2>&1)?(; test .*)?$", "", each) for each in run]
    assert commands == shown
    codes = [EXIT_FINDINGS if each.endswith("; test $$? -eq 1") else EXIT_CLEAN for each in run]
    assert [bindguard(*command.split(), directory=ROOT).returncode for command in commands] == codes


def test_the_demo_fails_when_an_example_is_not_evaluated_as_its_name_says() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\ndemo:")[2].partition("\n\n")[0]
    assert "pytest --quiet tests/test_examples.py" in recipe
    assert "|| true" not in recipe
    assert "-@" not in recipe


def test_the_readme_counts_the_rules_right() -> None:
    counted = re.search(r"\[more than (\d+) rules\]", README)
    assert counted
    assert int(counted[1]) < len(RULES) <= int(counted[1]) + 20


def test_the_readme_lists_every_command() -> None:
    listed = set(re.findall(r"^\| `bindguard ([a-z-]+)", README, re.MULTILINE))
    assert listed == set(cli._group.list_commands(click.Context(cli._group)))


def test_links_in_the_docs_lead_somewhere() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())]
    assert links
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_the_tests_that_the_docs_name_exist() -> None:
    defined = set(
        re.findall(
            r"^(?:    )?(?:async )?def (test_\w+)", "\n".join(path.read_text() for path in ROOT.glob("tests/**/test_*.py")), re.MULTILINE
        )
    )
    named = {name for page in ROOT.glob("docs/*.md") for name in re.findall(r"`(test_\w+)`", page.read_text())}
    assert named
    assert named - defined == set()


def test_the_denial_that_the_page_about_refused_vms_explains_is_a_real_one() -> None:
    shown = re.findall(r"```\n(The VirtualMachine .*?)\n```", (ROOT / "docs/vm-refused.md").read_text(encoding="utf-8"), re.DOTALL)
    review = "tests/data/reviews/vm-create-unregistered-generatename.json"
    support = {"BINDGUARD_HELP_URL": "https://wiki.example.com/vms#{rule}", "BINDGUARD_CONTACT": "net@example.com"}
    printed = bindguard("review", review, "--registry", "examples/kubevirt.yaml", directory=ROOT, environment=support).stderr.decode()
    assert [" ".join(each.split()) for each in shown] == [printed.strip()]
