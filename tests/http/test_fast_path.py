"""The lane: a URL that is known is answered faster, and in nothing else differently. Every first request here makes the URL known."""

import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.serving import (
    PATIENCE,
    Served,
    VMIs,
    ask,
    assert_closed,
    bad_review,
    pod_review,
    post,
    read_all,
    read_answer,
    rule_set,
    serving,
    vmi_review,
)
from webhook.admission.rule_set import RuleSet
from webhook.http.limited_listener import LimitedListener
from webhook.http.limits import ConnectionLimits, Limits

HEAD = b"POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
ALLOWED = {"endpoint": "/validate", "kind": "VirtualMachineInstance", "operation": "CREATE", "decision": "allowed", "code": "200"}


@pytest.fixture
def known() -> Iterator[tuple[Served, socket.socket]]:
    """A server that knows the URL `/validate`, and a connection to it."""
    with serving() as server, server.connect() as connection:
        assert ask(connection, post(vmi_review()))[0] == 200
        yield server, connection


def raw_answer(connection: socket.socket, request: bytes) -> bytes:
    """An answer byte by byte, but for what changes with the time."""
    connection.sendall(request)
    answer = bytearray()
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    length = int(re.findall(rb"content-length: (\d+)", head)[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + re.sub(rb'"registry-age-seconds":"\d+"', b"", body)


@pytest.mark.parametrize("review", [vmi_review(), vmi_review(operation="DELETE"), bad_review(), b"{", b"", vmi_review(uid='a"b\\\u2028')])
def test_a_known_url_is_answered_with_the_same_bytes_as_an_unknown_one(review: bytes) -> None:
    with serving() as server, server.connect() as connection:
        first, *others = (raw_answer(connection, post(review)) for _ in range(3))
    assert others == [first, first]


def test_each_answer_is_counted_once(known: tuple[Served, socket.socket]) -> None:
    server, connection = known
    for _ in range(9):
        assert ask(connection, post(vmi_review()))[0] == 200
    assert server.sample("bindguard_requests_total", **ALLOWED) == 10
    assert server.sample("bindguard_request_duration_seconds_count", endpoint="/validate") == 10
    assert server.sample("bindguard_requests_in_flight") == 0


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (HEAD.replace(b"json", b"yaml") + b"content-length: 2\r\n\r\n{}", 415),
        (HEAD + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}", 415),
        (HEAD.replace(b"POST", b"PUT") + b"content-length: 2\r\n\r\n{}", 405),
        (HEAD + b"content-length: 2\r\n\r\n{}", 400),
        (HEAD + b"content-length: 0\r\n\r\n", 400),
        (HEAD + b"content-length: 999999999\r\n\r\n", 413),
    ],
)
def test_what_is_refused_is_refused_at_a_known_url_and_counted_once(
    known: tuple[Served, socket.socket], request_: bytes, status: int
) -> None:
    server, connection = known
    assert ask(connection, request_)[0] == status
    assert server.sample("bindguard_requests_total", endpoint="/validate", kind="", operation="", decision="error", code=str(status)) == 1


@pytest.mark.parametrize("cut", [1, 100, 130, 400, -1])
def test_a_request_to_a_known_url_may_come_in_parts(known: tuple[Served, socket.socket], cut: int) -> None:
    server, connection = known
    request = post(vmi_review())
    connection.sendall(request[:cut])
    if cut < 0 or cut > request.index(b"\r\n\r\n"):
        server.until(lambda: server.sample("bindguard_request_bodies") == 1)
    assert ask(connection, request[cut:])[0] == 200


def test_a_chunked_request_to_a_known_url_is_read(known: tuple[Served, socket.socket]) -> None:
    body = vmi_review()
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:50], body[50:]))
    status, _, review = ask(known[1], HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert (status, review["response"]["allowed"]) == (200, True)


def test_a_broken_chunk_at_a_known_url_is_refused_once(known: tuple[Served, socket.socket]) -> None:
    server, connection = known
    connection.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n")
    assert read_all(connection).count(b"HTTP/1.1 400 ") == 1
    assert server.refused == [400]


def test_pipelined_requests_of_every_kind_are_answered_in_their_order(known: tuple[Served, socket.socket]) -> None:
    _, connection = known
    uids = [(f"u{number}", f"u{number + 1}") for number in range(0, 21, 3)]
    connection.sendall(b"".join(post(vmi_review(uid=good)) + post(bad_review(uid=bad)) + post(b"{") for good, bad in uids))
    with connection.makefile("rb") as stream:
        answers = [read_answer(stream) for _ in range(21)]
    assert [status for status, _, _ in answers] == [200, 200, 400] * 7
    assert [told["response"]["uid"] for status, _, told in answers if status == 200] == [f"u{n}" for n in range(21) if n % 3 < 2]


def test_who_asks_to_leave_is_let_go(known: tuple[Served, socket.socket]) -> None:
    _, connection = known
    assert ask(connection, post(vmi_review(), "/validate", "connection: close"))[1]["connection"] == "close"
    assert_closed(connection)


def test_http_1_0_is_closed_at_a_known_url_too(known: tuple[Served, socket.socket]) -> None:
    _, connection = known
    connection.sendall(post(vmi_review(), "/validate", "connection: keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert b"connection: close" in read_all(connection)


def test_who_waits_to_go_on_is_told_at_a_known_url_too(known: tuple[Served, socket.socket]) -> None:
    _, connection = known
    connection.sendall(post(vmi_review(), "/validate", "expect: 100-continue"))
    with connection.makefile("rb") as stream:
        assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"
        stream.readline()
        assert read_answer(stream)[0] == 200


def test_over_capacity_a_known_url_is_turned_away_too() -> None:
    vmis = VMIs(shut=True)
    with serving(vmis=vmis, limits=Limits(max_in_flight=1)) as server, server.connect() as connection, server.connect() as busy:
        assert ask(connection, post(vmi_review()))[0] == 200
        busy.sendall(post(pod_review(), "/mutate"))
        assert vmis.asked.acquire(timeout=PATIENCE)
        assert ask(connection, post(vmi_review()))[0] == 429
        server.loop.run(vmis.open())


def test_a_violation_of_ours_is_told_once_and_hurts_no_other_request() -> None:
    broken: list[bool] = []

    def book() -> RuleSet:
        if broken:
            raise ZeroDivisionError
        return rule_set()

    with serving(book=book) as server, server.connect() as connection:
        assert ask(connection, post(vmi_review()))[0] == 200
        broken.append(True)
        assert ask(connection, post(vmi_review()))[0] == 500
        broken.clear()
        assert ask(connection, post(vmi_review()))[0] == 200
        assert server.sample("bindguard_requests_total", endpoint="/validate", kind="", operation="", decision="error", code="500") == 1


def test_however_many_urls_are_asked_all_are_answered() -> None:
    with serving() as server, server.connect() as connection:
        answers: list[Any] = [ask(connection, post(vmi_review(), f"/validate?timeout={n}s"))[0] for n in range(1, 200)]
        assert set(answers) == {200}


@pytest.mark.limits("a bound on URLs that are remembered")
def test_at_most_64_urls_are_remembered() -> None:
    remembered: list[int] = []
    with serving() as server, server.connect() as connection:
        assert isinstance(server.listener, LimitedListener)
        for number in range(200):
            assert ask(connection, post(vmi_review(), f"/validate?timeout={number}s"))[0] == 200
            remembered.append(len(server.listener._fast_paths))
    assert max(remembered) == 64


@pytest.mark.limits("a bound on open connections")
def test_a_valid_review_at_a_known_url_counts_for_its_connection() -> None:
    with serving(connections=ConnectionLimits(max_connections=2)) as server, server.connect() as earlier, server.connect() as later:
        assert ask(earlier, post(vmi_review()))[0] == ask(later, post(vmi_review()))[0] == 200
        with server.connect() as newcomer:
            assert ask(newcomer, post(vmi_review()))[0] == 200
            assert_closed(earlier)
        assert ask(later, post(vmi_review()))[0] == 200


def test_while_draining_a_known_url_asks_to_leave(known: tuple[Served, socket.socket]) -> None:
    server, connection = known
    server.loop.run(server.listener.drain(0))
    assert_closed(connection)
