"""The operations port: probes, metrics, views and the description of everything."""

import asyncio
import time
from collections.abc import Iterator, Mapping

import httpx
import pytest

from tests.http.serving import Served, bad_review, front, pod_review, rule_set, serving, vmi_review
from webhook.http import probes
from webhook.http.metrics import Metrics
from webhook.http.operations import operations_app
from webhook.http.probes import Check

JSON = {"content-type": "application/json"}


async def fine() -> None:
    return None


async def not_read() -> str:
    return "the registry is not read yet"


async def broken() -> str | None:
    raise OSError("no such host")


async def hanging() -> str | None:
    await asyncio.sleep(3600)
    return None


def operations(checks: Mapping[str, Check], metrics: Metrics | None = None) -> Iterator[Served]:
    metrics = metrics or Metrics("1.2.3")
    app = operations_app(front=front(metrics), rule_set=rule_set, metrics=metrics, checks=checks, version="1.2.3")
    with serving(app) as server:
        yield server


@pytest.fixture
def server() -> Iterator[Served]:
    yield from operations({"registry": fine, "certificate": fine})


def test_a_server_whose_checks_are_all_fine_is_live_and_ready(server: Served) -> None:
    assert httpx.get(f"{server.url}/livez").json() == {"live": True}
    ready = httpx.get(f"{server.url}/readyz")
    assert ready.status_code == 200
    told = ready.json()
    assert (told["ready"], told["checks"]) == (True, {name: {"ready": True, "reason": ""} for name in ("registry", "certificate")})


def test_readiness_tells_which_registry_is_evaluated_by_and_how_old_it_is(server: Served) -> None:
    told = httpx.get(f"{server.url}/readyz").json()["registry"]
    assert (told["version"], told["problem"]) == ("1", None)
    assert told["ageSeconds"] >= 0


def test_each_check_that_fails_says_why_and_the_others_are_told_too() -> None:
    for server in operations({"registry": not_read, "certificate": fine, "self": broken}):
        ready = httpx.get(f"{server.url}/readyz")
        assert ready.status_code == 503
        assert ready.json()["checks"] == {
            "registry": {"ready": False, "reason": "the registry is not read yet"},
            "certificate": {"ready": True, "reason": ""},
            "self": {"ready": False, "reason": "OSError: no such host"},
        }
        assert httpx.get(f"{server.url}/livez").status_code == 200


def test_a_check_that_hangs_is_not_ready_within_its_time() -> None:
    readiness = asyncio.run(probes.ask({"self": hanging, "registry": fine}, seconds=0.05))
    assert readiness.ready is False
    assert readiness.checks["self"].reason == "no answer within 0.05 s"
    assert readiness.checks["registry"].ready is True


def test_nothing_to_check_is_ready() -> None:
    assert asyncio.run(probes.ask({})).ready is True


def test_what_is_registered_can_be_looked_at(server: Served) -> None:
    told = httpx.get(f"{server.url}/registry").json()
    assert set(told["plugins"]) == {"passt", "blue"}
    assert told["plugins"]["passt"]["computeResourceOverhead"]["requests"] == {"memory": "500Mi"}
    assert told["rules"]["unregistered-plugin"] == "deny"
    assert told["featureGates"]["NetworkBindingPlugins"] in {"on", "off"}
    assert told["ageSeconds"] >= 0


def test_the_version_is_told(server: Served) -> None:
    assert httpx.get(f"{server.url}/version").json() == {"version": "1.2.3"}


def test_both_endpoints_are_described_and_answer_here_too(server: Served) -> None:
    described = httpx.get(f"{server.url}/openapi.json").json()
    assert {"/validate", "/mutate", "/livez", "/readyz", "/metrics", "/registry", "/version"} == set(described["paths"])
    for path in ("/validate", "/mutate"):
        operation = described["paths"][path]["post"]
        assert operation["requestBody"]["required"] is True
        assert {"200", "400", "413", "429", "504"} <= set(operation["responses"])
    assert httpx.post(f"{server.url}/validate", content=bad_review(), headers=JSON).json()["response"]["allowed"] is False
    assert httpx.post(f"{server.url}/mutate", content=pod_review(), headers=JSON).json()["response"]["patchType"] == "JSONPatch"


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text; version=1.0.0", "*/*"])
def test_metrics_are_told_in_the_form_that_is_asked_for(server: Served, accept: str) -> None:
    httpx.post(f"{server.url}/validate", content=vmi_review(), headers=JSON)
    shown = httpx.get(f"{server.url}/metrics", headers={"accept": accept})
    assert shown.status_code == 200
    assert ("openmetrics" in shown.headers["content-type"]) == ("openmetrics" in accept)
    assert 'bindguard_build_info{version="1.2.3"} 1.0' in shown.text
    assert "bindguard_request_duration_seconds_bucket" in shown.text
    assert "_created" not in shown.text


def test_the_time_of_the_last_review_is_told_by_endpoint_once_there_was_one(server: Served) -> None:
    name = 'bindguard_last_review_timestamp_seconds{endpoint="/validate"}'
    assert name not in httpx.get(f"{server.url}/metrics").text
    before = time.time()
    httpx.post(f"{server.url}/validate", content=b"{}", headers=JSON)
    assert name not in httpx.get(f"{server.url}/metrics").text
    httpx.post(f"{server.url}/validate", content=vmi_review(), headers=JSON)
    [shown] = [line for line in httpx.get(f"{server.url}/metrics").text.splitlines() if line.startswith(name)]
    assert before <= float(shown.split()[-1]) <= time.time()


def test_no_label_is_a_caller_s_word() -> None:
    metrics = Metrics("0")
    for server in operations({}, metrics):
        odd = {"uid": "odd-word", "name": "odd-word", "kind": {"group": "odd-word", "version": "v1", "kind": "odd-word"}}
        for path, body in (("/validate", vmi_review(**odd, namespace="odd-word")), ("/mutate", pod_review(**odd))):
            answer = httpx.post(f"{server.url}{path}", content=body, headers=JSON)
            assert answer.status_code == 200, answer.text
        text = httpx.get(f"{server.url}/metrics").text
        assert "odd-word" not in text.lower()
        assert 'kind="other"' in text


def test_an_unknown_path_is_told_what_there_is(server: Served) -> None:
    answer = httpx.get(f"{server.url}/healthz")
    assert answer.status_code == 404
    assert "/readyz" in answer.json()["detail"]
