"""Validate KubeVirt versions in flags and files."""

from webhook.errors import UsageError
from webhook.kube.text import quoted
from webhook.kube.version import NEWEST, NEXT, OLDEST, Version, parse_version


def checked_version(text: str, where: str) -> Version:
    """The KubeVirt version in `text`, which comes from the flag or file `where`; `UsageError` says what is accepted."""
    version = parse_version(text)
    if version is None:
        raise UsageError(f"{where}: {quoted(text)} is no KubeVirt release; write one like {NEWEST} or v{NEWEST}.0")
    if version.major > NEWEST.major:
        raise UsageError(f"{where}: KubeVirt {version} is not supported; supported are {OLDEST} to {NEXT}")
    if version < OLDEST:
        raise UsageError(f"{where}: KubeVirt {version} has no binding plugins; the oldest release checked is {OLDEST}")
    return version
