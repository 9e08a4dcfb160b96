"""An object whose apiVersion or kind is a slip is recognised, reported with what was meant, and checked as that."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.check.builders import HYPERCONVERGED, KUBEVIRT, checked, rules_found, vm, write

VM: dict[str, Any] = yaml.safe_load(vm("slip"))
VMI_SPEC = VM["spec"]["template"]["spec"]
POOL_SPEC = {"replicas": 2, "virtualMachineTemplate": {"spec": VM["spec"]}}


@pytest.mark.parametrize(
    ("written", "told", "meant"),
    [
        (
            (None, "VirtualMachine", VM["spec"]),
            'kind "VirtualMachine" without an apiVersion',
            "apiVersion: kubevirt.io/v1 or kubevirt.io/v1alpha3",
        ),
        (("kubevirt/v1", "VirtualMachine", VM["spec"]), 'of apiVersion "kubevirt/v1"', "apiVersion: kubevirt.io/v1 or "),
        (("v1", "VirtualMachine", VM["spec"]), 'of apiVersion "v1"', "apiVersion: kubevirt.io/v1 or "),
        (("kubevirt.io", "VirtualMachine", VM["spec"]), 'of apiVersion "kubevirt.io"', "apiVersion: kubevirt.io/v1 or "),
        (("kubevirt.io/v1", "VirtualMachinePool", POOL_SPEC), "VirtualMachinePool", "apiVersion: pool.kubevirt.io/v1beta1 or "),
        (("pool.kubevirt.io/v1alpha1", "VirtualMachineInstanceReplicaSet", VM["spec"]), "ReplicaSet", "apiVersion: kubevirt.io/v1 or "),
        (("kubevirt.io/v1", "VirtualMachin", VM["spec"]), '"VirtualMachin"', "kind: VirtualMachine"),
        (("kubevirt.io/v1", "virtualmachine", VM["spec"]), '"virtualmachine"', "kind: VirtualMachine"),
        (
            ("kubevirt.io/v1", "VirtualMachineReplicaSet", VM["spec"]),
            '"VirtualMachineReplicaSet"',
            "kind: VirtualMachineInstanceReplicaSet",
        ),
        (("kubevirt.io/v1", "VMI", VMI_SPEC), '"VMI"', "kind: VirtualMachineInstance"),
        (("kubevirt.io/v1", None, VM["spec"]), "an object without a kind", "kind: VirtualMachine"),
        (
            ("pool.kubervirt.io/v1beta1", "VirtualMachinePools", POOL_SPEC),
            "Pools",
            "apiVersion: pool.kubevirt.io/v1beta1 or pool.kubevirt.io/v1alpha1 and kind: ",
        ),
    ],
)
def test_a_slip_is_reported_with_what_was_meant_and_checked_as_that(
    tmp_path: Path, written: tuple[str | None, str | None, object], told: str, meant: str
) -> None:
    obj = dict(zip(("apiVersion", "kind", "spec"), written, strict=True))
    text = yaml.safe_dump({key: value for key, value in obj.items() if value is not None}) + "# kubevirt.io\n"
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": text})
    report = checked(tmp_path)
    assert sorted(rules_found(report)) == ["not-a-kind", "unregistered-plugin"]
    [finding] = [occurrence.finding for occurrence in report.occurrences if occurrence.finding.rule == "not-a-kind"]
    assert told in finding.message
    assert finding.accepted.startswith(f"write {meant}")


@pytest.mark.parametrize(
    ("cr", "meant"),
    [
        (KUBEVIRT.replace("kubevirt.io/v1", "kubevirt/v1"), "apiVersion: kubevirt.io/v1"),
        (KUBEVIRT.replace("kubevirt.io/v1", "kubevirt.io/v2"), "apiVersion: kubevirt.io/v1"),
        (KUBEVIRT.replace("kind: KubeVirt", "kind: Kubevirt"), "kind: KubeVirt"),
        (HYPERCONVERGED.replace("hco.kubevirt.io", "kubevirt.io"), "apiVersion: hco.kubevirt.io/v1"),
    ],
)
def test_a_registry_with_a_slip_is_reported(tmp_path: Path, cr: str, meant: str) -> None:
    write(tmp_path, {"cr.yaml": cr})
    [occurrence] = checked(tmp_path).occurrences
    assert (occurrence.finding.rule, occurrence.finding.accepted.startswith(f"write {meant}")) == ("not-a-kind", True)


@pytest.mark.parametrize(
    "other",
    [
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstancePreset", "spec": VMI_SPEC},
        {"apiVersion": "vmoperator.vmware.com/v1alpha1", "kind": "VirtualMachine", "spec": {"className": "small"}},
        {"apiVersion": "acme.io/v1", "kind": "Workstation", "spec": VM["spec"]},
        {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstanceMigration", "spec": {"vmiName": "web"}},
        {"apiVersion": "acme.io/v1", "kind": "KubeVirt", "spec": {}},
        {"kind": "KubeVirt"},
        {"spec": VM["spec"]},
    ],
)
def test_what_is_rightly_something_else_is_skipped(tmp_path: Path, other: object) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "other.yaml": yaml.safe_dump(other) + "# kubevirt.io\n"})
    assert rules_found(checked(tmp_path)) == []
