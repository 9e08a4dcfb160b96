"""KubeVirt versions that people write in flags and files, checked."""

from webhook.errors import UsageError
from webhook.kube.text import quoted
from webhook.kube.version import NEWEST, NEXT, Version, parse_version

OLDEST = Version(1, 1)


def checked_version(text: str, where: str) -> Version:
    """The KubeVirt version that a person wrote at `where`; `UsageError` names what is accepted."""
    version = parse_version(text)
    if version is None:
        raise UsageError(f"{where}: {quoted(text)} is no KubeVirt release; write one like {NEWEST} or v{NEWEST}.0")
    if version.major > NEWEST.major:
        raise UsageError(f"{where}: nothing is known of KubeVirt {version}; known are {OLDEST} to {NEXT}")
    if version < OLDEST:
        raise UsageError(f"{where}: KubeVirt {version} has no binding plugins; the oldest release checked is {OLDEST}")
    return version
