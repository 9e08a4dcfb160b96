"""A launcher pod's metadata in, its VMI's reference out; a VMI's JSON in, what its pod depends on out."""

import json
from typing import Any

import msgspec
import pytest

from webhook.vmi.launcher import NotALauncher, PodMetadata, VMIReference, read_launcher_vmi, vmi_of

OWNER = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "name": "web", "uid": "u", "controller": True}
LABELS = {"kubevirt.io": "virt-launcher", "kubevirt.io/created-by": "u", "vm.kubevirt.io/name": "hostname"}


def metadata(**fields: Any) -> PodMetadata:
    return msgspec.convert({"labels": LABELS, "ownerReferences": [OWNER], **fields}, PodMetadata)


def test_a_pod_names_its_vmi_by_its_owner_and_not_by_its_labels() -> None:
    assert vmi_of(metadata(), "shop") == VMIReference("shop", "web", "u")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"deletionTimestamp": "2026-11-21T22:34:47Z"}, NotALauncher.DELETING),
        ({"labels": None}, NotALauncher.NOT_A_LAUNCHER),
        ({"ownerReferences": None}, NotALauncher.NO_VMI_OWNER),
        ({"labels": {"kubevirt.io": "virt-launcher"}}, NotALauncher.CREATED_BY_MISMATCH),
    ],
)
def test_a_stray_pod_names_none(fields: dict[str, Any], why: NotALauncher) -> None:
    assert vmi_of(metadata(**fields), "shop") is why


def test_a_pod_that_somebody_else_creates_names_none_whatever_it_carries() -> None:
    assert vmi_of(metadata(), "shop", by_kubevirt=False) is NotALauncher.UNKNOWN_REQUESTER
    assert vmi_of(metadata(ownerReferences=None), "shop", by_kubevirt=False) is NotALauncher.UNKNOWN_REQUESTER
    assert vmi_of(metadata(labels=None), "shop", by_kubevirt=False) is NotALauncher.NOT_A_LAUNCHER


@pytest.mark.parametrize(
    ("name", "is_name"), [("a", True), ("a.b-c.d", True), ("a" * 253, True), ("a" * 254, False), ("a.", False), ("ä", False)]
)
def test_only_a_dns_name_leads_to_a_vmi(name: str, *, is_name: bool) -> None:
    assert isinstance(vmi_of(metadata(ownerReferences=[{**OWNER, "name": name}]), "shop"), VMIReference) is is_name


def read(domain: dict[str, Any]) -> Any:
    return read_launcher_vmi(json.dumps({"metadata": {"uid": "u"}, "spec": {"domain": domain}}).encode())


def test_plugins_are_told_once_in_the_order_of_the_interfaces() -> None:
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
def test_presence_and_truth_are_told_apart(domain: dict[str, Any], traits: tuple[bool, bool, bool]) -> None:
    vmi = read(domain)
    assert (vmi.has_hugepages, vmi.overcommits_guest_overhead, vmi.has_dedicated_cpus) == traits


@pytest.mark.parametrize(
    "body", [b"", b"null", b"{}", b"\xff", b"[" * 100_000, b'{"metadata":{},"spec":{"domain":{}}}'], ids=lambda b: repr(b[:9])
)
def test_what_is_no_vmi_is_none(body: bytes) -> None:
    assert read_launcher_vmi(body) is None
