"""What is said about an object that could not be read: it is not there, or nobody may say."""

from webhook.doctor.result import Result, fail, unknown
from webhook.doctor.snapshot import FORBIDDEN, NOT_FOUND, ReadResult

INSTALL = (
    "install it: helm upgrade --install bindguard charts/bindguard --namespace bindguard --create-namespace; "
    "or, if it has another name or namespace, give that (bindguard doctor --help)"
)
UPGRADE = "run helm upgrade again, which writes it anew; or, if it has another name, give that (bindguard doctor --help)"


def absent(check: str, answer: ReadResult[object], what: str, meaning: str, remedy: str = UPGRADE) -> Result:
    """The result about `what`, of which there is no value; `meaning` is what follows when it does not exist."""
    if answer.status == NOT_FOUND:
        return fail(check, f"{what} does not exist: {meaning}", remedy)
    return unseen(check, answer, what)


def unseen(check: str, answer: ReadResult[object], what: str) -> Result:
    """The result about `what`, which could not be looked at."""
    if answer.status == FORBIDDEN:
        return unknown(check, f"{what} could not be looked at: you may not (see your-permissions)")
    return unknown(check, f"{what} could not be looked at: {answer.problem}", "try again")
