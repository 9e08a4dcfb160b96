"""The report as YAML with the same meaning in YAML 1.1 and 1.2."""

import re

import yaml

from webhook.kube.text import escape_command
from webhook.report.findings import Report, ReportOptions
from webhook.report.structure import structure

_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_OTHER_TYPES = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})
_ONE_LINE = 2**31 - 1


class _Dumper(yaml.CSafeDumper):
    """Quotes each string that is not a plain word. PyYAML does not quote `1e3` or `0o7`, which are numbers in YAML 1.2."""


def _string(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN_WORD.fullmatch(text) and text.casefold() not in _OTHER_TYPES
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _string)


def render(report: Report, _options: ReportOptions) -> str:
    """Block style, in ASCII, keys in the documented order."""
    text = yaml.dump(structure(report), Dumper=_Dumper, sort_keys=False, width=_ONE_LINE)
    return escape_command(text, r"\x23")
