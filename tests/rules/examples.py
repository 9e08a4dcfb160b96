"""The examples in the rules' docstrings, as data."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.builders import POD_NETWORK, interface, spec
from webhook.explain.ruledoc import rule_doc
from webhook.rules.base import Rule

IN_WORDS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("too-many-interfaces", "Refused"): {"interfaces": [{"name": f"blue-{index}", "bridge": {}} for index in range(257)]}
}
"""Examples that a docstring gives in words, as they would be 257 lines."""


def examples(rule: Rule, heading: str) -> list[Mapping[str, Any]]:
    """The YAML mappings under a heading; there is always at least one."""
    if (rule.name, heading) in IN_WORDS:
        return [IN_WORDS[rule.name, heading]]
    found = list(alternatives(rule_doc(rule).section(heading)))
    assert found, f"{rule.name} has no example under {heading}"
    return found


def alternatives(text: str) -> Iterator[Mapping[str, Any]]:
    """Each block of lines as a mapping; one begins after a blank line, where a top-level key comes again, and at each `{`."""
    block: list[str] = []
    keys: set[str] = set()
    for line in [*text.splitlines(), ""]:
        key = re.match(r'[\w.-]+(?=:)|"[^"]*"(?=:)|\{|$', line)
        if block and key is not None and ("{" in keys or key[0] in (*keys, "{", "")):
            yield mapping("\n".join(block))
            block, keys = [], set()
        if line:
            block.append(line)
        if key is not None:
            keys.add(key[0])


def mapping(text: str) -> Mapping[str, Any]:
    parsed = yaml.safe_load(text)
    assert isinstance(parsed, dict), f"not a YAML mapping: {text}"
    return parsed


def raw_spec(example: Mapping[str, Any]) -> dict[str, Any]:
    """The VMI spec that an example is: itself when it has `interfaces` or `networks`, else one interface on the pod network."""
    if "interfaces" in example or "networks" in example:
        rest = {key: value for key, value in example.items() if key not in ("interfaces", "networks")}
        return spec(*example.get("interfaces") or [], networks=example.get("networks"), **rest)
    return spec(interface(**example), networks=[{**POD_NETWORK, "name": example.get("name", "default")}])
