"""Where the VMI of a launcher pod is read from, as one method: a directory of files, or the API server."""

import enum
from typing import Protocol


class Unread(enum.StrEnum):
    """Why a VMI could not be read: that it may not be, that nobody answers, or that who answers cannot tell."""

    NO_VMI_SOURCE = "no-vmi-source"
    TIMEOUT = "timeout"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    TOO_MANY_REQUESTS = "too-many-requests"
    UNREACHABLE = "unreachable"
    UNAVAILABLE = "unavailable"


class VMISourceError(Exception):
    """A VMI could not be read, though it may exist.

    Attributes:
        reason: One of a few fixed words, for logs and metrics.
    """

    def __init__(self, reason: Unread | str, message: str = "") -> None:
        """A word that is none of `Unread` is a `ValueError`: it would become a label of metrics."""
        super().__init__(message or str(reason))
        self.reason = Unread(reason)


class VMISource(Protocol):
    """Reads one VMI."""

    async def get(self, namespace: str, name: str, uid: str = "") -> bytes | None:
        """The JSON of a VMI, or `None` when there is none of that name.

        `uid` is the one that the VMI is said to have. A source that asks others takes the same steps for a VMI with another uid as for
        none, so that their time does not tell which it was.

        A source that answers from a copy reads live before it says `None`, since a copy may lag behind the pod. It can be cancelled at any
        time, by which a caller bounds how long it takes.

        Raises:
            VMISourceError: It could not be found out.
        """
        ...
