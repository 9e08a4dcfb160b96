"""Several clusters in one repository: which registry a file is checked against."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.check.builders import HYPERCONVERGED, KUBEVIRT, checked, vm, write
from webhook.errors import EXIT_CLEAN, EXIT_UNREADABLE, RegistryError
from webhook.rules import RULES
from webhook.rules.base import Action

NEEDING = sum(rule.needs_registry for rule in RULES)

EAST = KUBEVIRT
WEST = KUBEVIRT.replace("l2bridge", "macvtap")


def files_with_findings(directory: Path, **flags: Any) -> list[str]:
    """The files in which a plugin is not registered, by their names below `directory`."""
    report = checked(directory, select=("unregistered-plugin",), **flags)
    return [str(Path(occurrence.file).relative_to(directory)) for occurrence in report.occurrences]


@pytest.mark.parametrize(
    "crs",
    [
        {"east/kubevirt.yaml": EAST, "west/kubevirt.yaml": WEST},
        {"east/infra/deep/kubevirt.yaml": EAST, "west/infra/kubevirt.yaml": WEST},
        {"east/kubevirt.yaml": EAST, "west/hco.yaml": HYPERCONVERGED},
        {"kubevirt.yaml": EAST, "west/kubevirt.yaml": WEST},
        {"kubevirt.yaml": EAST, "west/infra/kubevirt.yaml": WEST},
        {"east/vms/vm.yaml": EAST + "---\n" + vm(), "east/kubevirt.yaml": WEST, "west/vms/all.yaml": WEST},
    ],
)
def test_the_nearest_cr_is_the_registry_of_a_file(tmp_path: Path, crs: Mapping[str, str]) -> None:
    write(tmp_path, {"east/vms/vm.yaml": vm(), "west/vms/vm.yaml": vm("macvtap"), "west/vms/slip.yaml": vm("macvtop"), **crs})
    assert files_with_findings(tmp_path) == ["west/vms/slip.yaml"]


def test_the_report_names_all_registries_that_objects_were_checked_against(tmp_path: Path) -> None:
    write(tmp_path, {"east/a.yaml": EAST, "west/a.yaml": WEST})
    report = checked(tmp_path)
    assert report.registry == ", ".join(f"KubeVirt kubevirt/kubevirt in {tmp_path}/{name}/a.yaml:1 (1 plugin)" for name in ("east", "west"))
    assert (report.version, report.gaps) == ("unknown, checked as 1.9", [])


def test_two_crs_that_are_equally_near_are_not_chosen_between_and_the_rest_is_checked(tmp_path: Path) -> None:
    write(
        tmp_path, {"east/a.yaml": EAST, "east/b.yaml": WEST, "east/vm.yaml": vm("slip"), "west/kubevirt.yaml": WEST, "west/vm.yaml": vm()}
    )
    report = checked(tmp_path)
    assert [occurrence.file for occurrence in report.occurrences] == [str(tmp_path / "west/vm.yaml")]
    [note] = [note for note in report.notes if note.startswith("several registries are equally near to some files")]
    assert (
        f"{tmp_path}/east/a.yaml:1, {tmp_path}/east/b.yaml:1; choose with --registry, or assign registries to paths in bindguard.yaml"
        in note
    )
    assert [gap.what for gap in report.gaps] == [f"no registry was found for some files, so {NEEDING} rules did not run"]
    assert checked(tmp_path, "east", require_registry=True).exit_code(fail_on=Action.DENY) == EXIT_UNREADABLE
    assert checked(tmp_path, "east", registry=str(tmp_path / "east/a.yaml")).gaps == []


def test_crs_that_are_equally_near_to_no_object_are_not_mentioned(tmp_path: Path) -> None:
    write(tmp_path, {"east/kubevirt.yaml": EAST, "west/kubevirt.yaml": WEST, "service.yaml": "kind: Service\n"})
    report = checked(tmp_path)
    assert (report.notes, report.exit_code(fail_on=Action.WARN)) == ([], EXIT_CLEAN)


def test_the_configuration_ties_paths_to_registries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = """\
registry: other.yaml
registries:
  - {paths: [vms/east/**, vms/both.yaml], registry: clusters/east.yaml, kubevirtVersion: "1.8"}
  - {paths: [vms], registry: clusters/west.yaml}
"""
    write(tmp_path, {"bindguard.yaml": config, "clusters/east.yaml": EAST, "clusters/west.yaml": WEST, "other.yaml": WEST})
    write(tmp_path, {"vms/east/vm.yaml": vm(), "vms/west/vm.yaml": vm(), "vms/both.yaml": vm(), "vm.yaml": vm()})
    monkeypatch.chdir(tmp_path)
    assert files_with_findings(tmp_path) == ["vm.yaml", "vms/west/vm.yaml"]
    assert checked(tmp_path, "vms").version == "1.8 and unknown, checked as 1.9"
    assert checked(tmp_path, "vms", kubevirt_version="1.7").version == "1.7"
    assert files_with_findings(tmp_path, registry=str(tmp_path / "clusters/east.yaml")) == []


def test_one_registry_may_serve_clusters_of_different_releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    east, west = (
        {"paths": [each], "registry": "cr.yaml", "kubevirtVersion": version} for each, version in (("east", "1.8"), ("west", "1.9"))
    )
    passt = vm().replace("binding:\n                name: l2bridge", "passtBinding: {}")
    write(tmp_path, {"bindguard.yaml": json.dumps({"registries": [east, west]}), "cr.yaml": KUBEVIRT})
    write(tmp_path, {"east/vm.yaml": passt, "west/vm.yaml": passt})
    monkeypatch.chdir(tmp_path)
    report = checked(tmp_path, "east", "west")
    assert [(occurrence.finding.rule, occurrence.file) for occurrence in report.occurrences] == [
        ("passt-gate-disabled", str(tmp_path / "east/vm.yaml"))
    ]
    assert report.version == "1.8 and 1.9"


def test_a_registry_of_paths_that_cannot_be_read_ends_the_run_where_a_file_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path,
        {"bindguard.yaml": "registries: [{paths: [east], registry: east/cr.yaml}]", "east/cr.yaml": "kind: Pod\n", "vm.yaml": vm()},
    )
    monkeypatch.chdir(tmp_path)
    assert checked(tmp_path, "vm.yaml").gaps != []
    with pytest.raises(RegistryError, match=r"east/cr\.yaml:1"):
        checked(tmp_path)
