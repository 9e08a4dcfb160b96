"""Errors about unreadable documents, in words for people who write YAML, with line and column."""

import json
import re

import yaml

from webhook.errors import UnreadableError, UnrenderedTemplateError
from webhook.kube.text import quoted
from webhook.manifests.composer import NotComposableError
from webhook.manifests.model import Document

_TEMPLATE = re.compile(r"^[ \t]*(?:- +)?\{\{|:[ ]+\{\{|\{%", re.MULTILINE)
_HINT = "; this looks like a template: render it first (helm template ... | bindguard check -) or exclude the file"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

_PROBLEMS = {
    "mapping values are not allowed in this context": "': ' is not allowed here; quote the value, or check the indentation",
    "did not find expected key": "a key was expected here; check the indentation of this line and of the lines before it",
    "did not find expected '-' indicator": "a '- ' was expected here; check the indentation of this line and of the lines before it",
    "could not find expected ':'": "this line should be a key with ':' after it; check the indentation and the quotes before it",
    "did not find expected <document start>": "text after the end of the document; put '---' on a line of its own before another document",
    "did not find expected ',' or '}'": "expected ',' or '}'; quote a value that begins with '{'",
    "did not find expected ',' or ']'": "expected ',' or ']'; quote a value that begins with '['",
    "found unexpected end of stream": "the document ends inside this value",
    "found unexpected document indicator": "the document ends inside this value",
    "found unknown escape character": "unknown escape after \\; use single quotes, or \\\\ for a backslash",
    "block sequence entries are not allowed in this context": "'- ' is not allowed here; begin the list on a line of its own",
    "found undefined tag handle": "unknown tag: Kubernetes manifests are plain data",
}


def place_of(text: str, index: int, document: Document) -> tuple[int, int]:
    """Line in the file and column, both from 1, of the character at `index` of the document's text."""
    return document.line + text.count("\n", 0, index), index - text.rfind("\n", 0, index)


def not_utf8(document: Document, error: UnicodeDecodeError) -> UnreadableError:
    """A byte that is not UTF-8."""
    before = document.text[: error.start].decode()
    line, column = place_of(before, len(before), document)
    message = f"byte 0x{document.text[error.start]:02x} is not UTF-8; save the file as UTF-8"
    return UnreadableError(message, file=document.file, line=line, column=column)


def not_json(document: Document, text: str, error: json.JSONDecodeError) -> UnreadableError:
    """Text that is not JSON."""
    problem = "text after the end of the JSON document; put several objects into a List" if error.msg == "Extra data" else error.msg
    return _unreadable(document, text, f"not valid JSON: {problem}", error.pos)


def not_composable(document: Document, text: str, error: NotComposableError) -> UnreadableError:
    """A document that is not valid in Kubernetes, or above a limit."""
    message = str(error)
    if error.first is not None:
        line, column = place_of(text, error.first, document)
        message += f"; the first time at line {line}, column {column}"
    in_template = error.index > 0 and text.startswith("{{", error.index - 1)
    return _unreadable(document, text, message, error.index, is_template=in_template)


def not_yaml(document: Document, text: str, error: yaml.YAMLError) -> UnreadableError:
    """Text that is not YAML."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        index: int = error.problem_mark.index
        problem = f"not valid YAML: {_problem(document, text, error, index)}"
        return _unreadable(document, text, problem, index, is_template=_TEMPLATE.search(text) is not None)
    unprintable = _UNPRINTABLE.search(text)
    if unprintable is None:
        return _unreadable(document, text, f"not valid YAML: {error}", 0)
    return _unreadable(document, text, f"character U+{ord(unprintable[0]):04X} is not allowed in YAML", unprintable.start())


def _problem(document: Document, text: str, error: yaml.MarkedYAMLError, index: int) -> str:
    found = text[index : index + 1]
    if found == "\t":
        return "a tab cannot indent; use spaces"
    problem = error.problem or "unknown problem"
    if problem == "found character that cannot start any token":
        return f"a value cannot begin with {quoted(found)}; quote it"
    problem = _PROBLEMS.get(problem, problem)
    start = error.context_mark.index if error.context_mark is not None else index
    line, column = place_of(text, start, document)
    return problem if start == index else f"{problem} ({error.context} that starts at line {line}, column {column})"


def _unreadable(document: Document, text: str, message: str, index: int, *, is_template: bool = False) -> UnreadableError:
    line, column = place_of(text, min(index, len(text)), document)
    if is_template:
        return UnrenderedTemplateError(message + _HINT, file=document.file, line=line, column=column)
    return UnreadableError(message, file=document.file, line=line, column=column)
