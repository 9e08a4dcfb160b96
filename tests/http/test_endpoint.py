"""What the two endpoints answer over HTTP, and what they refuse."""

import base64
import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.http.serving import VMIs, ask, bad_review, pod_review, post, read_answer, serving, vmi_review
from webhook.admission.vmi_source import VMISourceError
from webhook.http.endpoint import parse_duration, seconds_to_answer
from webhook.http.limits import Limits

pytestmark = pytest.mark.usefixtures("each_listener")

JSON = {"content-type": "application/json"}


def assert_status(answer: httpx.Response, code: int, reason: str, said: str) -> None:
    """A Kubernetes Status, with this in its message."""
    assert answer.status_code == code
    assert answer.headers["content-type"] == "application/json"
    status = answer.json()
    assert (status["kind"], status["apiVersion"], status["status"]) == ("Status", "v1", "Failure")
    assert (status["code"], status["reason"]) == (code, reason)
    assert said in status["message"]
    assert "Traceback" not in status["message"]


def test_a_good_vmi_is_allowed_a_bad_one_denied_and_a_launcher_pod_patched() -> None:
    with serving() as server, httpx.Client(base_url=server.url, headers=JSON) as client:
        allowed = client.post("/validate", content=vmi_review()).json()["response"]
        denied = client.post("/validate", content=bad_review()).json()["response"]
        patched = client.post("/mutate", content=pod_review()).json()["response"]
    assert (allowed["allowed"], allowed["uid"]) == (True, "u-1")
    assert denied["allowed"] is False
    assert denied["status"]["code"] == 422
    assert denied["status"]["details"]["causes"][0]["field"] == "spec.domain.devices.interfaces[0].binding.name"
    assert patched["patchType"] == "JSONPatch"
    assert json.loads(base64.b64decode(patched["patch"]))


@pytest.mark.parametrize("path", ["/", "/validate/", "/Validate", "/healthz", "/validate/..", "//validate", "/livez"])
def test_any_other_path_is_told_where_to_go(path: str) -> None:
    with serving() as server:
        answer = httpx.get(httpx.URL(server.url, raw_path=path.encode()))
    assert_status(answer, 404, "NotFound", "/validate and /mutate, and probes, metrics and all else to the operations port")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_any_other_method_is_told_which_one(method: str) -> None:
    with serving() as server:
        answer = httpx.request(method, f"{server.url}/validate")
    assert_status(answer, 405, "MethodNotAllowed", f"method {method} is not allowed")
    assert answer.headers["allow"] == "POST"


def test_head_is_answered_without_a_body_and_the_connection_goes_on() -> None:
    with serving() as server, httpx.Client(base_url=server.url, headers=JSON) as client:
        answer = client.head("/mutate")
        assert (answer.status_code, answer.content) == (405, b"")
        assert client.post("/validate", content=vmi_review()).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/yaml", "", "application/jsonp", "text/json;application/json"])
def test_another_content_type_is_refused_by_name(content_type: str) -> None:
    with serving() as server:
        answer = httpx.post(f"{server.url}/validate", content=vmi_review(), headers={"content-type": content_type})
    assert_status(answer, 415, "UnsupportedMediaType", f"content type {content_type!r} is not accepted; send application/json")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;a=b"])
def test_json_is_json_however_it_is_written(content_type: str) -> None:
    with serving() as server:
        assert httpx.post(f"{server.url}/validate", content=vmi_review(), headers={"content-type": content_type}).status_code == 200


@pytest.mark.parametrize("header", [{"content-encoding": "gzip"}, {"content-encoding": "identity"}])
def test_a_compressed_body_is_refused(header: dict[str, str]) -> None:
    with serving() as server:
        answer = httpx.post(f"{server.url}/validate", content=iter([b"\x1f\x8b"]), headers=JSON | header)
    assert_status(answer, 415, "UnsupportedMediaType", "not compressed")


def test_a_compressed_transfer_is_refused() -> None:
    head = b"POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: gzip, chunked\r\n\r\n"
    with serving() as server, server.connect() as connection:
        status, _, told = ask(connection, head + b"0\r\n\r\n")
    assert status == 415
    assert "transfer encoding 'gzip, chunked' is not accepted" in told["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"kind":"AdmissionReview"}', b"\x00" * 5000])
@pytest.mark.parametrize("path", ["/validate", "/mutate"])
def test_a_body_that_is_no_review_is_a_bad_request(path: str, body: bytes) -> None:
    with serving() as server:
        answer = httpx.post(f"{server.url}{path}", content=body, headers=JSON)
        assert_status(answer, 400, "BadRequest", "")
        assert server.sample("bindguard_requests_total", endpoint=path, kind="", operation="", decision="error", code="400") == 1


def test_a_declared_body_above_the_cap_is_refused_before_it_is_sent() -> None:
    with serving(limits=Limits(max_body_bytes=1000)) as server, server.connect() as connection:
        status, _, told = ask(
            connection, b"POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1001\r\n\r\n"
        )
    assert (status, told["reason"]) == (413, "RequestEntityTooLarge")
    assert "at most 1000 bytes" in told["message"]


def test_a_chunked_body_above_the_cap_is_refused_when_it_passes_it() -> None:
    with serving(limits=Limits(max_body_bytes=1000)) as server, server.connect() as connection:
        head = b"POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        status, _, told = ask(connection, head + b"3e9\r\n" + b" " * 1001 + b"\r\n")
    assert (status, told["code"]) == (413, 413)


def test_a_body_of_exactly_the_cap_is_read() -> None:
    body = vmi_review()
    with serving(limits=Limits(max_body_bytes=len(body))) as server:
        for content in (body, iter([body[:100], body[100:]])):
            assert httpx.post(f"{server.url}/validate", content=content, headers=JSON).status_code == 200


def test_a_client_that_sends_a_huge_body_reads_why_it_is_refused() -> None:
    with serving() as server:
        answer = httpx.post(f"{server.url}/validate", content=b" " * (8 * 1024 * 1024), headers=JSON)
    assert_status(answer, 413, "RequestEntityTooLarge", "at most 7340032 bytes")


def test_above_the_cap_in_flight_requests_are_turned_away_at_once_and_let_in_later() -> None:
    vmis = VMIs(shut=True)
    with serving(vmis=vmis, limits=Limits(max_in_flight=2)) as server, ThreadPoolExecutor() as pool:
        waiting = [pool.submit(httpx.post, f"{server.url}/mutate", content=pod_review(), headers=JSON, timeout=60) for _ in range(2)]
        for _ in waiting:
            assert vmis.asked.acquire(timeout=60)
        assert server.sample("bindguard_requests_in_flight") == 2
        refused = httpx.post(f"{server.url}/validate", content=vmi_review(), headers=JSON)
        server.loop.run(vmis.open())
        assert [each.result().status_code for each in waiting] == [200, 200]
        assert httpx.post(f"{server.url}/validate", content=vmi_review(), headers=JSON).status_code == 200
        assert server.sample("bindguard_requests_in_flight") == 0
    assert_status(refused, 429, "TooManyRequests", "2 requests are being answered")
    assert refused.headers["retry-after"] == "1"


def test_when_bodies_are_too_much_together_the_one_that_has_taken_longest_gives_way() -> None:
    limits = Limits(max_body_bytes=1000, max_buffered_bytes=1500)
    head = b"POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    with serving(limits=limits) as server, server.connect() as slow, server.connect() as second:
        slow.sendall(head + b" " * 999)
        server.until(lambda: server.sample("bindguard_request_bodies") == 1)
        second.sendall(head + b" " * 999)
        with slow.makefile("rb") as stream:
            status, headers, _ = read_answer(stream)
        assert (status, headers["retry-after"]) == (429, "1")
        assert ask(second, b"1")[0] == 400


def test_bodies_that_trickle_in_take_no_place_from_whole_requests() -> None:
    body = vmi_review()
    with serving(limits=Limits(max_in_flight=1)) as server, contextlib.ExitStack() as stack:
        for _ in range(20):
            trickling = stack.enter_context(server.connect())
            trickling.sendall(post(body)[:-10])
        server.until(lambda: server.sample("bindguard_request_bodies") == 20)
        with server.connect() as connection:
            assert [ask(connection, post(body))[0] for _ in range(3)] == [200, 200, 200]


def test_the_deadline_of_the_url_ends_the_wait_for_a_vmi_and_the_pod_passes() -> None:
    with serving(vmis=VMIs(shut=True)) as server:
        answer = httpx.post(f"{server.url}/mutate?timeout=300ms", content=pod_review(), headers=JSON, timeout=60)
        assert answer.json()["response"]["allowed"] is True
        assert server.sample("bindguard_skips_total", endpoint="/mutate", reason="timeout") == 1
        assert server.sample("bindguard_requests_in_flight") == 0


def test_a_vmi_source_that_times_out_by_itself_is_no_deadline_of_ours() -> None:
    with serving(vmis=VMIs(TimeoutError("the API server"))) as server:
        assert_status(httpx.post(f"{server.url}/mutate", content=pod_review(), headers=JSON), 500, "InternalError", "an internal error")


def test_a_vmi_that_cannot_be_read_leaves_the_pod_as_it_is_and_the_metrics_say_why() -> None:
    with serving(vmis=VMIs(VMISourceError("forbidden", "secret detail"))) as server:
        answer = httpx.post(f"{server.url}/mutate", content=pod_review(), headers=JSON)
        assert answer.json()["response"]["allowed"] is True
        assert "secret" not in answer.text
        assert server.sample("bindguard_skips_total", endpoint="/mutate", reason="forbidden") == 1


def test_a_violation_of_ours_is_an_error_without_a_traceback_and_hurts_no_other_request() -> None:
    with serving(vmis=VMIs(ZeroDivisionError("secret"))) as server, httpx.Client(base_url=server.url, headers=JSON) as client:
        answer = client.post("/mutate", content=pod_review())
        assert_status(answer, 500, "InternalError", "the log of Bindguard has it")
        assert "secret" not in answer.text
        assert client.post("/validate", content=vmi_review()).status_code == 200
        assert server.sample("bindguard_requests_total", endpoint="/mutate", kind="", operation="", decision="error", code="500") == 1
        assert server.sample("bindguard_requests_in_flight") == 0


def test_three_hundred_requests_at_a_time_each_get_their_own_answer() -> None:
    uids = [f"uid-{i}" for i in range(300)]
    start = threading.Barrier(30)
    with serving() as server, httpx.Client(headers=JSON, timeout=60) as client:

        def one(uid: str) -> str:
            start.wait()
            body = bad_review(uid=uid) if uid.endswith("7") else vmi_review(uid=uid)
            response = client.post(f"{server.url}/validate", content=body).json()["response"]
            assert response["allowed"] is not uid.endswith("7")
            return str(response["uid"])

        with ThreadPoolExecutor(30) as pool:
            assert list(pool.map(one, uids)) == uids


def test_requests_waiting_for_vmis_hold_up_no_others() -> None:
    vmis = VMIs(shut=True)
    with (
        serving(vmis=vmis) as server,
        httpx.Client(headers=JSON, timeout=60, limits=httpx.Limits(max_connections=None)) as client,
        ThreadPoolExecutor(100) as pool,
    ):
        waiting = [pool.submit(client.post, f"{server.url}/mutate", content=pod_review()) for _ in range(100)]
        for _ in waiting:
            assert vmis.asked.acquire(timeout=60)
        assert httpx.post(f"{server.url}/validate", content=vmi_review(), headers=JSON).status_code == 200
        server.loop.run(vmis.open())
        assert {each.result().status_code for each in waiting} == {200}


def test_a_client_that_goes_away_in_the_middle_of_a_body_leaves_nothing_behind() -> None:
    with serving() as server:
        for _ in range(20):
            with server.connect() as connection:
                connection.sendall(post(vmi_review())[:-10])
        server.until(lambda: server.sample("bindguard_cut_off_requests_total", endpoint="/validate") >= 20)
        server.until(lambda: server.sample("bindguard_requests_in_flight") == 0)
        assert httpx.post(f"{server.url}/validate", content=vmi_review(), headers=JSON).status_code == 200


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10),
        ("1m30s", 90),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        (".5s", 0.5),
        ("1.s", 1),
        ("+3s", 3),
        ("2h", 7200),
        ("7us", 7e-6),
        ("7µs", 7e-6),
    ],
)
def test_a_duration_is_read_as_go_reads_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "0", "0s", "-5s", "s", "1e3s", "10 s", "10S", "nan", "infs", "1.2.3s", ".s", "10s ", "٣s", "9" * 50 + "s"]
)
def test_what_is_no_time_to_answer_in_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        (b"timeout=2s", 2),
        (b"a=b&timeout=2s", 2),
        (b"timeout=1m", 30),
        (b"", 10),
        (b"timeout=soon", 10),
        (b"timeout=", 10),
        (b"timeout=2s&" + b"a" * 1000, 10),
        (b"a&" * 50 + b"timeout=2s", 10),
        (b"timeout=%ff", 10),
        (b"\xff", 10),
    ],
)
def test_an_answer_leaves_a_little_before_the_time_is_over(query: bytes, seconds: float) -> None:
    assert seconds_to_answer(query, 10.0) == pytest.approx(0.95 * seconds)
