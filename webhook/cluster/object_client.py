"""One object of a namespace that is known by its name: read, changed only as it was read, made where it is missing.

It is made by server-side apply: that is authorised with the object's name, where a POST is not, so that even `create` can be granted for
one name alone. What is applied is empty: where somebody else was quicker, it changes nothing or conflicts, and both are fine.
"""

from collections.abc import Mapping

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError, needing, unanswered

FIELD_MANAGER = "bindguard"
"""As whom API servers note our changes: they take it from the User-Agent, or from the query."""


class NamedObject:
    """An object that may exist or not.

    Attributes:
        place: Its kind, namespace and name, for messages.
    """

    def __init__(self, server: ApiServer, *, collection: str, namespace: str, name: str, empty: Mapping[str, object]) -> None:
        """`collection` is the path of its kind in the namespace; `empty` has apiVersion, kind and what else a new one must have."""
        self._server = server
        self._path = f"{collection}/{name}"
        self._empty = {**empty, "metadata": {"name": name}}
        self.place = f"{empty['kind']} {namespace}/{name}"
        self._grant = f"get, create and patch {self.place} (a Role and its binding)"

    async def read(self, *, seconds: float = 5.0) -> bytes | None:
        """The object, or `None` when there is none; `ApiError` when that cannot be told."""
        try:
            with needing(self._grant):
                return await self._server.get(self._path, seconds=seconds)
        except ApiError as error:
            if error.reason != "not-found":
                raise
            return None

    async def make(self, *, seconds: float = 5.0) -> None:
        """Make an empty one, unless there is one."""
        try:
            with needing(self._grant):
                await self._server.apply(self._path, self._empty, manager=FIELD_MANAGER, seconds=seconds)
        except ApiError as error:
            if error.reason != "conflict":
                raise

    async def change(self, changes: Mapping[str, object], version: str, *, metadata: Mapping[str, object], seconds: float = 5.0) -> bytes:
        """Merge changes into the object, if it still has this resourceVersion; the object as it was stored."""
        patch = {**changes, "metadata": {**metadata, "resourceVersion": version}}
        with needing(self._grant):
            return await self._server.patch(self._path, patch, seconds=seconds)

    def unreadable(self, error: Exception) -> ApiError:
        """The error of an object that is none of its kind."""
        return unanswered(self.place, "unreadable", f"cannot be understood: {error}")
