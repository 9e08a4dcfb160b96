"""The configuration file as a mapping: one YAML document of sane size. Does not know the settings."""

from io import BytesIO
from pathlib import Path

from webhook.errors import UnreadableError, UsageError
from webhook.manifests.documents import read_documents
from webhook.manifests.model import Document
from webhook.manifests.yaml import parse

_MOST_BYTES = 1024 * 1024


def read_mapping(path: Path) -> dict[str, object]:
    """Keys and values as they are written; `UsageError` names the file and what is wrong with it."""
    documents = list(read_documents(BytesIO(_content(path)), str(path)))
    if not documents:
        return {}
    if len(documents) > 1 or not isinstance(documents[0], Document):
        raise UsageError(f"{path}: a configuration is one YAML document")
    try:
        value = parse(documents[0])
    except UnreadableError as error:
        raise UsageError(str(error)) from error
    if not isinstance(value, dict):
        raise UsageError(f"{path}: a configuration is a mapping of keys to values")
    return value


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UsageError(f"{path}: {reason or error}") from error
    if len(content) > _MOST_BYTES:
        raise UsageError(f"{path}: a configuration has at most {_MOST_BYTES} bytes")
    return content
