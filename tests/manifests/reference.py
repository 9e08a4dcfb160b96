"""A second opinion: PyYAML's own composer and constructor, given kubectl's meaning of plain scalars and of keys."""

import re
from collections.abc import Hashable

import yaml

from webhook.manifests.scalars import resolve

MERGE = "tag:yaml.org,2002:merge"


class Reference(yaml.CSafeLoader):
    """Reads a document as PyYAML does; of duplicate keys the last wins, keys may be anything, and merges count in the order of keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = True) -> dict[Hashable, object]:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        built: dict[Hashable, object] = {}
        for key, value in node.value:
            made = self.construct_object(value, deep=True)
            if key.tag != MERGE:
                built[_key(self.construct_object(key, deep=True))] = made
                continue
            for each in reversed(made) if isinstance(made, list) else [made]:
                built.update(each)
        return built


def _plain(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> object:
    return resolve(str(loader.construct_scalar(node)))


Reference.yaml_implicit_resolvers = {}
Reference.add_implicit_resolver(MERGE, re.compile("<<$"), ["<"])
Reference.add_implicit_resolver("!plain", re.compile(""), None)
Reference.add_constructor("!plain", _plain)


def reference(text: str) -> object:
    """What PyYAML makes of a text, with keys as JSON has them; `None` is what it makes of nothing and of errors."""
    try:
        return yaml.load(text, Loader=Reference)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, TypeError, ValueError):
        return None


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)
