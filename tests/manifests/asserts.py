"""The verbs: what a document is refused for, and where."""

import pytest

from webhook.errors import UnreadableError
from webhook.manifests.yaml import parse

from .builders import document


def assert_unreadable(text: str | bytes, message: str, *, at: tuple[int, int], json: bool = False, line: int = 1) -> None:
    """The document is refused with a message that holds this, at this line and column."""
    with pytest.raises(UnreadableError) as caught:
        parse(document(text, json=json, line=line))
    assert message in caught.value.message
    assert (caught.value.line, caught.value.column) == at
