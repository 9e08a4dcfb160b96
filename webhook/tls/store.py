"""Write a CA certificate and a pair into a directory, each file atomically."""

import base64
import os
from pathlib import Path

import msgspec

from webhook.errors import UsageError
from webhook.files import replace_file
from webhook.tls.selfsigned import Issued

_PUBLIC = 0o644
_PRIVATE = 0o600
_DIRECTORY = 0o700


class PairPaths(msgspec.Struct, frozen=True):
    """The files of CA and pair in a directory, named as the keys of a `kubernetes.io/tls` Secret."""

    directory: Path

    @property
    def ca(self) -> Path:
        """The CA's certificate."""
        return self.directory / "ca.crt"

    @property
    def cert(self) -> Path:
        """The leaf."""
        return self.directory / "tls.crt"

    @property
    def key(self) -> Path:
        """The leaf's private key."""
        return self.directory / "tls.key"


def write_pair(directory: str | Path, ca: Issued, leaf: Issued, *, force: bool = False) -> PairPaths:
    """Write `ca.crt`, `tls.crt` and `tls.key` (mode 0600); a new directory gets mode 0700.

    The CA's key is not written, so that no other leaf can be signed with it.

    Args:
        directory: The directory; created when it does not exist.
        ca: The CA.
        leaf: The leaf, with its key.
        force: Whether to replace existing files.

    Raises:
        UsageError: A file exists and `force` is false, or writing fails.
    """
    paths = PairPaths(Path(directory))
    existing = [str(path) for path in (paths.ca, paths.cert, paths.key) if os.path.lexists(path)]
    if existing and not force:
        raise UsageError(f"{', '.join(existing)}: there already; --force replaces them, and then the caBundle too must be replaced")
    try:
        paths.directory.mkdir(mode=_DIRECTORY, parents=True, exist_ok=True)
        replace_file(paths.key, leaf.key_pem(), mode=_PRIVATE, sync=True)
        replace_file(paths.cert, leaf.certificate_pem(), mode=_PUBLIC, sync=True)
        replace_file(paths.ca, ca.certificate_pem(), mode=_PUBLIC, sync=True)
    except OSError as error:
        raise UsageError(f"{directory}: cannot be written: {error.strerror}") from error
    return paths


def ca_bundle(ca: Issued) -> str:
    """The CA in the format of a webhook configuration's `clientConfig.caBundle`: base64 of the PEM text."""
    return base64.b64encode(ca.certificate_pem()).decode()
