"""Kubernetes' `metadata`, which every object has (k8s.io/apimachinery meta/v1 types.go)."""

from collections.abc import Mapping

import msgspec


class OwnerReference(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """`metadata.ownerReferences[]`."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class Metadata(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The part of `metadata` that a check of a VM reads: every field more costs each review time."""

    annotations: Mapping[str, str] | None = None
    deletion_timestamp: str | None = None


class ObjectMeta(Metadata, frozen=True, gc=False):
    """`metadata`, as far as anything here reads it."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    labels: Mapping[str, str] | None = None
    owner_references: list[OwnerReference] | None = None
