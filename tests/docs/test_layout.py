"""The layout that the contributing guide shows is the layout of the code."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")


def test_the_table_of_packages_is_the_tree() -> None:
    shown = re.findall(r"^\| `(webhook/[\w.]+)` \|", PAGE, re.MULTILINE)
    packages = {f"webhook/{path.parent.name}" for path in ROOT.glob("webhook/*/__init__.py")}
    modules = {f"webhook/{path.name}" for path in ROOT.glob("webhook/[!_]*.py")}
    assert len(shown) == len(set(shown))
    assert set(shown) == packages | modules


def test_the_places_that_are_named_exist() -> None:
    named = [place for place in re.findall(r"`((?:webhook|docs|tests)/[^`<*]+)`", PAGE) if "<" not in place]
    assert named
    assert [place for place in named if not (ROOT / place).exists()] == []


def test_every_package_says_in_its_docstring_what_belongs_there() -> None:
    for path in ROOT.glob("webhook/**/__init__.py"):
        assert path.read_text(encoding="utf-8").startswith('"""'), path
