"""The matchConditions, evaluated: what is sent, what is not, and that no shape of object makes them fail (a failure would be a refusal)."""

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cel_expr_python import cel  # type: ignore[import-untyped] # it ships no marker

from tests.chart.helm import Helm, webhooks

REVIEWS = Path(__file__).parents[1] / "data/reviews"
INTERFACES = [{"name": "default", "binding": {"name": "passt"}}]
NETWORKS = [{"name": "default", "pod": {}}]
_ENVIRONMENT = cel.NewEnv(variables=dict.fromkeys(("object", "oldObject", "request"), cel.Type.DYN))


def is_sent(
    helm: Helm, obj: Any, old: Any = None, *, resource: str = "virtualmachineinstances", webhook: str = "validate.bindguard.io"
) -> bool:
    """Whether all conditions are true, as the API server asks them; none may fail."""
    request = {"operation": "CREATE" if old is None else "UPDATE", "resource": {"resource": resource}}
    variables = {"object": obj, "oldObject": old, "request": request}
    answers = [evaluated(each["expression"], variables) for each in webhooks(helm.render())[webhook]["matchConditions"]]
    assert all(isinstance(answer, bool) for answer in answers), answers
    return all(answers)


def evaluated(expression: str, variables: Mapping[str, Any]) -> object:
    return _ENVIRONMENT.compile(expression).eval(data=variables).plain_value()


def vmi(*, interfaces: Any = INTERFACES, networks: Any = NETWORKS, **more: Any) -> dict[str, Any]:
    devices = {} if interfaces is None else {"interfaces": interfaces}
    spec = {"domain": {"devices": devices}, **({} if networks is None else {"networks": networks})}
    return {"metadata": {"name": "a"}, "spec": spec, **more}


def vm(spec: Any, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", **metadata}, "spec": {"template": {"spec": spec}}}


def registering(plugins: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {}, "spec": {"configuration": {"network": {"binding": plugins}}}}


def test_whatever_is_created_is_sent(helm: Helm) -> None:
    for name in ("vm-create-unregistered-generatename", "vmi-create-multus", "vmirs-create", "vmpool-create"):
        request = json.loads((REVIEWS / f"{name}.json").read_text())["request"]
        assert is_sent(helm, request["object"], resource=request["resource"]["resource"])


def test_a_status_write_of_a_vmi_is_not_sent(helm: Helm) -> None:
    assert not is_sent(helm, vmi(status={"phase": "Running"}), vmi(status={"phase": "Scheduled"}))


def test_a_vmi_whose_network_is_as_it_was_is_not_sent(helm: Helm) -> None:
    after = vmi()
    after["spec"]["volumes"] = [{"name": "hotplugged"}]
    after["spec"]["domain"]["devices"]["disks"] = [{"name": "hotplugged"}]
    assert not is_sent(helm, after, vmi())


@pytest.mark.parametrize("before", [vmi(interfaces=[]), vmi(interfaces=None), vmi(networks=[]), vmi(networks=None)])
def test_a_vmi_whose_interfaces_or_networks_changed_is_sent(helm: Helm, before: Any) -> None:
    assert is_sent(helm, vmi(), before)
    assert is_sent(helm, before, vmi())


def test_a_vmi_without_interfaces_is_as_one_with_none_of_them(helm: Helm) -> None:
    assert not is_sent(helm, vmi(interfaces=[], networks=[]), vmi(interfaces=None, networks=None))


def test_finalizers_labels_and_annotations_are_written_without_asking(helm: Helm) -> None:
    spec = vmi()["spec"]
    for change in ({"finalizers": ["a"]}, {"labels": {"a": "b"}}, {"annotations": {"a": "b"}}):
        assert not is_sent(helm, vm(spec, **change), vm(spec), resource="virtualmachines")


def test_a_changed_vm_is_sent(helm: Helm) -> None:
    assert is_sent(helm, vm(vmi()["spec"]), vm(vmi(interfaces=[])["spec"]), resource="virtualmachines")


def test_what_is_being_deleted_is_not_sent(helm: Helm) -> None:
    gone = vm(vmi()["spec"], deletionTimestamp="2026-11-21T22:34:46Z")
    assert not is_sent(helm, gone, vm(vmi(interfaces=[])["spec"]), resource="virtualmachines")


def test_a_changed_registration_is_sent_and_a_status_is_not(helm: Helm) -> None:
    before, after = registering({}), registering({"passt": {}})
    advice = "advice.validate.bindguard.io"
    assert is_sent(helm, after, before, resource="kubevirts", webhook=advice)
    assert not is_sent(helm, {**after, "status": {"phase": "Deployed"}}, after, resource="kubevirts", webhook=advice)


@pytest.mark.parametrize("resource", ["virtualmachineinstances", "virtualmachines"])
def test_no_missing_field_and_no_null_makes_a_condition_fail(helm: Helm, resource: str) -> None:
    specs: list[Any] = [None, {}, {"domain": None}, {"domain": {}}, {"domain": {"devices": None}}]
    odd = [
        {"metadata": {}},
        *({"metadata": {}, "spec": spec} for spec in specs),
        vmi(interfaces=None),
        {"metadata": {}, "spec": {"domain": {"devices": {"interfaces": None}}, "networks": None}},
        vmi(interfaces=[None, {}, {"masquerade": {}}]),
        vmi(),
    ]
    for after, before in itertools.product(odd, [None, *odd]):
        is_sent(helm, after, before, resource=resource)
