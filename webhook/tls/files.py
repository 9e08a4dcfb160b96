"""Read certificate files, with a size limit, and consistently while they are being replaced."""

import hashlib
from collections.abc import Sequence

from webhook import files as bounded
from webhook.errors import reason_of
from webhook.tls.problems import Fault, failure

MAX_BYTES = 1024 * 1024
"""The size limit of a Kubernetes Secret: https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size."""

_MAX_ATTEMPTS = 4


def read_file(file: str) -> bytes:
    """The content of a file; follows symbolic links. `PairError` when it is no regular file, empty, too large or unreadable."""
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
    """The contents of several files that belong together; they are read until two reads in a row agree.

    The kubelet updates a Secret mount by renaming one symbolic link (`..data`), which may happen between the reads of two files. After
    five reads that all differ, the last one is returned: the checks then report files that do not match.

    Raises:
        PairError: A file is no regular file, empty, too large or unreadable.
    """
    last = tuple(map(read_file, files))
    for _ in range(_MAX_ATTEMPTS):
        again = tuple(map(read_file, files))
        if again == last:
            break
        last = again
    return last


def digest(contents: Sequence[bytes]) -> str:
    """One SHA-256 digest of several contents; equal only when all of them are equal."""
    return hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in contents)).hexdigest()
