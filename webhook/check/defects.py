"""Report a defect of Bindguard itself like an unreadable document, so that the run goes on."""

import traceback
from pathlib import Path

from webhook.errors import UnreadableError
from webhook.rules import RULE_NAMED


def defect(error: Exception, what: str, file: str, line: int | None = None) -> UnreadableError:
    """The report of an unexpected exception: what was not checked, the exception, and the rule and line of code that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    rule = next((name for frame in reversed(frames) if (name := _rule_in(frame.filename)) is not None), None)
    within = f" in rule {rule}" if rule is not None else ""
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    message = f"internal error{within}: {type(error).__name__}: {error}{where}; {what} was not checked; please report this with the object"
    return UnreadableError(message, file=file, line=line)


def _rule_in(filename: str) -> str | None:
    path = Path(filename)
    name = path.stem.replace("_", "-")
    return name if name in RULE_NAMED and "rules" in path.parts else None
