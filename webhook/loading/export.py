"""Export the fields of a KubeVirt CR that a registry needs, as a file for CI."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

import yaml

from webhook import __version__
from webhook.kube.fieldpath import Path, look_up
from webhook.kube.text import escape_command, visible, without_command

_ONE_LINE = 2**31 - 1
_MANAGED_BY = "app.kubernetes.io/managed-by"
_OWNER = "HyperConverged"
_READ: tuple[Path, ...] = (
    ("metadata", "name"),
    ("metadata", "namespace"),
    ("metadata", "labels", _MANAGED_BY),
    ("spec", "configuration", "network", "binding"),
    ("spec", "configuration", "network", "defaultNetworkInterface"),
    ("spec", "configuration", "network", "permitBridgeInterfaceOnPodNetwork"),
    ("spec", "configuration", "network", "permitSlirpInterface"),
    ("spec", "configuration", "evictionStrategy"),
    ("spec", "configuration", "developerConfiguration", "featureGates"),
    ("spec", "configuration", "developerConfiguration", "disabledFeatureGates"),
    ("status", "phase"),
    ("status", "observedKubeVirtVersion"),
    ("status", "targetKubeVirtVersion"),
)
"""The fields that `plugins.sources.kubevirt` reads of a KubeVirt CR; owners are added by `_cut_down`."""

_Tree: TypeAlias = dict[str, object]


class _Dumper(yaml.CSafeDumper):
    """Writes a string that a CI service would take for a command in double quotes; all output is ASCII."""


def _string(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if without_command(text) != text else None)


_Dumper.add_representer(str, _string)


def exported(obj: Mapping[str, object], *, server: str, at: datetime) -> str:
    """The CR as YAML that `--registry` reads; equal CRs give equal text except for the comment.

    Args:
        obj: The KubeVirt CR.
        server: Address of the API server, for the comment.
        at: When it was read, for the comment.
    """
    version = look_up(obj, ("metadata", "resourceVersion"))
    lines = [
        f"# The registry of {visible(server)}, {at:%Y-%m-%dT%H:%M:%SZ}, resourceVersion {visible(str(version))}.",
        f"# Written by bindguard {__version__}: bindguard registry export. Read by: bindguard check --registry FILE PATH...",
    ]
    text = yaml.dump(_cut_down(obj), Dumper=_Dumper, sort_keys=False, width=_ONE_LINE)
    return "\n".join(lines) + "\n" + escape_command(text, r"\x23")


def _cut_down(obj: Mapping[str, object]) -> _Tree:
    cut: _Tree = {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind"), "metadata": {}, "spec": {}}
    for path in _READ:
        value = look_up(obj, path)
        if value is not None:
            _put(cut, path, value)
    owners = look_up(obj, ("metadata", "ownerReferences"))
    references = [
        {"kind": _OWNER, "name": look_up(each, ("name",))}
        for each in (owners if isinstance(owners, list) else ())
        if look_up(each, ("kind",)) == _OWNER
    ]
    if references:
        _put(cut, ("metadata", "ownerReferences"), references)
    return cut


def _put(tree: _Tree, path: Path, value: object) -> None:
    *parents, last = map(str, path)
    for step in parents:
        inner = tree.setdefault(step, {})
        assert isinstance(inner, dict)  # noqa: S101 - every path in `_READ` leads through objects
        tree = inner
    tree[last] = value
