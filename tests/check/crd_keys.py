"""Write webhook/check/known_keys.py from the CRDs of each release.

    python -m tests.check.crd_keys KUBEVIRT HCO > webhook/check/known_keys.py

The arguments are git repositories of kubevirt/kubevirt and kubevirt/hyperconverged-cluster-operator, with their tags.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from webhook.kube.version import NEWEST
from webhook.plugins.sources.hyperconverged import BINDING_IN
from webhook.plugins.sources.kubevirt import BINDING
from webhook.vmi.kinds import KINDS

_SCHEMAS = "pkg/virt-operator/resource/generate/components/validations_generated.go"
_SCHEMA = re.compile(r'^\t"(\w+)": `openAPIV3Schema:\n(.*?)`,$', re.MULTILINE | re.DOTALL)
_HCO_CRD = "deploy/crds/hco00.crd.yaml"
_VMI = "VMI"
_INTERFACES, _NETWORKS = ("domain", "devices", "interfaces"), ("networks",)

_HEADER = '''\
"""The keys that KubeVirt's and HCO's CRDs have where Bindguard reads them, by release.

Written by `python -m tests.check.crd_keys KUBEVIRT HCO` from {kubevirt}
of kubevirt/kubevirt v1.1.0 to v{newest}.0, and from {hco} of kubevirt/hyperconverged-cluster-operator
1.11 to 1.{hco_newest}.
"""

from collections.abc import Mapping
from typing import TypeAlias

Releases: TypeAlias = tuple[int, int]
"""The first and last minor release of KubeVirt 1 that has a key; a release of HCO counts as the KubeVirt that it carries."""

KNOWN_KEYS: Mapping[str, Mapping[str, Releases]] = {{
'''

Keys = dict[str, dict[str, list[int]]]


def _git(repository: str, *arguments: str) -> str:
    return subprocess.run(("/usr/bin/git", "-C", repository, *arguments), capture_output=True, text=True, check=True).stdout


def _tags(repository: str, minor: int) -> list[str]:
    """The first and the last patch release of a minor release."""
    tags = [tag for tag in _git(repository, "tag", "--sort=version:refname").split() if re.fullmatch(rf"v1\.{minor}\.\d+", tag)]
    return list(dict.fromkeys([tags[0], tags[-1]])) if tags else []


def _add(keys: Keys, minor: int, place: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Note the keys of one object; gives the schemas of what is below it."""
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return {}
    properties: Mapping[str, Any] = schema.get("properties") or {}
    for key in properties:
        keys.setdefault(place, {}).setdefault(key, []).append(minor)
    return properties


def _add_along(keys: Keys, minor: int, place: str, schema: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    """Note the keys of an object and of all parents on the way to `path`; gives the schema there."""
    for step in path:
        schema = _add(keys, minor, place, schema).get(step, {})
        place = f"{place}.{step}"
    return schema


def _add_below(keys: Keys, minor: int, place: str, schema: Mapping[str, Any]) -> None:
    """Note the keys of an object, or of the items of a list, and of all objects below."""
    schema = schema.get("items", schema)
    for key, inner in _add(keys, minor, place, schema).items():
        inner_schema = inner.get("items", inner)
        if inner_schema.get("properties"):
            _add_below(keys, minor, f"{place}.{key}", inner)


def _kubevirt(keys: Keys, repository: str, minor: int, tag: str) -> None:
    schemas = dict(_SCHEMA.findall(_git(repository, "show", f"{tag}:{_SCHEMAS}")))
    for kind in KINDS:
        if kind.name.lower() not in schemas:
            continue
        schema = yaml.load(schemas[kind.name.lower()], yaml.CSafeLoader)
        vmi = _add_along(keys, minor, kind.name, schema, tuple(map(str, kind.spec)))
        if kind.name == "VirtualMachine":
            for path in (_INTERFACES, _NETWORKS):
                _add_below(keys, minor, ".".join((_VMI, *path)), _add_along(keys, minor, _VMI, vmi, path))
    _add_along(keys, minor, "KubeVirt", yaml.load(schemas["kubevirt"], yaml.CSafeLoader), tuple(map(str, BINDING)))


def _hyperconverged(keys: Keys, repository: str, minor: int, tag: str) -> None:
    crd = yaml.load(_git(repository, "show", f"{tag}:{_HCO_CRD}"), yaml.CSafeLoader)
    for version in crd["spec"]["versions"]:
        api_version = f"hco.kubevirt.io/{version['name']}"
        path = tuple(map(str, BINDING_IN[api_version]))
        _add_along(keys, minor, f"HyperConverged {version['name']}", version["schema"]["openAPIV3Schema"], path)


def _rendered(keys: Keys) -> Iterator[str]:
    for place, releases in sorted(keys.items()):
        yield f'    "{place}": {{\n'
        for key, minors in sorted(releases.items()):
            yield f'        "{key}": ({min(minors)}, {max(minors)}),\n'
        yield "    },\n"


def main(kubevirt: str, hco: str) -> None:
    """Print the module."""
    keys: Keys = {}
    for minor in range(1, NEWEST.minor + 1):
        for tag in _tags(kubevirt, minor):
            _kubevirt(keys, kubevirt, minor, tag)
        for tag in _tags(hco, minor + 10) or ["HEAD"]:
            _hyperconverged(keys, hco, minor, tag)
    header = _HEADER.format(kubevirt=_SCHEMAS, newest=NEWEST, hco=_HCO_CRD, hco_newest=NEWEST.minor + 10)
    sys.stdout.writelines([header, *_rendered(keys), "}\n"])


if __name__ == "__main__":
    main(*sys.argv[1:])
