"""Parse one document into plain data, as kubectl does: with the block reader if it can, else as JSON or with libyaml."""

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
        UnreadableError: It is not YAML or JSON, not valid in Kubernetes, or above a limit; the error has line and column.
    """
    if document.format is DocumentFormat.YAML and (block := read_block(document.text)) is not None:
        return block
    return _parse_any(document)


_LOADER: type[yaml.CBaseLoader] | type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""If PyYAML was built without libyaml, its own parser gives the same events, but slower."""


def _parse_any(document: Document) -> object:
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
    """Whether to try JSON first. Most JSON is also YAML, but the JSON parser is faster and accepts tabs."""
    return document.format is DocumentFormat.JSON or text.lstrip()[:1] in ("{", "[")


@contextmanager
def composer(document: Document, text: str, *, places: bool = False) -> Iterator[Composer]:
    """A composer for the document, which records locations if `places`. Its errors become an `UnreadableError`."""
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
