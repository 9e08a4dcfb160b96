"""Problems of certificates, keys and client CAs, as values and as one error."""

import enum
from collections.abc import Iterable

import msgspec

from webhook.errors import BindguardError


class Fault(enum.StrEnum):
    """The kinds of problems; few and fixed, so that a metric can have one as a label."""

    UNREADABLE = "unreadable"
    MALFORMED = "malformed"
    MISMATCH = "mismatch"
    BROKEN_CHAIN = "broken-chain"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_NAME = "wrong-name"
    UNFIT = "unfit"


class Problem(msgspec.Struct, frozen=True):
    """One problem.

    Attributes:
        fault: Its kind.
        file: The file as the user named it.
        message: What is wrong, the value found, and what to do.
    """

    fault: Fault
    file: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.message}"


class PairError(BindguardError):
    """A certificate, key or client CA cannot be used by a server.

    Attributes:
        problems: All problems, at least one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))

    @property
    def fault(self) -> Fault:
        """The kind of the first problem."""
        return self.problems[0].fault


def failure(fault: Fault, file: str, message: str) -> PairError:
    """A `PairError` with one problem."""
    return PairError([Problem(fault, file, message)])
