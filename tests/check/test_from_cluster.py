"""What exists in a cluster, checked: every object once, each mistake once, whatever the API server does meanwhile."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.check.builders import rules_found, vm, write
from tests.check.cluster import SPEC, Cluster, Object, deployed_kubevirt, live_vm, vmi_of
from tests.cluster.fake_api import FakeApi
from webhook.check.run import run
from webhook.check.settings_layers import Flags, settings_from
from webhook.errors import EXIT_UNREADABLE, RegistryError, UnreadableError, UsageError
from webhook.report.baseline import write_baseline
from webhook.report.findings import Report
from webhook.rules.base import Action


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as running:
        yield running


def checked(cluster: Cluster, directory: Path, **flags: Any) -> Report:
    given = {"from_cluster": not flags.get("paths")} | flags
    settings = settings_from(Flags(kubeconfig=cluster.kubeconfig(directory), **given), directory=directory)
    return run(settings, lambda *_: None)


def objects_found(report: Report) -> list[str]:
    return [str(occurrence.object) for occurrence in report.occurrences]


def test_every_object_of_every_page_is_evaluated_once(api: FakeApi, tmp_path: Path) -> None:
    cluster = Cluster(api, *(live_vm("slip" if number % 3 == 0 else "l2bridge", f"vm-{number:02}") for number in range(11)), page=3)
    report = checked(cluster, tmp_path)
    assert objects_found(report) == [f"VirtualMachine shop/vm-{number:02}" for number in (0, 3, 6, 9)]
    assert report.counts.checked == 12
    assert [each.query.get("limit") for each in api.asked("GET", f"{SPEC}/virtualmachines")] == ["200"] * 4


def test_a_finding_stands_at_the_line_that_kubectl_prints(api: FakeApi, tmp_path: Path) -> None:
    [occurrence] = checked(Cluster(api, live_vm("slip")), tmp_path).occurrences
    assert (occurrence.file, occurrence.line, occurrence.source_line) == ("cluster:shop/VirtualMachine/web", 14, "              name: slip")


def test_a_state_that_expires_between_pages_is_gone_on_from_without_loss_or_repetition(api: FakeApi, tmp_path: Path) -> None:
    machines = [live_vm("slip", f"vm-{number}") for number in range(7)]
    for token in ("4", None):
        cluster = Cluster(api, *machines, page=2)
        cluster.expires_at, cluster.token_after_expiry = 4, token
        report = checked(cluster, tmp_path)
        assert objects_found(report) == [f"VirtualMachine shop/vm-{number}" for number in range(7)]
        assert any("objects that changed meanwhile may be missing" in note for note in report.notes)


def test_the_violation_of_a_vm_is_not_reported_again_at_its_vmi(api: FakeApi, tmp_path: Path) -> None:
    bad = live_vm("slip")
    report = checked(Cluster(api, bad, vmi_of(bad)), tmp_path)
    assert objects_found(report) == ["VirtualMachine shop/web"]
    assert any("1 finding left out" in note for note in report.notes)


def test_a_vmi_that_still_runs_with_what_its_vm_no_longer_has_is_reported(api: FakeApi, tmp_path: Path) -> None:
    report = checked(Cluster(api, live_vm(), vmi_of(live_vm(), "gone")), tmp_path)
    assert objects_found(report) == ["VirtualMachineInstance shop/web"]


def test_an_object_that_is_being_deleted_is_skipped(api: FakeApi, tmp_path: Path) -> None:
    report = checked(Cluster(api, live_vm("slip", deletionTimestamp="2026-01-01T00:00:00Z")), tmp_path)
    assert (report.occurrences, report.counts.passed_over) == ([], 1)


def test_only_the_namespaces_that_are_named_are_evaluated(api: FakeApi, tmp_path: Path) -> None:
    api.store("/api/v1/namespaces/shop", {"metadata": {"name": "shop"}})
    cluster = Cluster(api, live_vm("slip"), live_vm("slip", namespace="other"))
    assert objects_found(checked(cluster, tmp_path, namespaces=("shop",))) == ["VirtualMachine shop/web"]


def test_a_namespace_that_is_not_there_is_no_clean_one(api: FakeApi, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--namespace shpo: http.* has no such namespace"):
        checked(Cluster(api), tmp_path, namespaces=("shpo",))


def test_kinds_that_the_cluster_does_not_serve_are_skipped_and_reported(api: FakeApi, tmp_path: Path) -> None:
    report = checked(Cluster(api, live_vm()), tmp_path)
    assert "not served by this cluster, so not checked: HyperConverged, VirtualMachineTemplate" in report.notes
    served = {"kubevirt.io": {"v1": {"KubeVirt": "kubevirts"}}, "pool.kubevirt.io": {"v2": {"VirtualMachinePool": "virtualmachinepools"}}}
    report = checked(Cluster(api, served=served), tmp_path)
    assert any("VirtualMachinePool is served as pool.kubevirt.io/v2" in note for note in report.notes)


def test_a_kind_that_may_not_be_listed_is_reported_with_how_to_grant_it_and_the_others_are_evaluated(api: FakeApi, tmp_path: Path) -> None:
    cluster = Cluster(api, live_vm("slip"))
    cluster.forbidden = {"/apis/pool.kubevirt.io/v1beta1/virtualmachinepools"}
    report = checked(cluster, tmp_path)
    assert rules_found(report) == ["unregistered-plugin"]
    [error] = report.unreadable
    assert error.file == "cluster:VirtualMachinePool"
    assert "--verb=list --resource=virtualmachinepools.pool.kubevirt.io" in error.message
    assert report.exit_code(fail_on=Action.DENY) == EXIT_UNREADABLE


def test_existing_vms_are_held_against_a_registry_that_is_only_planned(api: FakeApi, tmp_path: Path) -> None:
    write(tmp_path, {"planned.yaml": "apiVersion: bindguard.io/v1\nkind: Registry\nplugins: {}\n"})
    cluster = Cluster(api, live_vm())
    assert checked(cluster, tmp_path).occurrences == []
    assert objects_found(checked(cluster, tmp_path, registry=str(tmp_path / "planned.yaml"))) == ["VirtualMachine shop/web"]


def test_existing_vms_are_held_against_a_later_release_too(api: FakeApi, tmp_path: Path) -> None:
    write(tmp_path, {"planned.yaml": "apiVersion: bindguard.io/v1\nkind: Registry\nkubevirtVersion: '1.2'\nplugins: {}\n"})
    macvtap = live_vm(name="old")
    macvtap["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"] = [{"name": "default", "macvtap": {}}]
    macvtap["spec"]["template"]["spec"]["networks"] = [{"name": "default", "multus": {"networkName": "lan"}}]
    cluster = Cluster(api, macvtap, live_vm("slip"))
    report = checked(cluster, tmp_path, ahead="1.3", registry=str(tmp_path / "planned.yaml"))
    assert "VirtualMachine shop/web" in objects_found(report)
    [note] = [note for note in report.notes if note.startswith("ahead:")]
    assert note.startswith("ahead: KubeVirt 1.3 denies 1 more finding: discontinued-binding at cluster:shop/VirtualMachine/old:")


def test_a_baseline_is_of_objects_and_not_of_lines(api: FakeApi, tmp_path: Path) -> None:
    cluster = Cluster(api, live_vm("slip"), live_vm("slip", "gone-soon"))
    write(tmp_path, {"known.json": write_baseline(checked(cluster, tmp_path).occurrences)})
    cluster = Cluster(api, live_vm("slip", labels={"a": "new"}), live_vm("slip", "fresh"))
    report = checked(cluster, tmp_path, baseline=str(tmp_path / "known.json"))
    assert objects_found(report) == ["VirtualMachine shop/fresh"]
    assert any("1 entries no longer occur" in note for note in report.notes)


def test_files_are_evaluated_by_the_registry_of_a_cluster(api: FakeApi, tmp_path: Path) -> None:
    write(tmp_path, {"vms/good.yaml": vm(), "vms/bad.yaml": vm("slip"), "bindguard.yaml": "registry: gone.yaml"})
    report = checked(Cluster(api), tmp_path, paths=(str(tmp_path / "vms"),), context="here")
    assert rules_found(report) == ["unregistered-plugin"]
    assert report.registry.startswith("KubeVirt kubevirt/kubevirt in http")
    assert report.version == "1.9"


@pytest.mark.parametrize(
    ("objects", "told"),
    [
        ([], "has no KubeVirt CR"),
        ([deployed_kubevirt(phase="")], "not deployed yet"),
        ([deployed_kubevirt(), deployed_kubevirt()], "2 KubeVirt CRs are active"),
    ],
)
def test_a_cluster_without_one_registry_is_an_error(api: FakeApi, tmp_path: Path, objects: list[Object], told: str) -> None:
    cluster = Cluster(api)
    cluster.objects = objects
    with pytest.raises(RegistryError, match=f"{told}.*--registry FILE"):
        checked(cluster, tmp_path)


def test_a_cluster_without_kubevirt_is_an_error(api: FakeApi, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="has no KubeVirt "):
        checked(Cluster(api, served={}), tmp_path)


@pytest.mark.parametrize(("fault", "told"), [(401, "log in again"), ("cut", "can be reached from here"), ("no JSON", "cannot be read")])
def test_an_api_server_that_does_not_answer_is_reported_with_what_to_do(api: FakeApi, tmp_path: Path, fault: int | str, told: str) -> None:
    cluster = Cluster(api)
    api.fail("/", fault, times=99)
    with pytest.raises(UnreadableError, match=told):
        checked(cluster, tmp_path)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"from_cluster": True, "paths": ("x",)}, "either a cluster's objects or files"),
        ({"namespaces": ("shop",)}, "--namespace shop: only works with --from-cluster"),
        ({"cluster": True, "registry": "r.yaml"}, "--registry r.yaml and a cluster"),
        ({"from_cluster": True, "namespaces": ("../x",)}, "not a valid namespace name"),
    ],
)
def test_flags_that_contradict_are_refused(tmp_path: Path, flags: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        settings_from(Flags(**flags), directory=tmp_path)
