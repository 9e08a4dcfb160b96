import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for folder in ("webhook", "tests", "benchmarks", "charts") for path in (ROOT / folder).rglob("*.py"))
_CHARACTER_CLASS = re.compile(r"\[\^?\]?[^]\n]*\]")
_POSSESSIVE_REPEAT = re.compile(r"(?<!\\)[*+?}][+]")


def possessive_repeats(source: str) -> list[str]:
    return [text for text in _texts(source) if _POSSESSIVE_REPEAT.search(_CHARACTER_CLASS.sub("[]", text))]


def _texts(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield node.value if isinstance(node.value, str) else node.value.decode("latin-1")


def test_no_pattern_has_a_possessive_repeat_because_python_before_3_11_5_matches_them_wrongly() -> None:
    found = {str(path.relative_to(ROOT)): possessive_repeats(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {path: patterns for path, patterns in found.items() if patterns} == {}


@pytest.mark.parametrize("repeat", ["*", "+", "?", "{2}"])
@pytest.mark.parametrize("before", ["r'[a-z]", "rb'(?:ab)", "rf'{_WORD}(?:ab)"])
def test_every_possessive_repeat_is_found(before: str, repeat: str) -> None:
    written = repeat.replace("{2}", "{{2}}") if before.startswith("rf") else repeat
    assert possessive_repeats(f"re.compile({before}{written}+')")
    assert not possessive_repeats(f"re.compile({before}{written}')")
