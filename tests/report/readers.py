"""What reads the formats on the other side: the real parsers, and how their formats say findings."""

import json
import re
import xml.etree.ElementTree as ET
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
