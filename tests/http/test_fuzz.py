"""Whatever comes over the socket, every answer is one that HTTP and the API server understand, and the next review is answered as ever."""

import contextlib
import json
import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.admission import reviews
from tests.http.serving import PATIENCE, Served, ask, bad_review, pod_review, post, serving, vmi_review
from webhook.http.limits import ConnectionLimits, Limits

ANSWERS = {200, 400, 404, 405, 408, 413, 415, 429, 431, 504}
MAX_BODY = 64 * 1024
THINKING = 0.05
"""Seconds without an answer after which a client has no more to say."""
ANSWER = re.compile(
    rb"HTTP/1\.1 (?P<code>[1-5]\d\d) [\x20-\x7e]+\r\n(?:(?:content-length: (?P<length>\d+)|[a-z-]+: [\x20-\x7e]*)\r\n)*\r\n"
)
EXAMPLES = settings(max_examples=150)
RECORDED = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "data/reviews").glob("*.json"))]
OURS = [vmi_review(), bad_review(), pod_review(), reviews.review(reviews.vm_object(reviews.BAD), reviews.vm_object(reviews.GOOD))]

PATHS = st.sampled_from(["/validate", "/mutate"])
SCRAPS = st.sampled_from(
    [
        b"null",
        b"{}",
        b"[]",
        b'""',
        b"-1",
        b"1e999",
        b"9" * 400,
        b"true",
        b"[" * 3000,
        b'{"a":' * 3000,
        b'"\\ud800"',
        b"\xff",
        b"\0",
        b"NaN",
        b",",
    ]
)
KEYS = st.sampled_from(
    [
        *("apiVersion", "kind", "request", "uid", "operation", "object", "oldObject", "namespace", "name", "subResource", "userInfo"),
        *("group", "version", "metadata", "labels", "annotations", "ownerReferences", "deletionTimestamp", "spec", "template", "domain"),
        *("devices", "interfaces", "networks", "binding", "masquerade", "pod", "multus", "containers", "resources", "requests", "memory"),
    ]
)
VALUES = st.sampled_from(
    [
        *("admission.k8s.io/v1", "AdmissionReview", "kubevirt.io/v1", "VirtualMachine", "VirtualMachineInstance", "Pod", "KubeVirt", "v1"),
        *("CREATE", "UPDATE", "DELETE", "u-1", "", "compute", "virt-launcher", "blue", "blu", "1Gi", "1e9999999", "\x00", "ä\u202e"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | VALUES | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=6),
    max_leaves=40,
)
REQUESTS = [json.loads(each)["request"] for each in (*RECORDED, *OURS)]
LATIN = st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n")
TOKENS = st.text(LATIN, max_size=20)
HEADER_NAMES = st.sampled_from(
    [
        *("content-type", "content-length", "transfer-encoding", "content-encoding", "connection", "expect", "host", "upgrade", "te"),
        *("Content-Length ", " x", "x", "", ":"),
    ]
)
HEADER_VALUES = TOKENS | st.sampled_from(
    [
        *("application/json", "application/json; charset=utf-8", "text/plain", "0", "-1", "+5", "5, 5", "1e3", "99999999999999999999999"),
        *("chunked", "gzip", "gzip, chunked", "identity", "close", "keep-alive", "100-continue", "h2c", "websocket", "x" * 70_000),
    ]
)
QUERIES = TOKENS | st.sampled_from(
    [
        "timeout=0s",
        "timeout=1ns",
        "timeout=-1s",
        "timeout=9999h",
        "timeout=%00",
        "timeout=" + "9" * 5000 + "s",
        "&" * 5000,
        "%",
        "timeout=1s&timeout=2s",
    ]
)


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    limits = Limits(max_body_bytes=MAX_BODY)
    with serving(limits=limits, connections=ConnectionLimits(head_seconds=PATIENCE, body_seconds=PATIENCE)) as served:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        yield served
        structlog.reset_defaults()
        samples = [sample for family in served.metrics.registry.collect() for sample in family.samples]
        assert [sample for sample in samples if sample.labels.get("code") == "500"] == []


def spliced(body: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    """The body with a part after each place replaced."""
    for at, length, put_in in cuts:
        place = at % (len(body) + 1)
        body = body[:place] + put_in + body[place + length :]
    return body


CUTS = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from([0, 1, 2, 7, 50, 10_000]), SCRAPS | st.binary(max_size=4)), max_size=4)
MUTATED = st.builds(spliced, st.sampled_from([*RECORDED, *OURS]), CUTS)


@st.composite
def altered(draw: st.DrawFn) -> bytes:
    """A review in whose request some values, at any depth, are others."""
    request = json.loads(json.dumps(draw(st.sampled_from(REQUESTS))))
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = request
        while True:
            steps = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            step = draw(st.sampled_from(steps))
            if not isinstance(holder[step], dict | list) or not holder[step] or draw(st.booleans()):
                holder[step] = draw(JSON)
                break
            holder = holder[step]
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()


@given(path=PATHS, body=st.binary(max_size=200) | SCRAPS)
@EXAMPLES
def test_arbitrary_bytes_are_answered(server: Served, path: str, body: bytes) -> None:
    assert_reviewed(server, path, body)


@given(path=PATHS, body=MUTATED)
@EXAMPLES
def test_a_mutated_review_is_answered(server: Served, path: str, body: bytes) -> None:
    assert_reviewed(server, path, body)


@given(path=PATHS, value=JSON)
@EXAMPLES
def test_any_json_is_answered(server: Served, path: str, value: Any) -> None:
    assert_reviewed(server, path, json.dumps(value).encode())


@given(path=PATHS, body=altered())
@EXAMPLES
def test_a_review_with_anything_in_it_is_answered(server: Served, path: str, body: bytes) -> None:
    assert_reviewed(server, path, body)


@given(path=PATHS, query=QUERIES, headers=st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES), max_size=4), whole=st.booleans())
@EXAMPLES
def test_hostile_heads_are_answered(server: Served, path: str, query: str, headers: list[tuple[str, str]], *, whole: bool) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    usual = f"host: a\r\ncontent-type: application/json\r\ncontent-length: {len(OURS[0])}\r\n" if whole else ""
    assert_survived(server, f"POST {path}?{query} HTTP/1.1\r\n{usual}{lines}\r\n".encode("latin-1") + OURS[0])


@given(sent=st.binary(max_size=300) | st.builds(spliced, st.builds(post, st.sampled_from(OURS), PATHS), CUTS))
@EXAMPLES
def test_whatever_looks_like_http_or_not_is_survived(server: Served, sent: bytes) -> None:
    assert_survived(server, sent)


def test_a_body_at_the_bound_is_read_and_one_above_it_is_not(server: Served) -> None:
    padding = MAX_BODY - len(OURS[0])
    with server.connect() as connection:
        assert ask(connection, post(OURS[0] + b" " * padding))[0] == 200
    with server.connect() as connection:
        assert ask(connection, post(OURS[0] + b" " * (padding + 1)))[0] == 413


def assert_reviewed(server: Served, path: str, body: bytes) -> None:
    """A whole request is answered: by a review of its own uid, or by a Status."""
    with server.connect() as connection:
        code, _, answer = ask(connection, post(body, path))
    assert_understood(code, answer)
    if code == 200:
        assert answer["response"]["uid"] == json.loads(body.decode(errors="replace"))["request"]["uid"]
    assert_answers_as_ever(server)


def assert_survived(server: Served, sent: bytes) -> None:
    """However many answers come, each is one; then the connection ends, as soon as its client has no more to say."""
    with server.connect() as connection:
        received, whole = exchanged(connection, sent)
    while received:
        found = ANSWER.match(received)
        if found is None:
            assert not whole, received
            break
        length = int(found["length"] or 0)
        answer, received = received[found.end() :][:length], received[found.end() + length :]
        assert len(answer) == length or not whole
        if found["code"] != b"100" and len(answer) == length:
            assert_understood(int(found["code"]), json.loads(answer))
    assert_answers_as_ever(server)


def exchanged(connection: socket.socket, sent: bytes) -> tuple[bytes, bool]:
    """All that comes back until the server closes the connection, and whether that is all that it sent.

    A connection that is closed before everything sent was read ends with a reset, which may overtake the answer.
    """
    received = b""
    try:
        connection.sendall(sent)
        connection.settimeout(THINKING)
        with contextlib.suppress(TimeoutError):
            while part := connection.recv(65536):
                received += part
            return received, True
        connection.settimeout(PATIENCE)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65536):
            received += part
    except ConnectionError:
        return received, False
    return received, True


def assert_understood(code: int, answer: Any) -> None:
    """An AdmissionReview, or a Kubernetes Status with a code that API servers and people know what to do with."""
    assert code in ANSWERS, answer
    if code == 200:
        assert (answer["apiVersion"], answer["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
        assert isinstance(answer["response"]["allowed"], bool)
        return
    assert (answer["apiVersion"], answer["kind"], answer["status"], answer["code"]) == ("v1", "Status", "Failure", code)
    assert answer["message"]


def assert_answers_as_ever(server: Served) -> None:
    with server.connect() as connection:
        assert ask(connection, post(vmi_review()))[2]["response"]["allowed"] is True
        assert ask(connection, post(bad_review()))[2]["response"]["allowed"] is False
        assert ask(connection, post(pod_review(), "/mutate"))[2]["response"]["patch"]
