"""Results about objects that could not be read: they do not exist, or the caller may not read them."""

from webhook.doctor.result import Result, fail, unknown
from webhook.doctor.snapshot import FORBIDDEN, NOT_FOUND, ReadResult

INSTALL = (
    "install it: helm upgrade --install bindguard charts/bindguard --namespace bindguard --create-namespace; "
    "or, if it has another name or namespace, give that (bindguard doctor --help)"
)
UPGRADE = "run helm upgrade again, which creates it again; or, if it has another name, give that (bindguard doctor --help)"


def absent(check: str, answer: ReadResult[object], what: str, meaning: str, remedy: str = UPGRADE) -> Result:
    """A failure if `what` does not exist, with what that means; otherwise that it could not be read."""
    if answer.status == NOT_FOUND:
        return fail(check, f"{what} does not exist: {meaning}", remedy)
    return unseen(check, answer, what)


def unseen(check: str, answer: ReadResult[object], what: str) -> Result:
    """That `what` could not be read."""
    if answer.status == FORBIDDEN:
        return unknown(check, f"{what} could not be checked: you may not read it (see your-permissions)")
    return unknown(check, f"{what} could not be checked: {answer.problem}", "try again")
