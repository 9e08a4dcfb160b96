"""The error for a package that is not installed and that only some commands need."""

from webhook.errors import UsageError

HOW_TO_INSTALL = "in a clone of the repository, run: python -m pip install '.[server]'"
"""What works today. Nobody owns the name `bindguard` on PyPI yet, so no message may name it to pip: whoever registers it would run code
on admins' machines. The release that publishes there changes this line."""


def missing_package(what: str, error: ModuleNotFoundError) -> UsageError:
    """What to raise from `error`, as `what` needs the package; a module of our own that is missing is a defect, and raised as it is."""
    if (error.name or "webhook").startswith("webhook"):
        raise error
    return UsageError(f"{what} needs package {error.name}, which is not installed; {HOW_TO_INSTALL}")
