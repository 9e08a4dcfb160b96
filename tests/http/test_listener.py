"""A port from its start to its end: draining loses nothing."""

import asyncio
import socket
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from tests.http.serving import (
    PATIENCE,
    Served,
    VMIs,
    ask,
    assert_closed,
    front,
    pod_review,
    post,
    read_all,
    read_answer,
    serving,
    vmi_review,
)
from webhook.http.listener import Listener
from webhook.http.metrics import Metrics

pytestmark = pytest.mark.usefixtures("each_listener")

JSON = {"content-type": "application/json"}


def draining(server: Served) -> "Future[None]":
    """Let the server drain for longer than any test takes; cancelling that lets `stop` end it at once."""
    started = asyncio.run_coroutine_threadsafe(server.listener.drain(10 * PATIENCE), server.loop.loop)
    server.loop.run(asyncio.sleep(0))
    return started


def test_an_address_that_is_taken_is_an_error_of_the_system() -> None:
    with serving() as server, pytest.raises(OSError, match="Address already in use"):
        server.loop.run(Listener(front(Metrics("0")), host="127.0.0.1", port=server.port).start())


def test_a_listener_has_no_port_before_it_is_started_and_can_be_stopped_all_the_same() -> None:
    listener = Listener(front(Metrics("0")), host="127.0.0.1", port=0)
    with pytest.raises(RuntimeError, match="not started"):
        _ = listener.port
    asyncio.run(listener.stop())


def test_while_draining_every_answer_asks_to_leave_and_new_connections_are_served() -> None:
    with serving() as server:
        with server.connect() as before:
            assert "connection" not in ask(before, post(vmi_review()))[1]
            ended = draining(server)
            for connection in (before, server.connect()):
                for request in [post(vmi_review())]:
                    status, headers, _ = ask(connection, request)
                    assert (status, headers["connection"]) == (200, "close")
                assert_closed(connection)
                connection.close()
        for request in (b"GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n", post(b"")):
            with server.connect() as connection:
                assert ask(connection, request)[1]["connection"] == "close"
        with server.connect() as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert b"connection: close" in read_all(connection)
        ended.cancel()


def test_what_is_in_flight_is_answered_before_the_end() -> None:
    vmis = VMIs(shut=True)
    with serving(vmis=vmis) as server, server.connect() as busy, server.connect() as idle:
        assert ask(idle, post(vmi_review()))[0] == 200
        busy.sendall(post(pod_review(), "/mutate"))
        assert vmis.asked.acquire(timeout=PATIENCE)
        stopped = asyncio.run_coroutine_threadsafe(server.listener.stop(PATIENCE), server.loop.loop)
        assert_closed(idle)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        server.loop.run(vmis.open())
        with busy.makefile("rb") as stream:
            status, headers, review = read_answer(stream)
        assert (status, headers["connection"], review["response"]["allowed"]) == (200, "close", True)
        stopped.result(PATIENCE)


def is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.limits("a moment for the first request of a connection while stopping")
def test_a_connection_that_has_brought_no_request_yet_gets_a_moment_to_bring_one() -> None:
    with serving() as server, server.connect() as fresh:
        server.until(lambda: server.listener.connections == 1)
        stopped = asyncio.run_coroutine_threadsafe(server.listener.stop(PATIENCE), server.loop.loop)
        server.until(lambda: is_refused(server.port))
        status, headers, _ = ask(fresh, post(vmi_review()))
        assert (status, headers["connection"]) == (200, "close")
        stopped.result(PATIENCE)


def test_what_never_ends_is_cut_off_when_the_time_is_over() -> None:
    vmis = VMIs(shut=True)
    with serving(vmis=vmis) as server, server.connect() as busy:
        busy.sendall(post(pod_review(), "/mutate"))
        assert vmis.asked.acquire(timeout=PATIENCE)
        server.loop.run(server.listener.stop(0.1))
        assert_closed(busy)
        assert server.listener.connections == 0
        server.until(lambda: server.sample("bindguard_requests_in_flight") == 0)


def test_draining_under_load_loses_no_request() -> None:
    with serving() as server:

        def work(_worker: int) -> int:
            """Ask again and again, on a kept connection while there is one, until told five times to leave."""
            answered = told_to_leave = 0
            with httpx.Client(base_url=server.url, headers=JSON, timeout=PATIENCE) as client:
                while told_to_leave < 5:
                    answer = client.post("/validate", content=vmi_review())
                    assert answer.status_code == 200
                    assert answer.json()["response"]["allowed"] is True
                    answered += 1
                    told_to_leave += answer.headers.get("connection") == "close"
            return answered

        with ThreadPoolExecutor(8) as pool:
            workers = pool.map(work, range(8))
            server.until(lambda: server.sample("bindguard_requests_total", **ALLOWED) >= 200)
            ended = draining(server)
            answered = sum(workers)
        assert server.sample("bindguard_requests_total", **ALLOWED) == answered
        ended.cancel()


def test_a_drain_ends_by_itself() -> None:
    with serving() as server, server.connect() as idle:
        assert ask(idle, post(vmi_review()))[0] == 200
        server.loop.run(server.listener.drain(0.05))
        assert_closed(idle)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)


def test_any_application_can_be_listened_for() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an ASGI application
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with serving(app) as server:
        answer = httpx.get(server.url)
    assert (answer.status_code, dict(answer.headers)) == (204, {})


ALLOWED = {"endpoint": "/validate", "kind": "VirtualMachineInstance", "operation": "CREATE", "decision": "allowed", "code": "200"}
