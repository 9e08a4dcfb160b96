"""`--ahead`: what a later KubeVirt release would find besides, in one note."""

from pathlib import Path

import pytest

from tests.check.builders import HYPERCONVERGED, checked, rules_found, vm, write
from webhook.check.settings_layers import Flags, settings_from
from webhook.errors import UsageError
from webhook.report.findings import Report

KUBEVIRT = """\
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata: {name: kubevirt, namespace: kubevirt}
spec: {configuration: {developerConfiguration: {featureGates: [NetworkDevicesWithDRA]}}}
status: {phase: Deployed, observedKubeVirtVersion: v1.9.0}
"""
DRA = """\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: dra, namespace: shop}
spec:
  template:
    spec:
      domain: {devices: {interfaces: [{name: fast, sriov: {}}]}}
      networks: [{name: fast, resourceClaim: {claimName: c, requestName: r}}]
      resourceClaims: [{name: c, resourceClaimName: pool}]
"""
PASST = HYPERCONVERGED.replace("hyperconverged}", 'hyperconverged, annotations: {hco.kubevirt.io/deployPasstNetworkBinding: "true"}}', 1)
DENIED = "(as planned, not released yet) denies 1 more finding: dra-without-sriov-or-plugin at "


def notes(report: Report) -> list[str]:
    return [note for note in report.notes if "ahead" in note]


@pytest.mark.parametrize("ahead", ["1.10", "next"])
def test_what_a_later_release_denies_is_reported_once(tmp_path: Path, ahead: str) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": DRA})
    report = checked(tmp_path, ahead=ahead)
    [note] = notes(report)
    assert DENIED in note
    assert "vm.yaml:7:39 (VirtualMachine shop/dra)" in note
    assert rules_found(report) == []


def test_without_the_flag_nothing_is_reported(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": DRA})
    assert notes(checked(tmp_path)) == []


def test_a_mistake_of_today_is_not_reported_again(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm("slip")})
    report = checked(tmp_path, ahead="next")
    assert rules_found(report) == ["unregistered-plugin"]
    assert notes(report) == ["ahead: KubeVirt 1.10 (as planned, not released yet) finds nothing more"]


def test_what_hyperconverged_registers_no_more_is_reported(tmp_path: Path) -> None:
    write(tmp_path, {"hco.yaml": PASST, "vm.yaml": vm("passt")})
    [note] = notes(checked(tmp_path, kubevirt_version="1.8", ahead="next"))
    assert "ahead: KubeVirt 1.9 denies 1 more finding: unregistered-plugin at " in note
    [note] = notes(checked(tmp_path, kubevirt_version="1.8", ahead="1.10"))
    assert "unregistered-plugin" in note


def test_many_places_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vms.yaml": "---\n".join([DRA] * 15)})
    [note] = notes(checked(tmp_path, ahead="1.10"))
    assert "denies 15 more findings" in note
    assert note.endswith("and 5 more")


@pytest.mark.parametrize("ahead", ["1.9", "1.1"])
def test_an_earlier_release_is_not_ahead(tmp_path: Path, ahead: str) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": DRA})
    assert notes(checked(tmp_path, ahead=ahead)) == [
        f"ahead: not checked against KubeVirt {ahead}: it is not later than the release that is checked already"
    ]


@pytest.mark.parametrize("key", ["next", '"1.10"'])
def test_the_configuration_file_asks_for_it_too(tmp_path: Path, key: str) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": DRA, "bindguard.yaml": f"ahead: {key}"})
    [note] = notes(checked(tmp_path))
    assert DENIED in note


def test_the_flag_overrides_the_configuration_file(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": DRA, "bindguard.yaml": "ahead: next"})
    [note] = notes(checked(tmp_path, ahead="1.9"))
    assert "not checked against KubeVirt 1.9" in note


@pytest.mark.parametrize(("key", "told"), [("1.10", "put it in quotes"), ("true", "put it in quotes"), ("soon", "is no KubeVirt release")])
def test_another_value_in_the_configuration_file_is_refused(tmp_path: Path, key: str, told: str) -> None:
    write(tmp_path, {"bindguard.yaml": f"ahead: {key}"})
    with pytest.raises(UsageError, match=f"ahead.*{told}"):
        checked(tmp_path)


def test_what_is_no_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--ahead"):
        settings_from(Flags(ahead="4.19"), directory=tmp_path)
