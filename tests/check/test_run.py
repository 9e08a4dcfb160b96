"""A run over real files: which registry, which documents, what is told, whatever the input."""

import os
from pathlib import Path

import pytest

from tests.check.builders import HYPERCONVERGED, KUBEVIRT, checked, rules_found, vm, write
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE, RegistryError, UnreadableError
from webhook.kube.fieldpath import render
from webhook.report.baseline import write_baseline
from webhook.rules import RULES
from webhook.rules.base import Action

NEEDING = sum(rule.needs_registry for rule in RULES)


def test_a_slip_is_found_at_its_line_and_column(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vms.yaml": f"# two\n---\n{vm()}---\n{vm('l2brige', 'slip')}"})
    [occurrence] = checked(tmp_path).occurrences
    assert (Path(occurrence.file).name, occurrence.line, occurrence.column) == ("vms.yaml", 34, 23)
    assert occurrence.source_line == "                name: l2brige"
    assert str(occurrence.object) == "VirtualMachine shop/slip"
    assert render(occurrence.finding.path) == "spec.template.spec.domain.devices.interfaces[0].binding.name"


def test_the_registry_may_stand_behind_the_vms(tmp_path: Path) -> None:
    write(tmp_path, {"all.yaml": vm() + "---\n" + KUBEVIRT})
    report = checked(tmp_path)
    assert (report.occurrences, report.exit_code(fail_on=Action.WARN)) == ([], EXIT_CLEAN)
    assert "(1 plugin)" in report.registry


def test_a_hyperconverged_cr_serves_where_there_is_no_kubevirt_cr(tmp_path: Path) -> None:
    write(tmp_path, {"hco.yaml": HYPERCONVERGED, "vm.yaml": vm("macvtap"), "added.yaml": vm("l2bridge")})
    report = checked(tmp_path)
    assert "unregistered-plugin" not in rules_found(report)
    assert any("l2bridge" in note for note in report.notes)
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT})
    assert rules_found(checked(tmp_path)) == ["unregistered-plugin"]


def test_without_a_registry_the_rules_that_need_one_are_skipped_loudly(tmp_path: Path) -> None:
    write(tmp_path, {"vm.yaml": vm("anything") + "---\n" + vm().replace("binding:", "masquerade: {}\n              bridge:")})
    report = checked(tmp_path)
    assert rules_found(report) == ["several-bindings", "bridge-on-pod-network"]
    assert any("unregistered-plugin" in note for note in report.notes)
    assert report.registry == "none"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds no KubeVirt CR"),
        ("a: [", "registry"),
        ("5", "not a registry"),
        ("kind: Pod", "not a registry"),
        (KUBEVIRT.replace("{domainAttachmentType: managedTap, migration: {}}", "5"), r"binding\.l2bridge"),
        (KUBEVIRT.replace("managedTap", "[]"), "domainAttachmentType"),
        (KUBEVIRT.replace("v1\n", "v7\n", 1), "is not read"),
        (KUBEVIRT + "---\n" + KUBEVIRT, "2 registries"),
        (KUBEVIRT + "---\na: [\n", "registry.yaml:1"),
        (b"\xff\xfea", "UTF-16"),
    ],
)
def test_a_broken_registry_ends_the_run_with_what_is_wrong(tmp_path: Path, content: str | bytes, told: str) -> None:
    write(tmp_path, {"registry.yaml": content, "vms/vm.yaml": vm()})
    with pytest.raises(RegistryError, match=told):
        checked(tmp_path, "vms", registry=str(tmp_path / "registry.yaml"))


def test_a_registry_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"gone\.yaml: No such file"):
        checked(tmp_path, registry=str(tmp_path / "gone.yaml"))


def test_broken_yaml_is_reported_with_its_place_and_the_rest_is_evaluated(tmp_path: Path) -> None:
    broken = vm().replace("pod: {}", "pod: {")
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "a.yaml": broken + "---\n" + vm("x"), "b.yaml": vm("z")})
    report = checked(tmp_path)
    assert rules_found(report) == ["unregistered-plugin", "unregistered-plugin"]
    [error] = report.unreadable
    assert (Path(error.file or "").name, error.line) == ("a.yaml", 18)
    assert report.exit_code(fail_on=Action.DENY) == EXIT_UNREADABLE


def test_what_is_not_ours_is_counted_and_not_even_parsed(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "other.yaml": "kind: Service\n---\n{{ broken }}: [\n---\n" + vm()})
    report = checked(tmp_path)
    assert report.unreadable == []
    assert (report.counts.documents, report.counts.checked, report.counts.passed_over) == (4, 2, 2)


@pytest.mark.parametrize("kind", ["List", "VirtualMachineList"])
def test_items_of_a_list_are_evaluated_one_by_one_with_their_own_lines(tmp_path: Path, kind: str) -> None:
    item = "\n".join("    " + line for line in vm("x").splitlines())
    items = f"apiVersion: kubevirt.io/v1\nkind: {kind}\nitems:\n  -\n{item}\n  -\n{item}\n"
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "list.yaml": items})
    report = checked(tmp_path)
    assert [occurrence.line for occurrence in report.occurrences] == [18, 36]
    assert [occurrence.finding.path[:2] for occurrence in report.occurrences] == [("items", 0), ("items", 1)]


def test_items_of_a_typed_list_may_leave_their_kind_to_it(tmp_path: Path) -> None:
    item = "\n".join("    " + line for line in vm("x").splitlines()[2:])
    write(
        tmp_path, {"kubevirt.yaml": KUBEVIRT, "list.yaml": f"apiVersion: kubevirt.io/v1\nkind: VirtualMachineList\nitems:\n  -\n{item}\n"}
    )
    assert rules_found(checked(tmp_path)) == ["unregistered-plugin"]


def test_a_recorded_review_is_evaluated_by_its_object(tmp_path: Path) -> None:
    recorded = Path(__file__).parents[1] / "data/reviews/vm-create-unregistered-generatename.json"
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "review.json": recorded.read_bytes()})
    report = checked(tmp_path)
    assert rules_found(report) == ["unregistered-plugin"]
    assert report.occurrences[0].finding.path[:2] == ("request", "object")


def test_one_process_and_several_tell_the_same(tmp_path: Path) -> None:
    write(tmp_path, {f"vm-{number:03}.yaml": vm("x" if number % 7 == 0 else "l2bridge", f"vm-{number}") for number in range(100)})
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "broken.yaml": "apiVersion: kubevirt.io/v1\n a: ["})
    alone, together = checked(tmp_path, jobs=1), checked(tmp_path, jobs=3)
    assert alone.occurrences == together.occurrences
    assert alone.counts == together.counts
    assert [str(error) for error in alone.unreadable] == [str(error) for error in together.unreadable]
    assert len(alone.occurrences) == 15


def test_namespaces_may_be_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm("x"), "bindguard.yaml": "exclude: {namespaces: ['sh*']}"})
    report = checked(tmp_path)
    assert (report.occurrences, report.counts.excluded) == ([], 1)


def test_a_run_without_a_registry_is_incomplete_and_fails_where_one_is_required(tmp_path: Path) -> None:
    write(tmp_path, {"vm.yaml": vm("slip")})
    report = checked(tmp_path)
    assert [gap.what for gap in report.gaps] == [f"no registry was found, so {NEEDING} rules did not run"]
    assert report.exit_code(fail_on=Action.DENY) == EXIT_CLEAN
    assert checked(tmp_path, require_registry=True).exit_code(fail_on=Action.DENY) == EXIT_UNREADABLE
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT})
    assert checked(tmp_path, require_registry=True).gaps == []


def test_a_run_whose_rules_need_no_registry_is_complete_without_one_unless_it_is_required(tmp_path: Path) -> None:
    write(tmp_path, {"vm.yaml": vm()})
    assert checked(tmp_path, select=("no-binding",)).gaps == []
    (gap,) = checked(tmp_path, select=("no-binding",), require_registry=True).gaps
    assert (gap.what, gap.fails) == ("no registry was found", True)


@pytest.mark.parametrize("files", [{}, {"a.yaml": "kind: ConfigMap\n"}, {"a.yaml": vm().replace("namespace: shop", "namespace: sandbox")}])
def test_a_run_that_checks_no_object_is_incomplete_and_fails_where_that_is_asked_for(tmp_path: Path, files: dict[str, str]) -> None:
    write(
        tmp_path,
        {"bindguard.yaml": "exclude: {namespaces: [sandbox], paths: [bindguard.yaml, registry.yaml]}\n", "registry.yaml": KUBEVIRT},
    )
    write(tmp_path, files)
    registry = str(tmp_path / "registry.yaml")
    (gap,) = checked(tmp_path, registry=registry).gaps
    assert (gap.what, gap.fails) == ("no object was checked", False)
    assert checked(tmp_path, registry=registry, fail_on_nothing=True).exit_code(fail_on=Action.DENY) == EXIT_UNREADABLE


def test_the_configuration_may_forbid_an_incomplete_run(tmp_path: Path) -> None:
    write(tmp_path, {"bindguard.yaml": "requireRegistry: true\nfailOnNothing: true\n"})
    assert [gap.fails for gap in checked(tmp_path).gaps] == [True, True]


def test_a_baseline_leaves_out_what_it_knows_and_no_more(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm("x")})
    write(tmp_path, {"baseline.json": write_baseline(checked(tmp_path).occurrences)})
    write(tmp_path, {"vm.yaml": "# moved\n" + vm("x") + "---\n" + vm("z", "new")})
    baseline = str(tmp_path / "baseline.json")
    report = checked(tmp_path, baseline=baseline)
    assert [occurrence.object.name for occurrence in report.occurrences] == ["new"]
    assert report.counts.baselined == 1
    write(tmp_path, {"vm.yaml": vm()})
    assert any("1 entries no longer occur" in note for note in checked(tmp_path, baseline=baseline).notes)


def test_a_baseline_knows_its_findings_after_a_registration_and_an_interface_that_is_inserted_before(tmp_path: Path) -> None:
    write(tmp_path, {"vm.yaml": vm("l2bridgee"), "kubevirt.yaml": KUBEVIRT})
    found = checked(tmp_path).occurrences
    write(tmp_path, {"baseline.json": write_baseline(found)})
    inserted = "          interfaces:\n            - name: first\n              masquerade: {}\n"
    second = (
        vm("l2bridgee").replace("          interfaces:\n", inserted).replace("networks:\n", "networks:\n        - {name: first, pod: {}}\n")
    )
    write(
        tmp_path,
        {
            "vm.yaml": second.replace(
                "        - name: default\n          pod: {}", "        - {name: default, multus: {networkName: blue}}"
            ),
            "kubevirt.yaml": KUBEVIRT + "        l2bridges: {domainAttachmentType: managedTap, migration: {}}\n",
        },
    )
    changed = checked(tmp_path)
    assert [each.finding.accepted for each in found] != [each.finding.accepted for each in changed.occurrences]
    assert [each.finding.path for each in found] != [each.finding.path for each in changed.occurrences]
    assert checked(tmp_path, baseline=str(tmp_path / "baseline.json")).occurrences == []


def test_of_two_findings_that_are_alike_a_baseline_leaves_out_as_many_as_it_counts(tmp_path: Path) -> None:
    nameless = vm("slip").replace("- name: default\n              binding", "- binding", 1)
    twice = nameless.replace("                name: slip\n", "                name: slip\n            - binding: {name: slip}\n", 1)
    write(tmp_path, {"vm.yaml": nameless, "kubevirt.yaml": KUBEVIRT})
    write(tmp_path, {"baseline.json": write_baseline(checked(tmp_path, select=("unregistered-plugin",)).occurrences)})
    write(tmp_path, {"vm.yaml": twice})
    report = checked(tmp_path, select=("unregistered-plugin",), baseline=str(tmp_path / "baseline.json"))
    assert (len(report.occurrences), report.counts.baselined) == (1, 1)


def test_a_pipe_serves_as_baseline_where_the_command_line_names_it(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm("x")})
    reader, writer = os.pipe()
    os.write(writer, write_baseline(checked(tmp_path).occurrences).encode())
    os.close(writer)
    assert checked(tmp_path, baseline=f"/dev/fd/{reader}").counts.baselined == 1
    write(tmp_path, {"bindguard.yaml": f"baseline: /dev/fd/{reader}"})
    with pytest.raises(UnreadableError, match="is a named pipe, not a regular file"):
        checked(tmp_path)
    os.close(reader)


def test_a_baseline_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"vm.yaml": vm(), "kubevirt.yaml": KUBEVIRT})
    with pytest.raises(UnreadableError, match="cannot read the baseline"):
        checked(tmp_path, baseline=str(tmp_path / "gone.json"))


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "vm.yaml").symlink_to("/proc/self/mem")  # reading it fails for everyone, root included
    [error] = checked(tmp_path, "vm.yaml").unreadable
    assert error.message == "Input/output error"


def test_a_file_that_vanishes_is_reported(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to("nowhere")
    report = checked(tmp_path, "gone.yaml")
    assert len(report.unreadable) == 1


def test_the_version_given_goes_before_what_the_registry_has(tmp_path: Path) -> None:
    passt = vm().replace("binding:\n                name: l2bridge", "passtBinding: {}")
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": passt})
    assert checked(tmp_path, kubevirt_version="1.9").occurrences == []
    report = checked(tmp_path, kubevirt_version="v1.8.2")
    assert rules_found(report) == ["passt-gate-disabled"]
    assert report.version == "1.8.2"
    assert report.exit_code(fail_on=Action.DENY) == EXIT_FINDINGS


def test_a_version_that_nobody_here_knows_is_reported(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm()})
    note = "KubeVirt 1.42 is newer than this program knows: checked as 1.10, and feature gates only warn"
    assert note in checked(tmp_path, kubevirt_version="1.42").notes
    assert any("it is checked as planned" in note for note in checked(tmp_path, kubevirt_version="1.10").notes)
    assert checked(tmp_path, kubevirt_version="1.9.3").notes == checked(tmp_path, kubevirt_version="1.1").notes
    assert checked(tmp_path, "vm.yaml").version == "unknown, checked as 1.9"


def test_a_pipe_serves_as_registry(tmp_path: Path) -> None:
    write(tmp_path, {"vm.yaml": vm("slip")})
    reader, writer = os.pipe()
    os.write(writer, KUBEVIRT.encode())
    os.close(writer)
    assert rules_found(checked(tmp_path, registry=f"/dev/fd/{reader}")) == ["unregistered-plugin"]
    os.close(reader)
