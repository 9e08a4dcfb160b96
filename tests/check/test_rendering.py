"""Kustomizations rendered by the real kustomize or kubectl, which a hostile repository cannot use for anything else."""

import os
import shutil
from pathlib import Path

import pytest

from tests.check.builders import KUBEVIRT, checked, rules_found, vm, write
from webhook.check import rendering
from webhook.check.settings_layers import Flags, settings_from
from webhook.errors import EXIT_UNREADABLE, UsageError
from webhook.rules.base import Action

pytestmark = pytest.mark.skipif(not (shutil.which("kustomize") or shutil.which("kubectl")), reason="needs kustomize or kubectl")

BASE = {"base/kustomization.yaml": "resources: [vm.yaml]\n", "base/vm.yaml": vm()}
PATCH = vm("slip")
OVERLAY = {"prod/kustomization.yaml": "resources: [../base]\npatches: [{path: patch.yaml}]\n", "prod/patch.yaml": PATCH}


def test_what_is_rendered_is_checked_in_place_of_its_files(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, **BASE, **OVERLAY, "vms/vm.yaml": vm("slop", "other")})
    report = checked(tmp_path, kustomize=True)
    assert [(occurrence.file, occurrence.object.name) for occurrence in report.occurrences] == [
        (str(tmp_path / "vms/vm.yaml"), "other"),
        (f"kustomize:{tmp_path}/prod", "web"),
    ]
    assert report.occurrences[1].source_line.strip() == "name: slip"
    assert (report.notes, report.unreadable, report.counts.checked) == ([], [], 3)


def test_a_path_is_named_as_the_user_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path, {"kubevirt.yaml": KUBEVIRT, "bindguard.yaml": "registries: [{paths: [prod], registry: kubevirt.yaml}]", **BASE, **OVERLAY}
    )
    monkeypatch.chdir(tmp_path)
    [occurrence] = checked(Path(), "prod", kustomize=True).occurrences
    assert (occurrence.file, occurrence.finding.rule) == ("kustomize:prod", "unregistered-plugin")


def test_a_rendered_cr_is_the_registry_of_its_kustomization(tmp_path: Path) -> None:
    for cluster, plugin in (("east", "l2bridge"), ("west", "macvtap")):
        write(
            tmp_path,
            {
                f"{cluster}/kustomization.yaml": "resources: [cr.yaml, ../base]\n",
                f"{cluster}/cr.yaml": KUBEVIRT.replace("l2bridge", plugin),
            },
        )
    write(tmp_path, BASE)
    [occurrence] = checked(tmp_path, kustomize=True).occurrences
    assert (occurrence.file, occurrence.finding.rule) == (f"kustomize:{tmp_path}/west", "unregistered-plugin")


def test_a_component_is_not_rendered_by_itself(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, **BASE, "fix/patch.yaml": PATCH})
    write(
        tmp_path,
        {"fix/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: patch.yaml}]\n"},
    )
    write(tmp_path, {"prod/kustomization.yaml": "resources: [../base]\ncomponents: [../fix]\n"})
    assert [occurrence.file for occurrence in checked(tmp_path, kustomize=True).occurrences] == [f"kustomize:{tmp_path}/prod"]


@pytest.mark.parametrize(
    ("kustomization", "told"),
    [
        ("resources: ['https://example.com/vm.yaml']", "is not in the repository"),
        ("resources: ['http://127.0.0.1:1/vm.yaml']", "is not in the repository"),
        ("resources: ['github.com/kubevirt/kubevirt?ref=main']", "is not in the repository"),
        ("resources: ['git@example.com:a/b']", "is not in the repository"),
        ("resources: ['ssh://git@example.com/a']", "is not in the repository"),
        ("components: ['file:///etc']", "is not in the repository"),
        ("resources: [gone.yaml]", "does not exist"),
        ('resources: ["https://example.com\\n"]', "is not a list of paths"),
        ("resources: [{path: 'https'}]", "is not a list of paths"),
        ("resources: [../link]", "is or goes through a symbolic link"),
        ("resources: [../link/vm.yaml]", "is or goes through a symbolic link"),
        ("resources: [../base]\npatches: [{path: 'https://example.com/p.yaml'}]", "is not in the repository"),
        ("resources: [../base]\npatches: [{PATH: 'https://example.com/p.yaml'}]", "is not in the repository"),
        ("RESOURCES: ['https://example.com/vm.yaml']", '"RESOURCES" in'),
        ("resources: [../base]\nconfigMapGenerator: [{name: a, files: ['b=https://example.com/c']}]", "is not in the repository"),
        ("resources: [../base]\ngenerators: [plugin.yaml]", '"generators" in'),
        ("resources: [../base]\ntransformers: [plugin.yaml]", '"transformers" in'),
        ("helmCharts: [{name: a, repo: 'https://example.com'}]", '"helmCharts" in'),
        ("resources: [../base, ../empty]", "has no kustomization that can be read"),
        ("resources: [../base]\nnamespace: [5]", ""),
    ],
)
def test_a_kustomization_that_would_fetch_or_run_something_is_not_rendered(tmp_path: Path, kustomization: str, told: str) -> None:
    write(
        tmp_path, {"kubevirt.yaml": KUBEVIRT, **BASE, "prod/kustomization.yaml": kustomization, "prod/vm.yaml": vm("slip"), "empty/x": ""}
    )
    (tmp_path / "link").symlink_to("base")
    report = checked(tmp_path, kustomize=True)
    [error] = [error for error in report.unreadable if str(error.file).endswith("/prod")]
    assert error.message.startswith("not rendered: ")
    assert told in error.message
    assert rules_found(report) == ["unregistered-plugin"]
    assert report.exit_code(fail_on=Action.DENY) == EXIT_UNREADABLE


def test_a_remote_entry_deep_in_the_tree_is_found(tmp_path: Path) -> None:
    write(
        tmp_path, {"base/kustomization.yaml": "resources: ['https://example.com']\n", "prod/kustomization.yaml": "resources: [../base]\n"}
    )
    [error] = checked(tmp_path, kustomize=True).unreadable
    assert "is not in the repository" in error.message


def test_a_file_outside_the_kustomization_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"vm.yaml": vm("slip"), "prod/kustomization.yaml": "resources: [../vm.yaml]\n"})
    [error] = checked(tmp_path, "prod", kustomize=True).unreadable
    assert "not rendered: " in error.message


def program(directory: Path, script: str) -> None:
    """A kustomize that runs a script."""
    write(directory, {"kustomize": f"#!/bin/sh\n{script}\n"})
    (directory / "kustomize").chmod(0o755)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ('echo "$PATH $HOME $HTTPS_PROXY $SECRET" >&2; exit 1', " http://127.0.0.1:9; "),
        ("exit 4", "ended with exit code 4"),
        ("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done", "it has more than 100,000 bytes"),
        ("/bin/sleep 600", "it took more than 0.5 seconds"),
        ("/bin/sleep 600 &\n/bin/sleep 600", "it took more than 0.5 seconds"),
    ],
)
def test_a_program_gets_nothing_and_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str) -> None:
    program(tmp_path / "bin", script)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SECRET", "hunter2")
    monkeypatch.setattr(rendering, "_MAX_BYTES", 100_000)
    monkeypatch.setattr(rendering, "_TIMEOUT_SECONDS", 0.5)
    write(tmp_path, BASE)
    [error] = checked(tmp_path, "base", kustomize=True).unreadable
    assert told in error.message
    assert "hunter2" not in error.message


def test_without_a_program_the_flag_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    write(tmp_path, BASE)
    with pytest.raises(UsageError, match="neither kustomize nor kubectl is installed"):
        checked(tmp_path, kustomize=True)
    with pytest.raises(UsageError, match="--from-cluster and --kustomize"):
        settings_from(Flags(from_cluster=True, kustomize=True), directory=tmp_path)
