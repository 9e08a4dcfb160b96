"""The bytes of certificate files, bounded, and only once they hold still."""

import hashlib
from collections.abc import Sequence

from webhook import files as bounded
from webhook.errors import reason_of
from webhook.tls.problems import Fault, failure

MAX_BYTES = 1024 * 1024
"""A Kubernetes Secret holds no more: https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size."""

_MAX_ATTEMPTS = 4


def read_file(file: str) -> bytes:
    """All bytes of one file, through symlinks; `PairError` when it is no regular file, empty, too large or unreadable."""
    try:
        data = bounded.read_file(file, max_bytes=MAX_BYTES)
    except (OSError, ValueError) as error:
        raise failure(
            Fault.UNREADABLE, file, f"cannot be read ({reason_of(error)}); check the path, the mount and the permissions"
        ) from error
    if not data:
        raise failure(Fault.UNREADABLE, file, "is empty; a PEM file is expected")
    return data


def read_steady(files: Sequence[str]) -> tuple[bytes, ...]:
    """The bytes of several files that belong together, read until two readings in a row agree.

    A kubelet swaps a Secret mount by renaming one symlink (`..data`), and that may happen between two of our reads.
    """
    last = tuple(map(read_file, files))
    for _ in range(_MAX_ATTEMPTS):
        again = tuple(map(read_file, files))
        if again == last:
            break
        last = again
    return last


def digest(contents: Sequence[bytes]) -> str:
    """One digest of several files' bytes: equal only when all of them are."""
    return hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in contents)).hexdigest()
