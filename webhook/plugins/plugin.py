"""A registered network binding plugin, with the fields of KubeVirt's API."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook.kube.version import Version

TAP = "tap"
MANAGED_TAP = "managedTap"
ATTACHMENT_TYPES: Mapping[str, Version] = {TAP: Version(1, 1, 1), MANAGED_TAP: Version(1, 4)}
"""Values of `domainAttachmentType` with the first release that supports each; KubeVirt ignores other values."""


class Migration(msgspec.Struct, frozen=True, rename="camel"):
    """`migration`: its presence, even as `{}`, makes the plugin live-migratable (KubeVirt 1.2+)."""

    method: str | None = None


class ComputeResourceOverhead(msgspec.Struct, frozen=True, rename="camel"):
    """`computeResourceOverhead`: KubeVirt reads `requests.memory` and nothing else (pkg/network/resources/memory.go@v1.9.0)."""

    requests: Mapping[str, Any] | None = None
    limits: Mapping[str, Any] | None = None


class Plugin(msgspec.Struct, frozen=True, rename="camel"):
    """The value of `spec.configuration.network.binding.<name>`; every field is optional, and `{}` is a legal registration.

    Source: `InterfaceBindingPlugin` in kubevirt/kubevirt staging/src/kubevirt.io/api/core/v1/types.go@v1.9.0.
    """

    network_attachment_definition: str | None = None
    sidecar_image: str | None = None
    domain_attachment_type: str | None = None
    migration: Migration | None = None
    downward_api: str | None = msgspec.field(default=None, name="downwardAPI")
    compute_resource_overhead: ComputeResourceOverhead | None = None
