"""Objects with few fields: Lease, Secret, Namespace, ConfigMap, and the response to an access review."""

from collections.abc import Mapping
from datetime import datetime

from webhook.doctor.objects.meta import Object
from webhook.kube.metadata import ObjectMeta


class LeaseSpec(Object, frozen=True):
    """`spec` of a Lease."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    renew_time: datetime | None = None


class Lease(Object, frozen=True):
    """A Lease."""

    spec: LeaseSpec = LeaseSpec()


class Secret(Object, frozen=True):
    """A Secret, with decoded values."""

    metadata: ObjectMeta = ObjectMeta()
    data: Mapping[str, bytes] | None = None
    immutable: bool | None = None


class Namespace(Object, frozen=True):
    """A namespace."""

    metadata: ObjectMeta = ObjectMeta()


class NamespaceList(Object, frozen=True):
    """A list of them."""

    items: list[Namespace] | None = None


class ConfigMap(Object, frozen=True):
    """A ConfigMap."""

    data: Mapping[str, str] | None = None


class AccessReview(Object, frozen=True):
    """The response to an access review."""

    class Status(Object, frozen=True):
        """`status`."""

        allowed: bool = False

    status: Status = Status()
