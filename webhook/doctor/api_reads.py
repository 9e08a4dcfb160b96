"""Requests to the API server whose refusals are results too, so that a check can report what could not be read, and why."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.hints import explained
from webhook.doctor.objects.records import AccessReview
from webhook.doctor.snapshot import Need, ReadResult
from webhook.kube.shape import UNDECODABLE

T = TypeVar("T")

_SELF_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_UNAUTHORIZED = 401
_READABLE_BY_ALL = "/version"
_NONE: Mapping[str, str] = {}


class Reader:
    """Reads from one API server."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    async def check_access(self) -> None:
        """Raise `UnreadableError` when the API server does not answer, or does not accept the credentials."""
        try:
            await self._api.get(_READABLE_BY_ALL)
        except ApiError as error:
            if error.status in (0, _UNAUTHORIZED):
                raise explained(error) from error

    async def object(self, path: str, type_: type[T], query: Mapping[str, str] = _NONE) -> ReadResult[T]:
        """The object or list at a path."""
        return await self.read(path, lambda body: msgspec.json.decode(body, type=type_), query)

    async def read(self, path: str, decode: Callable[[bytes], T], query: Mapping[str, str] = _NONE) -> ReadResult[T]:
        """The body at a path, decoded. `decode` may raise `ValueError`."""
        try:
            body = await self._api.get(path, query)
        except ApiError as error:
            return self._refused(error, path)
        return _decoded(body, decode)

    async def read_any_status(self, path: str, decode: Callable[[bytes], T]) -> ReadResult[T]:
        """The body at a path, decoded, even if the status is an error: a pod that is not ready answers 503 with its reasons."""
        try:
            body = await self._api.get(path)
        except ApiError as error:
            answer = _decoded(error.body, decode)
            return self._refused(error, path) if answer.value is None else answer
        return _decoded(body, decode)

    async def dry_run(self, path: str, vm: Mapping[str, Any]) -> ReadResult[Sequence[str]]:
        """The warnings of the API server when a VM is created by a dry run."""
        try:
            return ReadResult(await self._api.dry_run(path, vm))
        except ApiError as error:
            return self._refused(error, path)

    async def is_allowed(self, need: Need, service_account: str | None = None) -> ReadResult[bool]:
        """Whether a service account (`namespace:name`) has a permission; without one, whether the caller has it."""
        resource, _, subresource = need.resource.partition("/")
        attributes = {"verb": need.verb, "group": need.group, "resource": resource}
        optional = {"subresource": subresource, "namespace": need.namespace, "name": need.name}
        spec: dict[str, object] = {"resourceAttributes": attributes | {key: value for key, value in optional.items() if value}}
        kind, path = "SelfSubjectAccessReview", _SELF_REVIEWS
        if service_account is not None:
            kind, path = "SubjectAccessReview", _REVIEWS
            namespace = service_account.partition(":")[0]
            # kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/authentication/serviceaccount/util.go
            groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
            spec |= {"user": f"system:serviceaccount:{service_account}", "groups": groups}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "metadata": {"name": ""}, "spec": spec}
        try:
            body = await self._api.post(path, review)
        except ApiError as error:
            return self._refused(error, path)
        return _decoded(body, lambda answer: msgspec.json.decode(answer, type=AccessReview).status.allowed)

    def _refused(self, error: ApiError, path: str) -> ReadResult[T]:
        """An error without the URL, which is long, and the same in every message."""
        return ReadResult(None, error.message.rpartition(f"{self._api.base_url}{path}: ")[2], error.status)


def _decoded(body: bytes, decode: Callable[[bytes], T]) -> ReadResult[T]:
    try:
        return ReadResult(decode(body))
    except (*UNDECODABLE, ValueError) as error:
        return ReadResult(None, f"the answer cannot be read: {error}")
