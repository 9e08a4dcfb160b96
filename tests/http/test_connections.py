"""One connection, from the kind to the hostile: what uvicorn alone would wait for, keep or mistake."""

import contextlib
import socket
import time

import httpx
import msgspec
import pytest

from tests.http.serving import (
    LIMITED,
    PATIENCE,
    Served,
    VMIs,
    ask,
    assert_closed,
    pod_review,
    post,
    read_all,
    read_answer,
    serving,
    vmi_review,
)
from webhook.http.limits import ConnectionLimits
from webhook.http.pool import TurnedAway

pytestmark = pytest.mark.usefixtures("each_listener")

HASTY = ConnectionLimits(head_seconds=0.3, body_seconds=0.3, write_seconds=0.3, keep_alive_seconds=1)
HEAD = b"POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


def drip(connection: socket.socket, part: bytes) -> None:
    """Send a little again and again, until the server has had enough."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            connection.sendall(part)
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail("the server never has enough")


def fill(server: Served, connection: socket.socket) -> None:
    """Send small requests and never read an answer, until the server has let go of the connection."""
    requests = b"GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n" * 1000
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.settimeout(0.1)
    until = time.monotonic() + PATIENCE
    sent = 0
    while server.listener.connections:
        assert time.monotonic() < until
        with contextlib.suppress(OSError):
            sent += connection.send(requests[sent % len(requests) :])


def test_a_connection_is_kept_for_the_next_request() -> None:
    with serving() as server, server.connect() as connection:
        for _ in range(50):
            status, headers, review = ask(connection, post(vmi_review()))
            assert (status, review["response"]["allowed"]) == (200, True)
            assert "connection" not in headers
        assert server.listener.connections == 1


def test_pipelined_requests_are_answered_in_their_order() -> None:
    with serving() as server, server.connect() as connection:
        connection.sendall(b"".join(post(vmi_review(uid=f"u{i}")) for i in range(20)))
        with connection.makefile("rb") as stream:
            assert [read_answer(stream)[2]["response"]["uid"] for _ in range(20)] == [f"u{i}" for i in range(20)]


@pytest.mark.limits("a bound on pipelined requests")
def test_too_many_pipelined_requests_cost_the_connection_and_no_other() -> None:
    vmis = VMIs(shut=True)
    with serving(vmis=vmis, connections=ConnectionLimits(max_pipelined=3)) as server, server.connect() as connection:
        connection.sendall(post(pod_review(), "/mutate") * 6)
        assert_closed(connection)
        server.loop.run(vmis.open())
        assert httpx.post(server.url + "/validate", content=vmi_review(), headers={"content-type": "application/json"}).status_code == 200
        assert server.refused == [429]


def test_a_body_may_come_byte_by_byte() -> None:
    body = vmi_review()
    with serving() as server, server.connect() as connection:
        connection.sendall(HEAD + b"content-length: %d\r\n\r\n" % len(body))
        for byte in body[:-1]:
            connection.send(bytes([byte]))
        assert ask(connection, body[-1:])[0] == 200


@pytest.mark.parametrize("sent", [b"", b"P", b"POST /validate HTTP/1.1\r\nhost: a\r\nx", b"\r\n"])
@pytest.mark.limits("a time for a request head")
def test_a_client_that_sends_no_whole_head_is_cut_off(sent: bytes) -> None:
    with serving(connections=HASTY) as server, server.connect() as connection:
        connection.sendall(sent)
        answer = read_all(connection)
    assert answer == b"" if not sent.strip() else answer.startswith(b"HTTP/1.1 408 ") and b"the request head did not arrive" in answer


@pytest.mark.parametrize("part", [b"\r\n", b"x-a: b\r\n"])
@pytest.mark.limits("a time for a request head")
def test_a_head_that_drips_in_is_cut_off(part: bytes) -> None:
    with serving(connections=HASTY) as server, server.connect() as connection:
        connection.sendall(b"" if part == b"\r\n" else HEAD)
        drip(connection, part)


@pytest.mark.limits("a time for a request head")
def test_a_second_head_that_drips_in_is_cut_off_too() -> None:
    with serving(connections=HASTY) as server, server.connect() as connection:
        assert ask(connection, post(vmi_review()))[0] == 200
        drip(connection, b"\r\n")


@pytest.mark.limits("a time for a request body")
def test_a_slow_body_is_told_that_it_is_slow() -> None:
    with serving(connections=HASTY) as server, server.connect() as connection:
        connection.sendall(HEAD + b"content-length: 100\r\n\r\n{")
        answer = read_all(connection)
        assert server.refused == [408]
        server.until(lambda: server.sample("bindguard_requests_in_flight") == 0)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the request body did not arrive within 0.3 s" in answer


@pytest.mark.limits("a time for a request body")
def test_a_body_that_drips_in_is_cut_off() -> None:
    with serving(connections=HASTY) as server, server.connect() as connection:
        connection.sendall(HEAD + b"content-length: 10000000\r\n\r\n")
        drip(connection, b" ")


@pytest.mark.limits("a time for a request body")
def test_the_rest_of_a_refused_body_is_not_waited_for_without_end() -> None:
    with serving(connections=HASTY) as server, server.connect() as connection:
        assert ask(connection, HEAD + b"content-length: 100000000\r\n\r\n")[0] == 413
        drip(connection, b" " * 100)


def test_a_wait_for_a_vmi_is_no_wait_for_the_client() -> None:
    vmis = VMIs(shut=True)
    with serving(vmis=vmis, connections=HASTY) as server, server.connect() as connection:
        connection.sendall(post(pod_review(), "/mutate"))
        assert vmis.asked.acquire(timeout=PATIENCE)
        time.sleep(3 * HASTY.head_seconds)
        server.loop.run(vmis.open())
        with connection.makefile("rb") as stream:
            assert read_answer(stream)[0] == 200


def test_an_idle_connection_is_closed_after_a_while() -> None:
    with serving(connections=HASTY) as server, server.connect() as connection:
        assert ask(connection, post(vmi_review()))[0] == 200
        assert_closed(connection)


@pytest.mark.limits("a time for a client that does not read")
def test_a_client_that_never_reads_is_cut_off() -> None:
    limits = msgspec.structs.replace(HASTY, max_pipelined=1_000_000)
    with serving(connections=limits) as server, server.connect() as connection:
        fill(server, connection)
        assert server.refused == []


@pytest.mark.parametrize("padding", [b"x-a: " + b"a" * 20_000 + b"\r\n", b"x: y\r\n" * 5_000], ids=["one header", "many headers"])
@pytest.mark.parametrize("end", [b"\r\n", b""], ids=["whole", "endless"])
@pytest.mark.limits("a bound on the size of a request head")
def test_a_head_that_is_too_large_is_refused(padding: bytes, end: bytes) -> None:
    with serving() as server, server.connect() as connection:
        status, headers, told = ask(connection, b"GET /validate HTTP/1.1\r\nhost: a\r\n" + padding + end)
        assert (status, headers["connection"]) == (431, "close")
        assert "at most 16384 bytes" in told["message"]
        assert server.refused == [431]


@pytest.mark.limits("a bound on the size of a request head")
def test_a_url_that_is_too_large_is_refused() -> None:
    with serving() as server, server.connect() as connection:
        assert ask(connection, b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n")[0] == 431


def test_a_large_head_within_the_bound_and_a_large_body_are_read() -> None:
    with serving() as server, server.connect() as connection:
        body = vmi_review() + b" " * 3_000_000
        assert ask(connection, post(body, "/validate", "x-a: " + "a" * 15_000))[0] == 200


@pytest.mark.limits("a bound on chunk sizes and trailers")
def test_a_body_in_the_tiniest_chunks_is_refused_before_it_costs_anything() -> None:
    with serving() as server, server.connect() as connection:
        status, _, told = ask(connection, CHUNKED + b"1\r\n \r\n" * 20_000)
    assert status == 400
    assert "chunk sizes and trailers" in told["message"]


@pytest.mark.parametrize("abuse", [b"1;" + b"a" * 100_000, b"0\r\n" + b"x: y\r\n" * 20_000], ids=["extension", "trailers"])
@pytest.mark.limits("a bound on chunk sizes and trailers")
def test_what_comes_beside_a_chunked_body_is_bounded(abuse: bytes) -> None:
    with serving() as server, server.connect() as connection:
        assert ask(connection, CHUNKED + abuse)[0] == 400


def test_chunks_of_a_common_size_are_read() -> None:
    body = vmi_review() + b" " * 500_000
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(body[i : i + 4096]), body[i : i + 4096]) for i in range(0, len(body), 4096))
    with serving() as server, server.connect() as connection:
        assert ask(connection, CHUNKED + chunks + b"0\r\n\r\n")[0] == 200


@pytest.mark.parametrize(
    "request_",
    [
        HEAD + b"content-length: 5\r\ncontent-length: 5\r\n\r\nabcde",
        HEAD + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"content-length: -5\r\n\r\n",
        HEAD + b"content-length: 99999999999999999999999999\r\n\r\n",
        HEAD + b"x-a: b\r\n c\r\n\r\n",
        HEAD + b"x-a\x00: b\r\n\r\n",
        HEAD + b"x-a: b\rc: d\r\n\r\n",
        CHUNKED + b"zz\r\n",
        b"GET validate HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        b"GET http:// HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_valid_http_is_refused_and_the_connection_closed(request_: bytes, each_listener: str) -> None:
    with serving() as server, server.connect() as connection:
        connection.sendall(request_)
        answer = read_all(connection)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1 4") == 1
        assert b"connection: close" in answer
        assert server.refused == ([400] if each_listener == LIMITED else [])


def test_nothing_of_a_request_comes_back_in_a_header() -> None:
    injected = b"/validate%0d%0ax-injected:%201?timeout=%0d%0ax-injected:%201"
    with serving() as server, server.connect() as connection:
        connection.sendall(b"POST %b HTTP/1.1\r\nhost: a\r\ncontent-type: a\tb\r\nconnection: close\r\n\r\n" % injected)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"injected" not in answer


@pytest.mark.parametrize(
    "target", ["/%76alidate", "http://elsewhere/validate", "/validate?timeout=5s&x=%00", "/validate?", "/validate?timeout=%ff"]
)
def test_a_path_may_be_written_in_every_way_that_http_knows(target: str) -> None:
    with serving() as server, server.connect() as connection:
        assert ask(connection, post(vmi_review(), target))[0] == 200


def test_http_1_0_is_answered_and_closed() -> None:
    body = vmi_review()
    with serving() as server, server.connect() as connection:
        connection.sendall(b"POST /validate HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")


def test_a_client_may_wait_to_be_told_to_go_on() -> None:
    body = vmi_review()
    with serving() as server, server.connect() as connection:
        connection.sendall(HEAD + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(body))
        with connection.makefile("rb") as stream:
            assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"
            stream.readline()
            connection.sendall(body)
            assert read_answer(stream)[0] == 200


def test_a_websocket_is_not_spoken() -> None:
    upgrade = (
        b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n\r\n"
    )
    with serving() as server, server.connect() as connection:
        assert ask(connection, b"GET /validate HTTP/1.1\r\nhost: a\r\n" + upgrade)[0] == 405


NOWHERE = b"GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.mark.limits("a bound on open connections")
def test_the_connection_that_has_waited_longest_without_a_valid_review_makes_room() -> None:
    with serving(connections=ConnectionLimits(max_connections=3)) as server, contextlib.ExitStack() as stack:
        trusted, first, second = (stack.enter_context(server.connect()) for _ in range(3))
        assert ask(trusted, post(vmi_review()))[0] == 200
        assert ask(first, NOWHERE)[0] == ask(second, NOWHERE)[0] == ask(first, NOWHERE)[0] == 404
        with server.connect() as newcomer:
            assert ask(newcomer, post(vmi_review()))[0] == 200
            assert_closed(second)
            assert ask(first, NOWHERE)[0] == 404
            assert ask(trusted, post(vmi_review()))[0] == 200
        assert server.turned_away == [TurnedAway.EVICTED]


@pytest.mark.limits("a bound on open connections")
def test_a_body_that_trickles_in_makes_room_too() -> None:
    with serving(connections=ConnectionLimits(max_connections=1)) as server, server.connect() as slow:
        slow.sendall(HEAD + b"content-length: 100\r\n\r\n{")
        server.until(lambda: server.sample("bindguard_request_bodies") == 1)
        with server.connect() as newcomer:
            assert ask(newcomer, post(vmi_review()))[0] == 200
        assert_closed(slow)


@pytest.mark.limits("a bound on open connections")
def test_a_newcomer_is_turned_away_only_while_every_other_connection_is_in_use() -> None:
    vmis = VMIs(shut=True)
    with serving(vmis=vmis, connections=ConnectionLimits(max_connections=1)) as server, server.connect() as busy:
        busy.sendall(post(pod_review(), "/mutate"))
        assert vmis.asked.acquire(timeout=PATIENCE)
        with server.connect() as newcomer:
            assert_closed(newcomer)
        server.loop.run(vmis.open())
        with busy.makefile("rb") as stream:
            assert read_answer(stream)[0] == 200
        assert server.turned_away == [TurnedAway.REFUSED]


@pytest.mark.limits("a bound on open connections")
def test_a_client_that_opens_ever_more_connections_closes_its_own() -> None:
    with serving(connections=ConnectionLimits(max_per_client=2)) as server, contextlib.ExitStack() as stack:
        first, second, third = (stack.enter_context(server.connect()) for _ in range(3))
        assert ask(third, NOWHERE)[0] == ask(second, NOWHERE)[0] == 404
        assert_closed(first)


@pytest.mark.limits("a shorter keep-alive without a valid review")
def test_a_connection_without_a_valid_review_is_kept_for_a_short_time_only() -> None:
    limits = ConnectionLimits(untrusted_keep_alive_seconds=1, keep_alive_seconds=600)
    with serving(connections=limits) as server, server.connect() as trusted, server.connect() as stranger:
        assert ask(trusted, post(vmi_review()))[0] == 200
        assert ask(stranger, NOWHERE)[0] == 404
        assert_closed(stranger)
        assert ask(trusted, post(vmi_review()))[0] == 200


@pytest.mark.limits("trailers apart from headers")
def test_trailers_are_no_headers() -> None:
    body = vmi_review()
    chunked = CHUNKED + b"%x\r\n%b\r\n0\r\ncontent-encoding: gzip\r\n\r\n" % (len(body), body)
    with serving() as server, server.connect() as connection:
        assert ask(connection, chunked)[0] == 200


@pytest.mark.parametrize("version", [b"2.0", b"0.9"])
@pytest.mark.limits("refusal of other versions of HTTP")
def test_no_other_version_of_http_is_spoken(version: bytes) -> None:
    with serving() as server, server.connect() as connection:
        connection.sendall(post(vmi_review()).replace(b"HTTP/1.1", b"HTTP/" + version))
        answer = read_all(connection)
    assert answer.startswith((b"HTTP/1.1 505 ", b"HTTP/1.1 400 "))
    assert server.refused in ([505], [400])


@pytest.mark.limits("refusal of other versions of HTTP")
def test_http_1_0_has_no_chunks() -> None:
    with serving() as server, server.connect() as connection:
        connection.sendall(CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + b"0\r\n\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 400 ")
