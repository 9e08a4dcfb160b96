"""What is logged about requests, and what is not."""

import logging
from collections.abc import Iterator

import httpx
import pytest
import structlog
from structlog.testing import LogCapture

from tests.admission import reviews
from tests.http.serving import VMIs, bad_review, pod_review, serving, vmi_review
from webhook.http.logs import Limited, RequestLog

JSON = {"content-type": "application/json"}


@pytest.fixture
def log() -> Iterator[LogCapture]:
    capture = LogCapture()
    structlog.configure(processors=[capture], wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield capture
    structlog.reset_defaults()


def test_a_denial_is_one_line_that_says_who_what_and_why(log: LogCapture) -> None:
    with serving() as server:
        httpx.post(f"{server.url}/validate", content=bad_review(dryRun=True), headers=JSON)
    [line] = log.entries
    assert line.pop("milliseconds") > 0
    assert line == {
        "event": "denied",
        "log_level": "info",
        "endpoint": "/validate",
        "uid": "u-1",
        "operation": "CREATE",
        "kind": "VirtualMachineInstance",
        "namespace": "default",
        "name": "vm",
        "user": "admin",
        "rules": ["unregistered-plugin"],
        "reason": "",
        "dry_run": True,
    }


def test_a_patch_is_one_line_and_what_is_allowed_is_none(log: LogCapture) -> None:
    with serving() as server:
        httpx.post(f"{server.url}/validate", content=vmi_review(), headers=JSON)
        httpx.post(f"{server.url}/mutate", content=pod_review(), headers=JSON)
    assert [(line["event"], line["log_level"], line["endpoint"]) for line in log.entries] == [("patched", "info", "/mutate")]


def test_what_is_allowed_is_told_at_debug(log: LogCapture) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    with serving() as server:
        httpx.post(f"{server.url}/validate", content=vmi_review(operation="DELETE"), headers=JSON)
    assert [(line["event"], line["reason"]) for line in log.entries] == [("allowed", "delete")]


def test_a_violation_of_ours_is_told_with_its_exception(log: LogCapture) -> None:
    with serving(vmis=VMIs(ZeroDivisionError("boom"))) as server:
        httpx.post(f"{server.url}/mutate", content=pod_review(), headers=JSON)
    [line] = log.entries
    assert (line["event"], line["log_level"], line["endpoint"], line["exc_info"]) == ("internal error", "error", "/mutate", True)


def test_a_refused_request_says_what_was_wrong_and_nothing_of_what_it_carried(log: LogCapture) -> None:
    with serving() as server:
        httpx.post(f"{server.url}/validate", content=b'{"password": "hunter2"', headers=JSON)
    [line] = log.entries
    assert (line["event"], line["code"], line["log_level"]) == ("refused", 400, "warning")
    assert "hunter2" not in str(line)


def test_no_name_breaks_a_line_or_fills_a_disk(log: LogCapture) -> None:
    with serving() as server:
        httpx.post(f"{server.url}/validate", content=bad_review(name="a\nb\x1b[31m", uid="u" * 100_000), headers=JSON)
    [line] = log.entries
    assert line["name"].startswith('"a\\nb')
    assert line["name"].isprintable()
    assert len(line["uid"]) < 300


def test_nothing_of_the_object_is_logged_but_its_name(log: LogCapture) -> None:
    secret = reviews.review(reviews.vmi_object(reviews.BAD, volumes=[{"cloudInitNoCloud": {"userData": "hunter2"}}]))
    with serving() as server:
        httpx.post(f"{server.url}/validate", content=secret, headers=JSON)
    assert len(log.entries) == 1
    assert "hunter2" not in str(log.entries)


def test_of_many_lines_some_are_left_out_and_counted() -> None:
    now = [0.0]
    limited = Limited(2, 10.0, now=lambda: now[0])
    assert [limited.take() for _ in range(5)] == [{}, {}, None, None, None]
    now[0] = 10.0
    assert [limited.take(), limited.take(), limited.take()] == [{"left_out": 3}, {}, None]


def test_a_stranger_who_is_refused_again_and_again_cannot_fill_the_log() -> None:
    with structlog.testing.capture_logs() as lines:
        log = RequestLog()
        for _ in range(1000):
            log.refused("/validate", 415, "no", 0.001)
    assert [line["event"] for line in lines] == ["refused"] * 10
