"""What is said about an object that could not be read: it is not there, or nobody may say. Knows no kind."""

from webhook.doctor.result import Result, fail, unknown
from webhook.doctor.snapshot import FORBIDDEN, NOT_FOUND, Answer

INSTALL = "install it: helm upgrade --install bindguard charts/bindguard; or, if it has another name, give that (bindguard doctor --help)"


def absent(check: str, answer: Answer[object], what: str, meaning: str, remedy: str = INSTALL) -> Result:
    """The result about `what`, of which there is no value; `meaning` is what follows when it does not exist."""
    if answer.status == NOT_FOUND:
        return fail(check, f"{what} does not exist: {meaning}", remedy)
    return unseen(check, answer, what)


def unseen(check: str, answer: Answer[object], what: str) -> Result:
    """The result about `what`, which could not be looked at."""
    remedy = "ask somebody who may, or grant it" if answer.status == FORBIDDEN else "try again"
    return unknown(check, f"{what} could not be looked at: {answer.problem}", remedy)
