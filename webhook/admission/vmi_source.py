"""Where the VMI of a launcher pod is read from, as one method: a directory of files, or the API server. Knows neither."""

from typing import Protocol


class VMISourceError(Exception):
    """A VMI could not be read, though it may exist.

    Attributes:
        reason: One of a few fixed words, for logs and metrics: `timeout`, `forbidden`, `unavailable`, `no-vmi-source`.
    """

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class VMISource(Protocol):
    """Reads one VMI."""

    async def get(self, namespace: str, name: str) -> bytes | None:
        """The JSON of a VMI, or `None` when there is none of that name.

        A source that answers from a copy reads live before it says `None`, since a copy may lag behind the pod.

        Raises:
            VMISourceError: It could not be found out.
        """
        ...
