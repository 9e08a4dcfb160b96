"""The fields of a plugin object, the releases that have them, and suggestions for unknown ones."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from webhook.kube.fieldpath import Path
from webhook.kube.version import Version
from webhook.plugins.plugin import ComputeResourceOverhead, Migration, Plugin
from webhook.plugins.suggestions import nearest

SINCE: Mapping[str, Version] = {
    "networkAttachmentDefinition": Version(1, 1),
    "sidecarImage": Version(1, 1),
    "domainAttachmentType": Version(1, 1, 1),
    "migration": Version(1, 2),
    "downwardAPI": Version(1, 3),
    "computeResourceOverhead": Version(1, 3),
}
"""First release whose CRD has the field (staging/src/kubevirt.io/api/core/v1/types.go, compared from v1.1.0 to v1.9.0)."""

CLAIMS_UNTIL = Version(1, 4)
"""1.3 accepted Kubernetes' ResourceRequirements with `claims`; 1.4 removed `claims` (types.go@v1.3.0 and @v1.4.0)."""

_NESTED: Mapping[str, type[msgspec.Struct]] = {"migration": Migration, "computeResourceOverhead": ComputeResourceOverhead}


class Unknown(NamedTuple):
    """A key that is not in the schema.

    Attributes:
        path: Path from the plugin object; the key is its last element.
        key: The key itself.
        known: The keys that the object may have.
        meant: The known key that is nearest, or `None`.
    """

    path: Path
    key: str
    known: tuple[str, ...]
    meant: str | None


def unknown_keys(raw: object, known: Iterable[str], at: Path = ()) -> Iterator[Unknown]:
    """Every key of `raw` that is not among `known`; nothing when `raw` is no object. Paths begin with `at`."""
    if not isinstance(raw, dict):
        return
    names = tuple(known)
    for key in raw:
        if key not in names:
            yield Unknown((*at, key), key, names, nearest(key, names))


def unknown_fields(raw: object) -> Iterator[Unknown]:
    """Every key of a plugin object, at any depth, that the newest KubeVirt's API does not have."""
    yield from unknown_keys(raw, Plugin.__struct_encode_fields__)
    if isinstance(raw, dict):
        for field, type_ in _NESTED.items():
            yield from unknown_keys(raw.get(field), type_.__struct_encode_fields__, (field,))
