"""What reads the formats on the other side: the real parsers, and how their formats say findings."""

import json
import re
import xml.etree.ElementTree as ET
from html import unescape
from html.parser import HTMLParser
from typing import Any

import yaml

_COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")
_ESCAPES = (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%"))


def read_json(text: str) -> Any:
    """As a strict reader does: UTF-8 without lone surrogates, standard JSON."""
    parsed = json.loads(text.encode("utf-8"), parse_constant=_refuse)
    json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    return parsed


def read_yaml(text: str) -> Any:
    """As PyYAML's reference loader does."""
    return yaml.safe_load(text.encode("utf-8"))


def read_xml(text: str) -> ET.Element:
    """As expat does."""
    return ET.fromstring(text.encode("utf-8"))  # noqa: S314 - our own output


def read_commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """As GitHub's runner does, line by line: command, properties, message. A line that is no command fails."""
    return [_read_command(line) for line in text.encode("utf-8").decode("utf-8").splitlines()]


def _read_command(line: str) -> tuple[str, dict[str, str], str]:
    match = _COMMAND.fullmatch(line)
    assert match is not None, line
    name, properties, message = match.groups()
    pairs = [pair.split("=", 1) for pair in properties.split(",")]
    return name, {key: _unescaped(value) for key, value in pairs}, _unescaped(message)


def _unescaped(text: str) -> str:
    for escape, meant in _ESCAPES:
        text = text.replace(escape, meant)
    return text


def _refuse(constant: str) -> None:
    raise ValueError(constant)


class Page(HTMLParser):
    """What a browser would make of a page.

    Attributes:
        elements: Tag and attributes of each element.
        findings: The text of each `article`, with its `data-` attributes.
        policy: The Content-Security-Policy.
        inline: The content of each `style` and `script`.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.findings: list[tuple[dict[str, str], str]] = []
        self.policy = ""
        self.inline: list[tuple[str, str]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag == "article":
            self.findings.append(({name: value for name, value in attributes.items() if name.startswith("data-")}, ""))
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]
        if tag not in ("meta", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] in (["style"], ["script"]):
            self.inline.append((self._open[-1], data))
        elif "article" in self._open:
            attributes, text = self.findings[-1]
            self.findings[-1] = attributes, text + data

    def close(self) -> None:
        super().close()
        assert not self._open


def read_page(text: str) -> Page:
    """A page whose elements are all closed, and which asks no other host for anything."""
    page = Page()
    page.feed(text)
    page.close()
    for tag, attributes in page.elements:
        assert tag not in ("img", "iframe", "object", "embed", "link", "base", "svg", "video", "audio")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert not attributes.get("href", "https://").startswith("javascript")
    return page


def read_markdown(text: str) -> list[list[str]]:
    """The cells of the rows of the table, as Markdown shows them."""
    rows = [line for line in text.splitlines() if line.startswith("| :")]
    cells = [[_as_shown(cell) for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
    assert all(len(row) == 5 for row in cells)
    assert not re.search(r"<(?!sub>|/sub>|!-- -->)", text)
    return cells


def _as_shown(cell: str) -> str:
    return unescape(re.sub(r"\\([^\w\s])", r"\1", cell.replace("<!-- -->", ""))).strip()
