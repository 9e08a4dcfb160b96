"""Version numbers as KubeVirt writes them."""

import re
from typing import NamedTuple

_RELEASE = re.compile(r"v?(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})(?:\.(0|[1-9]\d{0,5}))?(?:[-+].*)?", re.DOTALL)

LAST_MAJOR = 1
"""The only major version of KubeVirt's releases. A greater number is a date or a downstream version (4.19)."""


class Version(NamedTuple):
    """A release, such as `Version(1, 9, 0)`; releases can be compared."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}" if self.patch == 0 else f"{self.major}.{self.minor}.{self.patch}"


OLDEST = Version(1, 1)
"""The first release with binding plugins."""

NEWEST = Version(1, 9)
"""The newest release whose source the rules follow; an unknown version counts as this one."""

NEXT = Version(1, 10)
"""The release after it, as its merged proposals and KubeVirt's main branch (d923fdb8, 2026-08-22) describe it."""


def parse_version(text: str) -> Version | None:
    """The release that `text` names (`v1.9.0`, `1.9`, `v1.8.0-rc.1`), or `None`.

    KubeVirt's version string is an image tag: `latest`, `devel`, a date or a downstream number are valid there, and name no release
    (kubevirt/kubevirt pkg/virt-operator/util/config.go@v1.9.0). A pre-release is read as its release.
    """
    match = _RELEASE.fullmatch(text.strip())
    if match is None:
        return None
    major, minor, patch = match.groups()
    return Version(int(major), int(minor), int(patch or 0))
