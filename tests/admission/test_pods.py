"""A launcher pod's metadata in, the VMI that it names out."""

from typing import Any

import msgspec
import pytest

from webhook.admission.answer import SkipReason
from webhook.admission.pods import VMIReference, vmi_of
from webhook.kube.metadata import ObjectMeta

OWNER = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "name": "web", "uid": "u", "controller": True}
LABELS = {"kubevirt.io": "virt-launcher", "kubevirt.io/created-by": "u", "vm.kubevirt.io/name": "hostname"}


def metadata(**fields: Any) -> ObjectMeta:
    return msgspec.convert({"labels": LABELS, "ownerReferences": [OWNER], **fields}, ObjectMeta)


def test_a_pod_names_its_vmi_by_its_owner_and_not_by_its_labels() -> None:
    assert vmi_of(metadata(), "shop") == VMIReference("shop", "web", "u")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"deletionTimestamp": "2026-11-21T22:34:47Z"}, SkipReason.DELETING),
        ({"labels": None}, SkipReason.NOT_A_LAUNCHER),
        ({"ownerReferences": None}, SkipReason.NO_VMI_OWNER),
        ({"labels": {"kubevirt.io": "virt-launcher"}}, SkipReason.CREATED_BY_MISMATCH),
    ],
)
def test_a_stray_pod_names_none(fields: dict[str, Any], why: SkipReason) -> None:
    assert vmi_of(metadata(**fields), "shop") is why


def test_a_pod_that_somebody_else_creates_names_none_whatever_it_carries() -> None:
    assert vmi_of(metadata(), "shop", by_kubevirt=False) is SkipReason.UNKNOWN_REQUESTER
    assert vmi_of(metadata(ownerReferences=None), "shop", by_kubevirt=False) is SkipReason.UNKNOWN_REQUESTER
    assert vmi_of(metadata(labels=None), "shop", by_kubevirt=False) is SkipReason.NOT_A_LAUNCHER


@pytest.mark.parametrize(
    ("name", "is_name"), [("a", True), ("a.b-c.d", True), ("a" * 253, True), ("a" * 254, False), ("a.", False), ("ä", False)]
)
def test_only_a_dns_name_leads_to_a_vmi(name: str, *, is_name: bool) -> None:
    assert isinstance(vmi_of(metadata(ownerReferences=[{**OWNER, "name": name}]), "shop"), VMIReference) is is_name
