"""One document to plain JSON data, read as kubectl reads it: by the block reader where it can, else by libyaml; failures have their place.

Readers of one meaning: `block` for what it can, `careful` for the rest and for all that is wrong.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import yaml

from webhook.manifests.block_reader import read_block
from webhook.manifests.composer import Composer, NotComposableError
from webhook.manifests.errors import not_composable, not_json, not_utf8, not_yaml
from webhook.manifests.json_reader import UnusualError, json_events, read_json
from webhook.manifests.model import Document, DocumentFormat


def parse(document: Document) -> object:
    """The document's data: dict with str keys, list, str, int, float, bool or None.

    Raises:
        UnreadableError: It is no YAML or JSON, no data for Kubernetes, or beyond the bounds.
    """
    if document.format is DocumentFormat.YAML and (block := read_block(document.text)) is not None:
        return block
    from webhook.manifests.yaml import read  # noqa: PLC0415 - brings PyYAML along, which most documents do not need

    return read(document)


_LOADER: type[yaml.CBaseLoader] | type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Where PyYAML was built without libyaml, its own parser gives the same events, slower."""


def read(document: Document) -> object:
    """The document's data; `UnreadableError` when there is none."""
    text = decode(document)
    if may_be_json(document, text):
        try:
            return read_json(text)
        except UnusualError:
            pass
        except json.JSONDecodeError as error:
            if document.format is DocumentFormat.JSON:
                raise not_json(document, text, error) from error
    with composer(document, text) as one:
        return one.compose()


def decode(document: Document) -> str:
    """The document's text; `UnreadableError` when it is not UTF-8."""
    try:
        return document.text.decode()
    except UnicodeDecodeError as error:
        raise not_utf8(document, error) from error


def may_be_json(document: Document, text: str) -> bool:
    """Whether JSON should be tried first: it is also YAML, but JSON's reader is faster and takes tabs."""
    return document.format is DocumentFormat.JSON or text.lstrip()[:1] in ("{", "[")


@contextmanager
def composer(document: Document, text: str, *, places: bool = False) -> Iterator[Composer]:
    """A composer of the document's events, which remembers places or not; what it raises becomes an `UnreadableError`."""
    try:
        yield Composer(_events(document, text), places=places)
    except NotComposableError as error:
        raise not_composable(document, text, error) from error
    except yaml.YAMLError as error:
        raise not_yaml(document, text, error) from error


def _events(document: Document, text: str) -> Callable[[], yaml.Event | None]:
    if may_be_json(document, text) and _is_json(text):
        tokens = json_events(text)
        return lambda: next(tokens, None)
    return _LOADER(text).get_event


def _is_json(text: str) -> bool:
    try:
        read_json(text)
    except UnusualError:
        return True
    except json.JSONDecodeError:
        return False
    return True
