"""Read a configuration file: one YAML document with a mapping, within a size limit."""

import os
import re
from io import BytesIO
from pathlib import Path

from webhook.errors import UnreadableError, UsageError, reason_of
from webhook.files import read_file
from webhook.manifests.documents import read_documents
from webhook.manifests.model import Document
from webhook.manifests.yaml import parse

MAX_BYTES = 1024 * 1024

_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def read_mapping(path: Path, *, pipe: bool = False) -> dict[str, object]:
    """The keys and values of a configuration file.

    Args:
        path: The file.
        pipe: Whether it may be a pipe, as for a file that the command line names.

    Raises:
        UsageError: The file cannot be read, or is not one YAML document with a mapping.
    """
    documents = list(read_documents(BytesIO(read_content(path, pipe=pipe)), str(path)))
    if not documents:
        return {}
    if len(documents) > 1 or not isinstance(documents[0], Document):
        raise UsageError(f"{path}: a configuration is one YAML document")
    try:
        return checked_mapping(parse(documents[0]), path)
    except UnreadableError as error:
        raise UsageError(str(error)) from error


def checked_mapping(value: object, path: Path) -> dict[str, object]:
    """The value that a configuration file holds, if it is a mapping; else `UsageError`."""
    if not isinstance(value, dict):
        raise UsageError(f"{path}: a configuration is a mapping of keys to values")
    return value


def read_content(path: Path, *, pipe: bool = False) -> bytes:
    """The bytes of a configuration file; `UsageError` when it cannot be read or has more than `MAX_BYTES`.

    On the command line, /dev/null is an empty file: it says that no configuration file is to be used, not even one that would be found.
    """
    if pipe and str(path) == os.devnull:
        return b""
    try:
        return read_file(path, max_bytes=MAX_BYTES, pipe=pipe)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {reason_of(error)}") from error


def setting_of_key(key: str) -> str:
    """The setting of a key: `tlsCert`, `tls-cert` and `tls_cert` are the same, and so are `kubevirtVersion` and `kubeVirtVersion`."""
    return _WORD_BORDER.sub("_", key).replace("-", "_").lower().replace("kube_virt", "kubevirt")
