"""What the README shows is what happens."""

import re
from pathlib import Path

from tests.cli.bindguard import bindguard
from webhook.rules import RULES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_output_in_the_readme_is_the_output_of_the_command() -> None:
    shown = re.search(r"```console\n\$ bindguard (.+)\n((?:.*\n)+?)```", README)
    assert shown is not None
    done = bindguard(*shown.group(1).split(), directory=ROOT)
    assert done.stdout.decode() == shown.group(2)


def test_the_readme_counts_the_rules_right() -> None:
    assert f"[{len(RULES)} rules]" in README


def test_links_in_the_docs_lead_somewhere() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())]
    assert links
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []
