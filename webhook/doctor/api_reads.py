"""One question to the API server, one answer: a refusal is an answer too."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.hints import explained
from webhook.doctor.objects.records import Review
from webhook.doctor.snapshot import Need, ReadResult
from webhook.kube.shape import UNDECODABLE

T = TypeVar("T")

_SELF = "selfsubjectaccessreviews"
_OTHER = "subjectaccessreviews"
_REVIEWS = "/apis/authorization.k8s.io/v1"
_UNAUTHORIZED = 401
_ANYBODYS = "/version"
"""Who may ask anything may ask this."""
_NONE: Mapping[str, str] = {}


class Asker:
    """Asks one API server."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    async def reachable(self) -> None:
        """Ask something easy first; `UnreadableError` when there is no answer, or the credentials are not accepted."""
        try:
            await self._api.get(_ANYBODYS)
        except ApiError as error:
            if error.status in (0, _UNAUTHORIZED):
                raise explained(error) from error

    async def object(self, path: str, type_: type[T], query: Mapping[str, str] = _NONE) -> ReadResult[T]:
        """What is at a path."""
        return await self.read(path, lambda body: msgspec.json.decode(body, type=type_), query)

    async def read(self, path: str, decode: Callable[[bytes], T], query: Mapping[str, str] = _NONE) -> ReadResult[T]:
        """What is at a path, as `decode` reads it."""
        try:
            body = await self._api.get(path, query)
        except ApiError as error:
            return self._refused(error, path)
        return _read(body, decode)

    async def said(self, path: str, decode: Callable[[bytes], T]) -> ReadResult[T]:
        """What a pod says at a path of its proxy, whatever its status."""
        try:
            body = await self._api.get(path)
        except ApiError as error:
            answer = _read(error.body, decode)
            return self._refused(error, path) if answer.value is None else answer
        return _read(body, decode)

    async def dry_run(self, path: str, vm: Mapping[str, Any]) -> ReadResult[Sequence[str]]:
        """The warnings with which a VM could be created at a path; nothing is stored."""
        try:
            return ReadResult(await self._api.dry_run(path, vm))
        except ApiError as error:
            return self._refused(error, path)

    async def may(self, need: Need, user: str | None = None) -> ReadResult[bool]:
        """Whether a user may do something; without a name it is about whoever asks."""
        attributes = {"verb": need.verb, "group": need.group, "resource": need.resource.partition("/")[0]}
        subresource = need.resource.partition("/")[2]
        optional = {"subresource": subresource, "namespace": need.namespace, "name": need.name}
        spec: dict[str, object] = {"resourceAttributes": attributes | {key: value for key, value in optional.items() if value}}
        if user is not None:
            spec |= {"user": user, "groups": _groups(user)}
        kind, path = ("SelfSubjectAccessReview", _SELF) if user is None else ("SubjectAccessReview", _OTHER)
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "metadata": {"name": ""}, "spec": spec}
        path = f"{_REVIEWS}/{path}"
        try:
            body = await self._api.post(path, review)
        except ApiError as error:
            return self._refused(error, path)
        return _read(body, lambda answer: msgspec.json.decode(answer, type=Review).status.allowed)

    def _refused(self, error: ApiError, path: str) -> ReadResult[T]:
        """A refusal as an answer, without the address, which is long and known."""
        return ReadResult(None, error.message.rpartition(f"{self._api.base_url}{path}: ")[2], error.status)


def _read(body: bytes, decode: Callable[[bytes], T]) -> ReadResult[T]:
    try:
        return ReadResult(decode(body))
    except (*UNDECODABLE, ValueError) as error:
        return ReadResult(None, f"the answer cannot be read: {error}")


def _groups(user: str) -> list[str]:
    """The groups of a service account (kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/authentication/serviceaccount/util.go)."""
    return ["system:serviceaccounts", f"system:serviceaccounts:{user.split(':')[2]}", "system:authenticated"]
