import io
import tracemalloc
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.errors import UnreadableError
from webhook.manifests.documents import SkippedDocument, read_documents
from webhook.manifests.model import Document, DocumentFormat

from .builders import data, lines_and_texts, stream, told


def test_documents_have_the_line_of_their_first_line() -> None:
    assert lines_and_texts("a: 1\n---\nb: 2\n--- # c\n\nc: 3\n") == [(1, "a: 1\n"), (3, "b: 2\n"), (5, "\nc: 3\n")]


def test_a_marker_on_the_first_and_on_the_last_line_is_a_marker() -> None:
    assert lines_and_texts("---\na: 1\n---") == [(2, "a: 1\n")]
    assert lines_and_texts("---\na: 1\n...\n") == [(2, "a: 1\n")]


@pytest.mark.parametrize("line", ["---x", "----", " ---", "....", "a: ---", "--"])
def test_what_only_looks_like_a_marker_is_none(line: str) -> None:
    assert len(lines_and_texts(f"a: 1\n{line}\nb: 2\n")) == 1


@pytest.mark.parametrize("marker", ["---", "--- ", "---\t", "---\r", "--- # comment", "..."])
def test_white_space_and_comments_may_follow_a_marker(marker: str) -> None:
    assert lines_and_texts(f"a: 1\n{marker}\nb: 2\n") == [(1, "a: 1\n"), (3, "b: 2\n")]


def test_text_after_a_marker_belongs_to_the_document() -> None:
    assert lines_and_texts("a: 1\n--- {b: 2}\n--- |\n  c\n") == [(1, "a: 1\n"), (2, "--- {b: 2}\n"), (3, "--- |\n  c\n")]


def test_directives_belong_to_the_document_after_them() -> None:
    text = "# c\n%YAML 1.1\n%TAG ! tag:yaml.org,2002:\n---\na: !str 1\n...\n%YAML 1.1\n---\nb: 2\n"
    documents = [each for each in told(text) if isinstance(each, Document)]
    assert [(each.line, data(each.text)) for each in documents] == [(1, {"a": "1"}), (7, {"b": 2})]


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n", "---\n", "---\n---\n# c\n  \n...\n", "\ufeff", "---"])
def test_comments_and_blanks_are_no_document(text: str) -> None:
    assert told(text) == []


def test_a_bom_is_removed() -> None:
    assert lines_and_texts("\ufeffa: 1\n---\n\ufeffb: 2\n") == [(1, "a: 1\n"), (3, "b: 2\n")]
    assert lines_and_texts("\ufeff---\na: 1\n") == [(2, "a: 1\n")]


def test_crlf_is_no_matter() -> None:
    assert lines_and_texts("a: 1\r\n---\r\nb: 2\r\n") == [(1, "a: 1\r\n"), (3, "b: 2\r\n")]


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "UTF-16"), ("utf-32", "UTF-32")])
def test_utf_16_and_utf_32_are_reported(encoding: str, name: str) -> None:
    (error,) = told("a: 1\n".encode(encoding))
    assert isinstance(error, UnreadableError)
    assert str(error) == f"vm.yaml:1: the file is {name}; save it as UTF-8"


def test_a_nul_byte_is_reported_with_its_line_and_the_other_documents_go_on() -> None:
    first, error, last = told("a: 1\n---\nb: 2\nc: \0\n---\nd: 4\n")
    assert isinstance(error, UnreadableError)
    assert (error.line, "NUL byte" in error.message) == (4, True)
    assert isinstance(first, Document)
    assert isinstance(last, Document)
    assert last.line == 6


def test_documents_without_the_needle_are_only_counted() -> None:
    found = told("a: 1\n---\nb: 2\n---\n# c\n---\nneedle: 3\n---\nd: 4\n", needle=b"needle")
    assert found == [SkippedDocument(2), Document("vm.yaml", 7, b"needle: 3\n", DocumentFormat.YAML), SkippedDocument(1)]


def test_a_json_file_is_one_document() -> None:
    text = '\n{"a": [\n1]}\n'
    assert told(text, "vm.JSON") == [Document("vm.JSON", 2, text[1:].encode(), DocumentFormat.JSON)]
    assert told(text, "vm.json", needle=b"b") == [SkippedDocument(1)]
    assert told("", "vm.json") == []


def test_json_under_another_name_may_have_markers() -> None:
    assert [line for line, _ in lines_and_texts('{"a": 1}\n---\n{"b": 2}\n')] == [1, 3]


def test_a_document_above_the_limit_is_reported_and_the_others_go_on() -> None:
    text = "a: 1\n---\nb: '" + "\nx" * 5000 + "'\n---\nc: 3\n"
    for chunk in (64, 1_000_000):
        first, error, last = told(text, max_document_bytes=1000, chunk_bytes=chunk)
        assert isinstance(error, UnreadableError)
        assert str(error) == "vm.yaml:2: a document longer than 1,000 bytes is not read; split it"
        assert isinstance(first, Document)
        assert last == Document("vm.yaml", 5005, b"c: 3\n", DocumentFormat.YAML)


def test_a_json_file_above_the_limit_is_reported() -> None:
    (error,) = told("[" + "1, " * 1000 + "1]", "vm.json", max_document_bytes=1000)
    assert isinstance(error, UnreadableError)
    assert "longer than 1,000 bytes" in error.message


class Huge(io.BytesIO):
    """A stream of one document of 200 MB, which is nowhere as a whole."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 200 * 1024 * 1024

    def read(self, size: int | None = -1) -> bytes:
        size = self.left if size is None or size < 0 else min(size, self.left)
        self.left -= size
        return b"x" * size


def test_a_document_of_200_mb_takes_no_200_mb() -> None:
    tracemalloc.start()
    (error,) = read_documents(Huge(), "vm.yaml", max_document_bytes=1024 * 1024)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(error, UnreadableError)
    assert peak < 10 * 1024 * 1024


_LINES = st.lists(
    st.sampled_from(
        [
            "---",
            "--- # c",
            "--- x",
            "...",
            "---x",
            "",
            "# c",
            "a: 1",
            "needle: 2",
            "  b",
            "%YAML 1.1",
            "\0",
            "x" * 40,
            "\r",
            "---\r",
            "\ufeff",
        ]
    ),
    max_size=14,
)


@given(_LINES, st.sampled_from(["", "\n"]), st.integers(1, 50), st.sampled_from([None, b"needle"]))
def test_a_stream_gives_the_same_however_it_is_read(lines: list[str], end: str, chunk: int, needle: bytes | None) -> None:
    raw = ("\n".join(lines) + end).encode()
    at_once = list(read_documents(stream(raw), "x", needle=needle, max_document_bytes=60))
    in_chunks = list(read_documents(stream(raw), "x", needle=needle, max_document_bytes=60, chunk_bytes=chunk))
    assert [repr(each) for each in in_chunks] == [repr(each) for each in at_once]


@given(_LINES)
def test_every_document_stands_at_its_line(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    for line, found in lines_and_texts(text):
        assert (
            "\n".join(text.removeprefix("\ufeff").split("\n")[line - 1 :]).removeprefix("\ufeff").startswith(found.removeprefix("\ufeff"))
        )


class Dribbling(io.RawIOBase):
    """A stream that gives less at once than it has, as pipes do."""

    def __init__(self, data: bytes) -> None:
        self._left = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        given, self._left = self._left[:3], self._left[3:]
        buffer[: len(given)] = given
        return len(given)


@pytest.mark.parametrize("file", ["vm.json", "vm.yaml"])
def test_a_stream_that_comes_in_drops_is_read_whole(file: str) -> None:
    text = b'{"a": "' + b"x" * 100 + b'"}\n'
    [document] = read_documents(cast(BinaryIO, Dribbling(text)), file)
    assert isinstance(document, Document)
    assert document.text == text
