"""The interface of a source of VMIs for launcher pods: the API server, or a directory of files."""

from typing import Protocol

from webhook.admission.answer import SkipReason


class VMISourceError(Exception):
    """A VMI could not be read, though it may exist.

    Attributes:
        reason: The word for it in logs and metrics.
    """

    def __init__(self, reason: SkipReason | str, message: str = "") -> None:
        """Any other word is a `ValueError`: it would become a label of metrics."""
        super().__init__(message or str(reason))
        self.reason = SkipReason(reason)


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
