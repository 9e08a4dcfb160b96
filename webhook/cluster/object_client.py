"""One object known by its name: read it, change it if it is unchanged since then, create it where it is missing.

It is created by server-side apply, which is authorised with the object's name, where a POST is not; so `create` can be granted for one
name. The applied object is empty: where another process has created it first, the call changes nothing or conflicts, and both are fine.
"""

from collections.abc import Mapping

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError, needing, unanswered

FIELD_MANAGER = "bindguard"
"""The field manager of this program's changes; API servers take it from the User-Agent, or from the query."""


class NamedObject:
    """One object, which may be missing.

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
        """The object, or `None` when it does not exist; `ApiError` when the call fails otherwise."""
        try:
            with needing(self._grant):
                return await self._server.get(self._path, seconds=seconds)
        except ApiError as error:
            if error.reason != "not-found":
                raise
            return None

    async def make(self, *, seconds: float = 5.0) -> None:
        """Create an empty object, unless it exists."""
        try:
            with needing(self._grant):
                await self._server.apply(self._path, self._empty, manager=FIELD_MANAGER, seconds=seconds)
        except ApiError as error:
            if error.reason != "conflict":
                raise

    async def change(self, changes: Mapping[str, object], version: str, *, metadata: Mapping[str, object], seconds: float = 5.0) -> bytes:
        """Merge `changes` into the object if it still has this resourceVersion; returns it as it was stored."""
        patch = {**changes, "metadata": {**metadata, "resourceVersion": version}}
        with needing(self._grant):
            return await self._server.patch(self._path, patch, seconds=seconds)

    def unreadable(self, error: Exception) -> ApiError:
        """The error of an object that cannot be decoded."""
        return unanswered(self.place, "unreadable", f"cannot be understood: {error}")
