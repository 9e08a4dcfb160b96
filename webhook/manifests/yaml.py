"""One document to plain JSON data, read as kubectl reads it; every failure is an `UnreadableError` with its place.

Readers of one meaning: `block` for what it can, `careful` for the rest and for all that is wrong.
"""

from webhook.manifests.block_reader import read_block
from webhook.manifests.model import Document, Format


def parse(document: Document) -> object:
    """The document's data: dict with str keys, list, str, int, float, bool or None.

    Raises:
        UnreadableError: It is no YAML or JSON, no data for Kubernetes, or beyond the bounds.
    """
    if document.format is Format.YAML and (block := read_block(document.text)) is not None:
        return block
    from webhook.manifests.libyaml_reader import read  # noqa: PLC0415 - brings PyYAML along, which most documents do not need

    return read(document)
