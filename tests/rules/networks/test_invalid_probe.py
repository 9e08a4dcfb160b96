from typing import Any

import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, vmi
from webhook.rules.networks.invalid_probe import RULE
from webhook.vmi.vmi import VMI


def probed(probe: str, **fields: Any) -> VMI:
    probes: dict[str, Any] = {probe: fields}
    return vmi(interface(masquerade={}), **probes)


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe"])
@pytest.mark.parametrize(
    "fields",
    [
        {"httpGet": {"port": 80}},
        {"httpGet": {"port": "http", "scheme": "HTTPS", "path": "/healthz"}},
        {"httpGet": {"port": 80, "scheme": ""}},
        {"tcpSocket": {"port": 65535}},
        {"tcpSocket": {}},
        {"exec": {"command": ["true"]}, "successThreshold": 1},
        {"guestAgentPing": {}, "successThreshold": 0},
        {},
    ],
)
def test_a_probe_that_a_pod_can_have_is_accepted(probe: str, fields: dict[str, Any]) -> None:
    assert_accepted(RULE, probed(probe, **fields))


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe"])
@pytest.mark.parametrize("handler", ["httpGet", "tcpSocket"])
@pytest.mark.parametrize(
    ("port", "fault"),
    [
        (0, "port 0 of the probe is not a port"),
        (70000, "is not a port; ports are 1 to 65535"),
        (-1, "is not a port"),
        ("HTTP", "has characters other than"),
        ("80", "has no letter from a to z"),
        ("a" * 16, "has more than 15 characters"),
        ("", "is empty"),
    ],
)
def test_a_port_that_a_pod_cannot_have_is_found(probe: str, handler: str, port: int | str, fault: str) -> None:
    assert_found(RULE, probed(probe, **{handler: {"port": port}}), field=f"{probe}.{handler}.port", message=fault)


@pytest.mark.parametrize("scheme", ["http", "https", "TCP"])
def test_a_scheme_in_lower_case_is_found(scheme: str) -> None:
    found = probed("readinessProbe", httpGet={"port": 80, "scheme": scheme})
    assert_found(RULE, found, field="readinessProbe.httpGet.scheme", message="neither HTTP nor HTTPS", accepted="in capitals")


def test_a_liveness_probe_succeeds_at_once_or_not_at_all() -> None:
    assert_found(RULE, probed("livenessProbe", guestAgentPing={}, successThreshold=2), field="livenessProbe.successThreshold")
    assert_accepted(RULE, probed("readinessProbe", guestAgentPing={}, successThreshold=2))
