"""A VMI's JSON in, what its launcher pod depends on out."""

import json
from typing import Any

import pytest

from webhook.vmi.launcher import read_launcher_vmi


def read(domain: dict[str, Any]) -> Any:
    return read_launcher_vmi(json.dumps({"metadata": {"uid": "u"}, "spec": {"domain": domain}}).encode())


def test_plugins_are_reported_once_in_the_order_of_the_interfaces() -> None:
    bindings: list[Any] = [{"name": "b"}, None, {"name": "a"}, {}, {"name": ""}, {"name": "b"}]
    interfaces = [{"binding": binding} for binding in bindings] + [{"masquerade": {}}]
    assert read({"devices": {"interfaces": interfaces}}).plugin_names == ["b", "a"]
    assert read({}).plugin_names == []
    assert read({"devices": {"interfaces": None}}).plugin_names == []


@pytest.mark.parametrize(
    ("domain", "traits"),
    [
        ({}, (False, False, False)),
        ({"memory": None, "resources": None, "cpu": None}, (False, False, False)),
        ({"memory": {"hugepages": {}}}, (True, False, False)),
        ({"memory": {"hugepages": None}}, (False, False, False)),
        ({"resources": {"overcommitGuestOverhead": True}}, (False, True, False)),
        ({"resources": {"overcommitGuestOverhead": False}}, (False, False, False)),
        ({"cpu": {"dedicatedCpuPlacement": True}}, (False, False, True)),
    ],
)
def test_presence_and_truth_are_distinguished(domain: dict[str, Any], traits: tuple[bool, bool, bool]) -> None:
    vmi = read(domain)
    assert (vmi.has_hugepages, vmi.overcommits_guest_overhead, vmi.has_dedicated_cpus) == traits


@pytest.mark.parametrize(
    "body", [b"", b"null", b"{}", b"\xff", b"[" * 100_000, b'{"metadata":{},"spec":{"domain":{}}}'], ids=lambda b: repr(b[:9])
)
def test_what_is_no_vmi_is_none(body: bytes) -> None:
    assert read_launcher_vmi(body) is None
