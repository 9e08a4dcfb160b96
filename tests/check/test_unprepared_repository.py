"""The first run in a repository that nobody prepared: what holds no object to check does not fail it, and what does is not lost."""

import io
from pathlib import Path

import pytest

from tests.check.builders import KUBEVIRT, checked, rules_found, vm, write
from webhook.check.run import run
from webhook.check.settings_layers import Flags, settings_from
from webhook.errors import EXIT_CLEAN, EXIT_UNREADABLE
from webhook.rules.base import Action

MKDOCS = "repo_url: kubevirt.io\nextensions:\n  - emoji: {index: !!python/name:material.emoji}\n"
CLUSTER_ROLE = "kind: ClusterRole\nmetadata:\n  name: {{ .Release.Name }}\nrules: [{apiGroups: [kubevirt.io]}]\n"
PATCH = "apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: web}\nspec: {running: true}\n"


@pytest.mark.parametrize(
    "content",
    [
        MKDOCS,
        CLUSTER_ROLE,
        CLUSTER_ROLE.replace("ClusterRole", "{{ item.kind }}"),
        "kind: DataVolume # cdi.kubevirt.io\nspec: {{ .Values.spec }}\n",
    ],
)
def test_a_document_that_cannot_be_read_and_holds_nothing_to_check_is_a_note(tmp_path: Path, content: str) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm(), "other.yaml": content, "more.yaml": content})
    report = checked(tmp_path)
    [note] = report.notes
    assert note.startswith("skipped 2 documents that cannot be read, without an object to check; the first: ")
    assert "more.yaml:" in note
    assert (report.unreadable, report.counts.passed_over, report.exit_code(fail_on=Action.WARN)) == ([], 2, EXIT_CLEAN)


def test_what_a_manifest_without_a_name_lacks_is_a_warning_as_it_may_be_a_patch(tmp_path: Path) -> None:
    patch = PATCH.replace("metadata: {name: web}\n", "")
    write(
        tmp_path, {"kubevirt.yaml": KUBEVIRT, "patch.yaml": patch, "named.yaml": PATCH, "new.yaml": PATCH.replace("name:", "generateName:")}
    )
    write(tmp_path, {"slip.yaml": vm("slip").replace("name: web", "labels: {}")})
    found = {(each.file.rpartition("/")[2], each.finding.rule): each.finding.severity for each in checked(tmp_path).occurrences}
    assert found == {
        ("patch.yaml", "missing-field"): Action.WARN,
        ("named.yaml", "missing-field"): Action.DENY,
        ("new.yaml", "missing-field"): Action.DENY,
        ("slip.yaml", "unregistered-plugin"): Action.DENY,
    }


@pytest.mark.parametrize(
    "content",
    [
        "apiVersion: kubevirt.io/v1\nkind: VirtualMachineList\nitems: [\n",
        '{"apiVersion": "kubevirt.io/v1", "kind": "KubeVirt",',
        "apiVersion: infrastructure.cluster.x-k8s.io/v1alpha1\nkind: KubevirtMachineTemplate\nspec: {virtualMachineTemplate: [\n",
    ],
)
def test_a_broken_document_that_may_hold_an_object_to_check_is_unreadable(tmp_path: Path, content: str) -> None:
    write(tmp_path, {"broken.yaml": content})
    assert checked(tmp_path).exit_code(fail_on=Action.DENY) == EXIT_UNREADABLE


@pytest.mark.parametrize(
    "content",
    [
        'apiVersion: kubevirt.io/v1\nkind: "VirtualMachine"\nspec: {{ .Values.spec }}\n',
        "apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata:\n  name: web\n{{ if .Labels }}\n  labels: {a: b}\n{{ end }}\n",
        "{% for name in names %}\napiVersion: kubevirt.io/v1\nkind: VirtualMachine\n{% endfor %}\n",
    ],
)
def test_a_template_of_another_kind_is_skipped_with_a_note_that_says_where(tmp_path: Path, content: str) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm(), "web.yaml.tpl.yaml": content})
    report = checked(tmp_path)
    [note] = report.notes
    assert note.startswith("skipped 1 template; render them first, then pipe the result to bindguard check -; the first: ")
    assert "web.yaml.tpl.yaml:" in note
    assert (report.unreadable, report.exit_code(fail_on=Action.WARN)) == ([], EXIT_CLEAN)


def test_a_template_that_was_piped_in_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nspec: {{ .Values.spec }}\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    report = run(settings_from(Flags(paths=("-",)), directory=tmp_path), lambda *_: None)
    assert [error.file for error in report.unreadable] == ["<stdin>"]


def test_what_was_piped_in_is_meant_to_be_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(CLUSTER_ROLE.encode())))
    report = run(settings_from(Flags(paths=("-",)), directory=tmp_path), lambda *_: None)
    assert [error.file for error in report.unreadable] == ["<stdin>"]


def test_the_templates_of_a_chart_are_skipped_with_one_note(tmp_path: Path) -> None:
    template = vm("{{ .Values.plugin }}")
    write(
        tmp_path,
        {
            "kubevirt.yaml": KUBEVIRT,
            "my chart/Chart.yaml": "name: shop\n",
            "my chart/templates/vm.yaml": template,
            "my chart/templates/more/vms.yaml": f"{template}---\n{vm('slip')}",
            "my chart/templates/role.yaml": CLUSTER_ROLE,
        },
    )
    report = checked(tmp_path)
    chart = tmp_path / "my chart"
    assert report.notes == [
        f"skipped 2 Helm templates in {chart}; check what the chart renders: helm template '{chart}' | bindguard check -"
    ]
    assert rules_found(report) == ["unregistered-plugin"]


@pytest.mark.parametrize(
    "kustomization",
    [
        "patches: [{path: patches/vm.yaml, target: {kind: VirtualMachine}}]",
        "patchesStrategicMerge: [./patches/vm.yaml]",
        "patchesJson6902: [{path: patches/vm.yaml}]",
        "patches: [{patch: '- op: remove'}, {path: patches/vm.yaml}]",
    ],
)
@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_a_patch_of_a_kustomization_is_no_object(tmp_path: Path, name: str, kustomization: str) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, f"prod/{name}": kustomization, "prod/patches/vm.yaml": PATCH, "base/vm.yaml": vm("slip")})
    report = checked(tmp_path)
    assert rules_found(report) == ["unregistered-plugin"]
    [note] = report.notes
    assert note.startswith(f"skipped 1 patch file of kustomizations; the first: {tmp_path}/prod/patches/vm.yaml; ")
    assert checked(tmp_path, "prod/patches/vm.yaml").occurrences == []


@pytest.mark.parametrize(
    ("kustomization", "severity"),
    [
        ("resources: [../base]\npatches: [{path: patch.yaml}]", Action.WARN),
        ("resources: [../base]\npatches: [{path: patch.yaml, target: {kind: VirtualMachine}}]", Action.WARN),
        ("resources: [../base]\npatches: [{patch: '[]', target: {name: web}}]", Action.WARN),
        ("resources: [../base]\npatches: [{patch: '[]', target: {kind: V.*}}]", Action.WARN),
        ("resources: [../base]\ncomponents: [../fix]", Action.WARN),
        ("resources: [../base]\npatches: [{patch: '[]', target: {kind: Deployment}}]", Action.DENY),
        ("resources: [../base]\npatchesStrategicMerge: ['kind: Deployment']", Action.DENY),
        ("resources: [../base]", Action.DENY),
        ("resources: [../base, .]\npatches: 5", Action.DENY),
    ],
)
def test_what_a_kustomization_patches_before_it_is_applied_gets_warnings(tmp_path: Path, kustomization: str, severity: Action) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "base/kustomization.yaml": "resources: [vm.yaml]", "base/vm.yaml": vm("slip")})
    write(
        tmp_path,
        {
            "prod/kustomization.yaml": kustomization,
            "prod/patch.yaml": PATCH,
            "fix/kustomization.yaml": "kind: Component\npatches: [{path: p.yaml}]",
            "fix/p.yaml": PATCH,
        },
    )
    report = checked(tmp_path, select=("unregistered-plugin",))
    [occurrence] = report.occurrences
    assert occurrence.finding.severity is severity
    told = f"findings in {tmp_path}/base/vm.yaml and other files that kustomizations patch are warnings; "
    assert [note for note in report.notes if note.startswith(told)] == (report.notes[-1:] if severity is Action.WARN else [])


def test_a_base_that_a_kustomization_completes_lacks_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"base/kustomization.yaml": "resources: [vm.yaml]", "base/vm.yaml": PATCH})
    write(tmp_path, {"prod/kustomization.yaml": "resources: [../base]\npatches: [{path: patch.yaml}]", "prod/patch.yaml": vm()})
    assert checked(tmp_path).occurrences == []


def test_a_registry_is_not_read_from_a_patch(tmp_path: Path) -> None:
    write(tmp_path, {"kustomization.yaml": "components: [fix]", "fix/kustomization.yaml": "patches: [{path: kubevirt.yaml}]"})
    write(tmp_path, {"fix/kubevirt.yaml": KUBEVIRT, "kubevirt.yaml": KUBEVIRT, "vm.yaml": vm()})
    assert rules_found(checked(tmp_path)) == []


@pytest.mark.parametrize(
    "content", ["[", "5", "patches: 5", 'patches: [5, {path: 5}, [], null, {path: "a\\0b"}]', "patches: {path: vm.yaml}", "\0"]
)
def test_a_kustomization_of_any_shape_lists_what_it_can(tmp_path: Path, content: str) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "kustomization.yaml": content, "vm.yaml": vm("slip")})
    assert rules_found(checked(tmp_path)) == ["unregistered-plugin"]
