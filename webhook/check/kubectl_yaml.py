"""An object of a cluster as the text in which people see it: what `kubectl get -o yaml` prints, so that a line number means something.

Knows nothing of findings.
"""

import re
from collections.abc import Mapping

import yaml

from webhook.manifests.model import Document, Format

_ONE_LINE = 2**31 - 1
_QUOTED = re.compile(r"[yYnN~]|[-+.]?[0-9][0-9a-fA-FxXoO_.:+-]*")
"""What kubectl reads otherwise when it is bare, as a boolean or a number; PyYAML quotes less."""


class _Dumper(yaml.CSafeDumper):
    """Sorted keys, lists not indented, several lines as a block: as kubectl does."""

    def ignore_aliases(self, _data: object) -> bool:
        """Write equal values out, each in its place."""
        return True


def _string(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else '"' if _QUOTED.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _string)


def as_kubectl_prints(obj: Mapping[str, object], file: str) -> Document:
    """The object as one YAML document that is called `file`, without managedFields, which kubectl does not show either."""
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        obj = {**obj, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}
    text = yaml.dump(dict(obj), Dumper=_Dumper, allow_unicode=True, width=_ONE_LINE)
    return Document(file, 1, text.encode(), Format.YAML)
