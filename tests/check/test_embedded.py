"""Objects inside objects of other kinds: found at any depth, with their own places, and never denied for a parameter."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.check.builders import KUBEVIRT, checked, rules_found, vm, write
from webhook.check.embedded import embedded_in
from webhook.kube.fieldpath import render
from webhook.rules.base import Action

VM: dict[str, Any] = yaml.safe_load(vm("slip"))
UNTYPED = {key: VM[key] for key in ("metadata", "spec")}


def carrier(api_version: str, kind: str, **fields: object) -> dict[str, object]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "outer"}, **fields}


POLICY = carrier(
    "policy.open-cluster-management.io/v1",
    "ConfigurationPolicy",
    spec={"object-templates": [{"complianceType": "musthave", "objectDefinition": VM}]},
)
AS_WRITTEN = [
    carrier("template.openshift.io/v1", "Template", objects=[{"kind": "Service"}, VM]),
    carrier("v1", "Template", objects=[VM]),
    carrier("work.open-cluster-management.io/v1", "ManifestWork", spec={"workload": {"manifests": [VM]}}),
    POLICY,
    carrier("policy.open-cluster-management.io/v1", "Policy", spec={"policy-templates": [{"objectDefinition": POLICY}]}),
    carrier("kubernetes.crossplane.io/v1alpha2", "Object", spec={"forProvider": {"manifest": VM}}),
    carrier("kro.run/v1alpha1", "ResourceGraphDefinition", spec={"resources": [{"id": "vm", "template": VM}]}),
    carrier(
        "infrastructure.cluster.x-k8s.io/v1alpha1",
        "KubevirtMachineTemplate",
        spec={"template": {"spec": {"virtualMachineTemplate": UNTYPED}}},
    ),
    carrier("infrastructure.cluster.x-k8s.io/v1alpha1", "KubevirtMachine", spec={"virtualMachineTemplate": UNTYPED}),
    carrier("harvesterhci.io/v1beta1", "VirtualMachineTemplateVersion", spec={"vm": UNTYPED}),
    carrier("v1", "List", items=[carrier("template.openshift.io/v1", "Template", objects=[VM])]),
]
PERHAPS_CHANGED = [
    carrier("argoproj.io/v1alpha1", "Application", spec={"source": {"helm": {"valuesObject": {"extraObjects": [VM]}}}}),
    carrier("helm.toolkit.fluxcd.io/v2", "HelmRelease", spec={"values": {"extraDeploy": [VM]}}),
    carrier(
        "apiextensions.crossplane.io/v1",
        "Composition",
        spec={"resources": [{"base": carrier("kubernetes.crossplane.io/v1alpha2", "Object", spec=VM)}]},
    ),
    {"extraObjects": {"vm": VM}},
]


@pytest.mark.parametrize("outer", AS_WRITTEN, ids=lambda outer: outer["kind"])
def test_an_object_that_is_created_as_written_is_denied_inside_another(tmp_path: Path, outer: dict[str, object]) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "outer.yaml": yaml.safe_dump(outer, sort_keys=False)})
    report = checked(tmp_path)
    [occurrence] = report.occurrences
    assert (occurrence.finding.rule, occurrence.finding.severity, occurrence.object.name) == ("unregistered-plugin", Action.DENY, "web")
    assert occurrence.source_line.strip().removeprefix("- ") == "name: slip"
    assert report.counts.checked == 2


@pytest.mark.parametrize("outer", PERHAPS_CHANGED)
def test_an_object_that_may_be_changed_first_gets_a_warning(tmp_path: Path, outer: dict[str, object]) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "outer.json": json.dumps(outer)})
    [occurrence] = checked(tmp_path).occurrences
    assert (occurrence.finding.rule, occurrence.finding.severity) == ("unregistered-plugin", Action.WARN)


def test_an_object_that_may_be_completed_lacks_nothing(tmp_path: Path) -> None:
    partial = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": {"running": True}}
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "outer.yaml": json.dumps({"extraObjects": [partial]})})
    assert checked(tmp_path).occurrences == []


def test_an_object_that_a_policy_forbids_is_not_checked(tmp_path: Path) -> None:
    templates = [{"complianceType": compliance, "objectDefinition": VM} for compliance in ("mustnothave", "MustNotHave", "musthave")]
    policy = carrier("policy.open-cluster-management.io/v1", "ConfigurationPolicy", spec={"object-templates": templates})
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "outer.json": json.dumps(policy)})
    [occurrence] = checked(tmp_path).occurrences
    assert occurrence.finding.path[:3] == ("spec", "object-templates", 2)


def test_a_finding_has_line_column_and_path_from_the_root(tmp_path: Path) -> None:
    embedded = "\n".join("    " + line for line in vm("slip").splitlines())
    text = f"apiVersion: template.openshift.io/v1\nkind: Template\nmetadata: {{name: t}}\nobjects:\n  -\n{embedded}\n"
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "template.yaml": text})
    [occurrence] = checked(tmp_path).occurrences
    assert (occurrence.line, occurrence.column) == (19, 27)
    assert render(occurrence.finding.path) == "objects[0].spec.template.spec.domain.devices.interfaces[0].binding.name"


def test_an_object_without_a_name_is_called_like_the_one_around_it(tmp_path: Path) -> None:
    outer = carrier("harvesterhci.io/v1beta1", "VirtualMachineTemplateVersion", spec={"vm": {"spec": VM["spec"]}})
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "outer.json": json.dumps(outer)})
    [occurrence] = checked(tmp_path).occurrences
    assert str(occurrence.object) == "VirtualMachineTemplateVersion outer"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: slip", "name: ${BINDING}"),
        ("name: slip", 'name: "${{BINDING}}"'),
        ("name: slip", 'name: "{{hub .binding hub}}"'),
        ("- name: default\n              binding:\n                name: slip", '- "${{INTERFACE}}"'),
        ("interfaces:\n            - name: default\n              binding:\n                name: slip", 'interfaces: "${{INTERFACES}}"'),
        ("name: slip", 'name: l2bridge\n              bootOrder: "${{ORDER}}"'),
    ],
)
def test_a_parameter_is_never_denied(tmp_path: Path, old: str, new: str) -> None:
    parametrised = vm("slip").replace(old, new)
    assert parametrised != vm("slip")
    template = carrier("template.openshift.io/v1", "Template", objects=[yaml.safe_load(parametrised)])
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "template.json": json.dumps(template)})
    report = checked(tmp_path)
    assert (report.count(Action.DENY), report.unreadable) == (0, [])


def test_what_has_no_parameter_in_a_template_is_denied_unless_its_neighbours_have_one(tmp_path: Path) -> None:
    network = {"name": "lost", "pod": {}}
    fixed, open_ = (yaml.safe_load(vm(plugin)) for plugin in ("l2bridge", "${BINDING}"))
    for each in (fixed, open_):
        each["metadata"]["name"] = "${NAME}"
        each["spec"]["template"]["spec"]["networks"].append({**network})
    write(
        tmp_path, {"kubevirt.yaml": KUBEVIRT, "t.json": json.dumps(carrier("template.openshift.io/v1", "Template", objects=[fixed, open_]))}
    )
    severities = [occurrence.finding.severity for occurrence in checked(tmp_path, select=("network-without-interface",)).occurrences]
    assert severities == [Action.DENY, Action.WARN]


def test_a_placeholder_outside_a_template_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm("${BINDING}")})
    [occurrence] = checked(tmp_path).occurrences
    assert (occurrence.finding.rule, occurrence.finding.severity) == ("unregistered-plugin", Action.WARN)


@pytest.mark.parametrize(
    "outer",
    [
        carrier("kyverno.io/v1", "ClusterPolicy", spec={"match": {"kinds": ["VirtualMachine"]}}),
        carrier("v1", "ConfigMap", data={"vm.yaml": vm("slip")}),
        carrier("v1", "Pod", spec={"owner": {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "name": "web"}}),
        carrier("vmoperator.vmware.com/v1alpha1", "VirtualMachine", spec={"className": "kubevirt.io"}),
        carrier("harvesterhci.io/v1beta1", "VirtualMachineTemplateVersion", spec={"vm": 5}),
        [VM],
    ],
)
def test_what_only_mentions_a_vm_is_skipped(tmp_path: Path, outer: object) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "outer.json": json.dumps(outer)})
    report = checked(tmp_path)
    assert (rules_found(report), report.counts.checked) in (([], 1), (["unregistered-plugin"], 2))


def test_nothing_recurses() -> None:
    deep: object = VM
    for _ in range(20_000):
        deep = {"a": [deep]}
    [found] = embedded_in(deep)
    assert (found.obj, len(found.path)) == (VM, 40_000)
