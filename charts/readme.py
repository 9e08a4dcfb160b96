"""Write the table of values in the chart's README from the comments of values.yaml. Knows no template.

`python charts/readme.py` writes it. A comment above a key is about that key; a mapping is told key by key where something in it has a
comment, and as a whole where nothing has.
"""  # noqa: INP001 - a script beside the chart, no package

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

CHART = Path(__file__).parent / "bindguard"
_TABLE = re.compile(r"(?<=<!-- values: made by charts/readme.py from values.yaml -->\n).*?(?=<!-- end of values -->)", re.DOTALL)


class Value(NamedTuple):
    """A value that can be set.

    Attributes:
        name: Its keys, joined by dots as `--set` has them.
        default: Its default, as YAML in one line.
        about: What the comment says; empty without one.
    """

    name: str
    default: str
    about: str


def values(text: str) -> list[Value]:
    """All values in `values.yaml`, in its order."""
    root = yaml.compose(text)
    assert isinstance(root, yaml.MappingNode), "values.yaml is a mapping"  # noqa: S101 - a script's own input
    return list(_values(root, "", text.splitlines()))


def _values(mapping: yaml.MappingNode, prefix: str, lines: list[str]) -> Iterator[Value]:
    for key, value in mapping.value:
        name = prefix + key.value.replace(".", r"\.")
        if isinstance(value, yaml.MappingNode) and _has_comments(value, lines):
            yield from _values(value, f"{name}.", lines)
        else:
            yield Value(name, _default(value), _comment_above(key.start_mark.line, lines))


def _has_comments(value: yaml.Node, lines: list[str]) -> bool:
    if not isinstance(value, yaml.MappingNode) or value.flow_style:
        return False
    return any(_comment_above(key.start_mark.line, lines) or _has_comments(item, lines) for key, item in value.value)


def _default(value: yaml.Node) -> str:
    plain = yaml.safe_load(yaml.serialize(value))
    written = yaml.safe_dump(plain, default_flow_style=True, width=10_000, sort_keys=False)
    return written.removesuffix("\n").removesuffix("\n...")


def _comment_above(line: int, lines: list[str]) -> str:
    comment: list[str] = []
    while line > 0 and lines[line - 1].strip().startswith("#"):
        line -= 1
        comment.insert(0, lines[line].strip().removeprefix("#").strip())
    return " ".join(comment)


def with_table(readme: str, text: str) -> str:
    """The README with the table of these values."""
    rows = [f"| `{name}` | `{default}` | {about} |".replace("||", "\\|\\|") for name, default, about in values(text)]
    table = "\n".join(["| value | default | what it is |", "| --- | --- | --- |", *rows])
    return _TABLE.sub(lambda _: f"{table}\n", readme)


def main() -> int:
    """Write the README anew."""
    readme = CHART / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8"), (CHART / "values.yaml").read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
