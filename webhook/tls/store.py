"""A CA certificate and a pair into a directory, each file whole or not at all."""

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
    """Where CA and pair of one directory are: the names that a `kubernetes.io/tls` Secret has too."""

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

    The CA's own key is written nowhere: nobody can sign another leaf with it. `UsageError` when a file is there already and `force` is
    not given, or when writing fails.
    """
    paths = PairPaths(Path(directory))
    _refuse_existing(paths, force=force)
    try:
        paths.directory.mkdir(mode=_DIRECTORY, parents=True, exist_ok=True)
        replace_file(paths.key, leaf.key_pem(), mode=_PRIVATE, sync=True)
        replace_file(paths.cert, leaf.certificate_pem(), mode=_PUBLIC, sync=True)
        replace_file(paths.ca, ca.certificate_pem(), mode=_PUBLIC, sync=True)
    except OSError as error:
        raise UsageError(f"{directory}: cannot be written: {error.strerror}") from error
    return paths


def ca_bundle(ca: Issued) -> str:
    """The CA as `clientConfig.caBundle` of a webhook configuration wants it: base64 of the PEM text."""
    return base64.b64encode(ca.certificate_pem()).decode()


def _refuse_existing(paths: PairPaths, *, force: bool) -> None:
    there = [str(path) for path in (paths.ca, paths.cert, paths.key) if os.path.lexists(path)]
    if there and not force:
        raise UsageError(f"{', '.join(there)}: there already; --force replaces them, and then the caBundle too must be replaced")
