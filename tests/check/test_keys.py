"""Keys that the API server does not know: reported once, with what was meant, and never one that a release has."""

from pathlib import Path

import pytest
import yaml

from tests.check.builders import KUBEVIRT, checked, rules_found, vm, write
from webhook.check.known_keys import KNOWN_KEYS
from webhook.kube.fieldpath import render
from webhook.report.findings import Report
from webhook.rules.base import Action
from webhook.vmi.spec import Domain, Interface, Network

INTERFACE = "binding:\n                name: l2bridge"
NETWORK = "      networks:\n        - name: default\n          pod: {}\n"
HCO = "apiVersion: hco.kubevirt.io/{version}\nkind: HyperConverged\nmetadata: {{name: kubevirt-hyperconverged}}\nspec: {spec}\n"


def told(report: Report) -> list[tuple[str, str, str]]:
    """Field, message and help of all findings."""
    return [(render(each.finding.path), each.finding.message, each.finding.accepted) for each in report.occurrences]


@pytest.mark.parametrize(
    ("change", "field", "message", "remedy"),
    [
        ((INTERFACE, "masquarade: {}"), "interfaces[0].masquarade", 'an interface; did you mean "masquerade"?', "write masquerade instead"),
        ((INTERFACE, "l2bridge: {}"), "interfaces[0].l2bridge", "an interface; it is a binding plugin", "write binding: {name: l2bridge}"),
        ((INTERFACE, "binding: {plugin: l2bridge}"), "binding.plugin", "is no field of binding", "write name"),
        ((INTERFACE, "macAdress: x\n              " + INTERFACE), "macAdress", 'did you mean "macAddress"?', "write macAddress instead"),
        (("networks:", "network:"), "spec.network", 'spec.template.spec; did you mean "networks"?', "write networks instead"),
        (("pod: {}", "podNetwork: {}"), "networks[0].podNetwork", 'a network; did you mean "pod"?', "write pod instead"),
        (("pod: {}", "multus: {name: lan}"), "multus.name", 'multus; did you mean "networkName"?', "write networkName instead"),
        (("domain:", "domian:"), "spec.domian", 'spec.template.spec; did you mean "domain"?', "write domain instead"),
        (("interfaces:", "interface:"), "devices.interface", 'devices; did you mean "interfaces"?', "write interfaces instead"),
        (("      domain:", "      flavour: {}\n      domain:"), "spec.flavour", "is no field of spec.template.spec", "remove it"),
    ],
)
def test_an_unknown_key_is_the_only_finding_and_says_what_was_meant(
    tmp_path: Path, change: tuple[str, str], field: str, message: str, remedy: str
) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm().replace(*change, 1)})
    [(path, said, accepted)] = told(checked(tmp_path))
    assert path.endswith(field)
    assert message in said
    assert accepted.startswith(remedy)


@pytest.mark.parametrize(
    ("spec", "field", "remedy"),
    [
        ("{networks: [], template: {spec: {domain: {devices: {}}}}}", "spec.networks", "spec.template.spec"),
        ("{domain: {devices: {}}}", "spec.domain", "spec.template.spec"),
        ("{template: {spec: {domain: {interfaces: []}}}}", "spec.template.spec.domain.interfaces", "spec.template.spec.domain.devices"),
        ("{template: {domain: {devices: {}}}}", "spec.template.domain", "spec.template.spec"),
        ("{template: {spec: {domain: {}, devices: {}}}}", "spec.template.spec.devices", "spec.template.spec.domain"),
    ],
)
def test_a_misplaced_key_is_reported_where_it_belongs(tmp_path: Path, spec: str, field: str, remedy: str) -> None:
    text = f"apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {{name: a}}\nspec: {spec}\n"
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": text})
    [(path, _, accepted)] = told(checked(tmp_path))
    assert (path, accepted) == (field, f"move it to {remedy}")


@pytest.mark.parametrize(
    ("cr", "field", "remedy"),
    [
        (KUBEVIRT.replace("  configuration:\n    network:", "  network:"), "spec.network", "move it to spec.configuration"),
        (KUBEVIRT.replace("network:", "networkConfiguration:"), "spec.configuration.networkConfiguration", "write network instead"),
        (KUBEVIRT.replace("binding:", "bindings:"), "spec.configuration.network.bindings", "write binding instead"),
        (HCO.format(version="v1beta1", spec="{network: {binding: {}}}"), "spec.network", "write networkBinding instead"),
        (
            HCO.format(version="v1beta1", spec="{networking: {networkBinding: {}}}"),
            "spec.networking",
            "move networkBinding up, in place of networking",
        ),
        (HCO.format(version="v1", spec="{networkBinding: {}}"), "spec.networkBinding", "move it to spec.networking"),
    ],
)
def test_a_registration_in_a_wrong_place_is_reported(tmp_path: Path, cr: str, field: str, remedy: str) -> None:
    write(tmp_path, {"cr.yaml": cr})
    [(path, _, accepted)] = told(checked(tmp_path))
    assert (path, accepted) == (field, remedy)


@pytest.mark.parametrize(
    ("new", "rule", "field", "remedy"),
    [
        ("bridge:", "no-binding", "interfaces[0].bridge", "write bridge: {}"),
        ("binding: ~", "no-binding", "interfaces[0].binding", "write binding: {name: ...}"),
        ("binding: l2bridge", "wrong-type", "interfaces[0].binding", 'write binding: {name: "l2bridge"}'),
        ("binding: 5", "wrong-type", "interfaces[0].binding", "write an object here"),
    ],
)
def test_a_binding_that_is_no_object_is_reported_once_with_what_was_meant(
    tmp_path: Path, new: str, rule: str, field: str, remedy: str
) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm().replace(INTERFACE, new)})
    report = checked(tmp_path)
    assert rules_found(report) == [rule]
    [(path, _, accepted)] = told(report)
    assert path.endswith(field)
    assert accepted == remedy


def test_an_interface_without_a_name_is_reported_once(tmp_path: Path) -> None:
    nameless = vm().replace("- name: default\n              binding", "- binding").replace(NETWORK, "")
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": nameless})
    assert rules_found(checked(tmp_path)) == ["invalid-interface-name"]


def test_a_key_counts_where_the_release_has_it(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm().replace(INTERFACE, "passtBinding: {}")})
    [(_, message, _)] = told(checked(tmp_path, kubevirt_version="1.7"))
    assert message == '"passtBinding" is no field of an interface in KubeVirt 1.7: it came with 1.8'
    assert rules_found(checked(tmp_path, kubevirt_version="1.9")) == []


def test_what_is_inside_a_key_of_a_later_release_is_not_reported(tmp_path: Path) -> None:
    claimed = vm().replace("pod: {}", "resourceClaim: {claimName: c, requestName: r}")
    write(tmp_path, {"vm.yaml": claimed, "kubevirt.yaml": KUBEVIRT})
    assert [path for path, *_ in told(checked(tmp_path, kubevirt_version="1.8"))] == ["spec.template.spec.networks[0].resourceClaim"]


def test_a_release_that_is_newer_than_the_table_may_know_the_key(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm().replace(INTERFACE, f"{INTERFACE}\n              novelty: {{}}")})
    assert [each.finding.severity for each in checked(tmp_path, kubevirt_version="1.9").occurrences] == [Action.DENY]
    assert [each.finding.severity for each in checked(tmp_path, kubevirt_version="1.10").occurrences] == [Action.WARN]


def test_without_the_rule_what_follows_from_an_unknown_key_is_reported(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm().replace(INTERFACE, "masquarade: {}")})
    assert rules_found(checked(tmp_path, ignore=("unknown-key",))) == ["no-binding"]


def test_where_the_rule_warns_what_follows_from_an_unknown_key_still_denies(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm().replace(INTERFACE, "masquarade: {}")})
    write(tmp_path, {"bindguard.yaml": "rules: {unknown-key: warn}"})
    assert [(each.finding.rule, each.finding.severity) for each in checked(tmp_path).occurrences] == [
        ("no-binding", Action.DENY),
        ("unknown-key", Action.WARN),
    ]


def test_of_very_many_unknown_keys_each_is_reported(tmp_path: Path) -> None:
    obj = yaml.safe_load(vm())
    obj["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"][0] |= {f"masquerad{number:04}": {} for number in range(1000)}
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": yaml.safe_dump(obj)})
    assert rules_found(checked(tmp_path)) == ["unknown-key"] * 1000


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        ("VMI.domain", Domain.__struct_encode_fields__),
        ("VMI.domain.devices.interfaces", Interface.__struct_encode_fields__),
        ("VMI.networks", Network.__struct_encode_fields__),
    ],
)
def test_the_table_has_all_that_bindguard_reads(place: str, fields: tuple[str, ...]) -> None:
    assert set(fields) <= KNOWN_KEYS[place].keys()
