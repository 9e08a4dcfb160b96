"""Forged reviews of launcher pods: what a stranger is told, and how many VMIs are read for it."""

import json
import re
import socket

import pytest
from starlette.types import Scope

from tests.admission import launchers
from tests.http.serving import PATIENCE, VMIs, ask, pod_review, post, serving
from webhook.admission.answer import SkipReason, skipped
from webhook.admission.vmi_source import VMISourceError
from webhook.http.callers import LOCAL, Caller, ReadRates, caller_of, told_to
from webhook.rules.base import Action

pytestmark = pytest.mark.usefixtures("each_listener")

OTHER = json.dumps(launchers.vmi(uid="another")).encode()
PLAIN = json.dumps(launchers.vmi("blue")).encode()
STRANGER = Caller("10.0.0.1 40000", is_proved=False)
SCARCE = ReadRates(unmatched_of_connection=0.1)
"""One read that does not match in ten seconds."""
READS = {
    "vmi-not-found": None,
    "uid-mismatch": OTHER,
    "vmi-unreadable": b"[]",
    "forbidden": VMISourceError(SkipReason.FORBIDDEN),
    "nothing-declared": PLAIN,
}


def raw(connection: socket.socket, request: bytes) -> bytes:
    """A whole answer, head and body."""
    connection.sendall(request)
    with connection.makefile("rb") as stream:
        head = b"".join(iter(stream.readline, b"\r\n"))
        return head + re.sub(rb'"registry-age-seconds":"\d+"', b"", stream.read(int(re.findall(rb"content-length: (\d+)", head)[0])))


@pytest.mark.parametrize(("path", "pods"), [("/mutate", Action.OFF), ("/validate", Action.DENY)])
def test_a_stranger_gets_the_same_bytes_whatever_the_vmi_is(path: str, pods: Action) -> None:
    answers = set()
    for reason, found in READS.items():
        with serving(vmis=VMIs(found), pods=pods) as server, server.connect() as connection:
            answers.add(raw(connection, post(pod_review(), path)))
            assert server.sample("bindguard_skips_total", endpoint=path, reason=reason) == 1
    [answer] = answers
    assert b'"reason":"caller-not-proved"' in answer


def test_a_proved_caller_and_a_command_are_told_the_reason() -> None:
    answer = skipped(SkipReason.UNREADABLE_QUANTITY, "memory: x")
    assert told_to(LOCAL, answer) == answer
    assert told_to(STRANGER, answer) == skipped(SkipReason.CALLER_NOT_PROVED)


def test_only_a_client_certificate_proves_a_caller() -> None:
    tls: Scope = {"client": ("10.0.0.1", 40000), "scheme": "https"}
    assert caller_of(tls, verifies_clients=True) == STRANGER._replace(is_proved=True)
    assert caller_of(tls, verifies_clients=False) == STRANGER
    assert caller_of({**tls, "scheme": "http"}, verifies_clients=True) == STRANGER
    assert caller_of({"scheme": "http"}, verifies_clients=True).is_proved is False


def test_beyond_its_rate_a_connection_gets_no_more_vmis_read_and_its_pods_pass_unchanged() -> None:
    vmis = VMIs(None)
    with serving(vmis=vmis, rates=SCARCE) as server, server.connect() as connection:
        answers = [raw(connection, post(pod_review(), "/mutate")) for _ in range(3)]
        assert len(set(answers)) == 1
        assert server.sample("bindguard_skips_total", endpoint="/mutate", reason="too-many-reads") == 2
        assert server.sample("bindguard_skips_total", endpoint="/mutate", reason="vmi-not-found") == 1
        with server.connect() as other:
            assert ask(other, post(pod_review(), "/mutate"))[0] == 200
        assert server.sample("bindguard_skips_total", endpoint="/mutate", reason="vmi-not-found") == 2
    assert [vmis.asked.acquire(blocking=False) for _ in range(3)] == [True, True, False]


def test_connections_together_have_a_rate_too() -> None:
    with serving(vmis=VMIs(None), rates=ReadRates(unmatched=0.1)) as server:
        for _ in range(3):
            with server.connect() as connection:
                assert ask(connection, post(pod_review(), "/mutate"))[0] == 200
        assert server.sample("bindguard_skips_total", endpoint="/mutate", reason="too-many-reads") == 2


def test_all_reads_together_have_a_rate_even_if_they_match() -> None:
    with serving(rates=ReadRates(total=0.2)) as server, server.connect() as connection:
        patched = ["patch" in ask(connection, post(pod_review(), "/mutate"))[2]["response"] for _ in range(4)]
        assert patched == [True, True, False, False]


def test_a_connection_whose_reads_match_is_not_limited() -> None:
    with serving(rates=SCARCE) as server, server.connect() as connection:
        for _ in range(100):
            assert "patch" in ask(connection, post(pod_review(), "/mutate"))[2]["response"]
        assert server.sample("bindguard_skips_total", endpoint="/mutate", reason="too-many-reads") == 0


def test_two_hundred_first_reads_at_one_time_are_within_the_rates() -> None:
    vmis = VMIs(json.dumps(launchers.vmi()).encode(), shut=True)
    with serving(vmis=vmis) as server:
        connections = [server.connect() for _ in range(200)]
        for connection in connections:
            connection.sendall(post(pod_review(), "/mutate"))
        for _ in connections:
            assert vmis.asked.acquire(timeout=PATIENCE)
        server.loop.run(vmis.open())
        for connection in connections:
            assert b'"patch":' in connection.recv(65536)
            connection.close()
