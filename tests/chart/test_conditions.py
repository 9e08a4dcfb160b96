"""The matchConditions, evaluated: what is sent, what is not, and that no shape of object makes them fail (a failure would be a refusal)."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chart.conditions import evaluated
from tests.chart.helm import Helm, webhooks
from webhook.vmi.spec import Devices, Domain, VMISpec

REVIEWS = Path(__file__).parents[1] / "data/reviews"
RECORDED = {
    path.stem: path for place in (Path(__file__).parents[3] / "shared/fixtures/admissionreviews", REVIEWS) for path in place.glob("*.json")
}
"""Recorded from a real API server with KubeVirt's own CRDs; those of the repository go before those beside it."""
VALIDATE, ADVICE, STARTED = "validate.bindguard.io", "advice.validate.bindguard.io", "started.validate.bindguard.io"
NOT_SENT = {"vm-delete", "vm-status-update", "vm-update-finalizer-added", "vm-update-finalizer-removed-while-deleting", "vm-update-label"}
NOT_SENT |= {"vmirs-scale-update", "clusterpreference-create"}
INTERFACES = [{"name": "default", "binding": {"name": "passt"}}]
NETWORKS = [{"name": "default", "pod": {}}]


def is_sent(
    helm: Helm,
    obj: Any,
    old: Any = None,
    *,
    resource: str = "virtualmachineinstances",
    webhook: str = "validate.bindguard.io",
    user: str = "admin",
) -> bool:
    """Whether all conditions are true, as the API server asks them; none may fail."""
    request = {
        "operation": "CREATE" if old is None else "UPDATE",
        "resource": {"resource": resource},
        "userInfo": {"username": user},
    }
    variables = {"object": obj, "oldObject": old, "request": request}
    answers = [evaluated(each["expression"], variables) for each in webhooks(helm.render())[webhook]["matchConditions"]]
    assert all(isinstance(answer, bool) for answer in answers), answers
    return all(answers)


def test_conditions_ask_only_for_what_a_request_has(helm: Helm) -> None:
    """The API server knows the type of `request` and refuses a configuration that misspells a field; the library here does not."""
    text = " ".join(each["expression"] for webhook in webhooks(helm.render()).values() for each in webhook.get("matchConditions", ()))
    asked_for = set(re.findall(r"\brequest\.(\w+)", text))
    assert "operation" in asked_for
    assert asked_for <= {"kind", "resource", "subResource", "requestKind", "requestResource", "requestSubResource"} | {
        *("name", "namespace", "operation", "userInfo", "dryRun", "options")
    }


def asked(helm: Helm, request: Any) -> set[str]:
    """The webhooks that the API server asks about a request: by their rules first, then by their conditions."""
    found = {name for name, webhook in webhooks(helm.render()).items() if any(_matches(rule, request) for rule in webhook["rules"])}
    conditional = {name for name in found if "matchConditions" in webhooks(helm.render())[name]}
    resource, user = request["resource"]["resource"], request["userInfo"]["username"]
    sent = {
        name for name in conditional if is_sent(helm, request["object"], request["oldObject"], resource=resource, webhook=name, user=user)
    }
    return sent | (found - conditional)


def _matches(rule: Any, request: Any) -> bool:
    resource = request["resource"]
    plural = "/".join(filter(None, (resource["resource"], request.get("subResource"))))
    return all(
        value in rule[key]
        for key, value in (
            ("apiGroups", resource["group"]),
            ("apiVersions", resource["version"]),
            ("resources", plural),
            ("operations", request["operation"]),
        )
    )


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
        assert asked(helm, request) in ({VALIDATE}, {STARTED})


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_of_what_real_clusters_do_only_what_can_matter_is_sent(helm: Helm, name: str) -> None:
    wanted = {"pod": {"mutate.bindguard.io"}, "kubevirt": {ADVICE}}.get(name.partition("-")[0], {VALIDATE})
    request = json.loads(RECORDED[name].read_text(encoding="utf-8"))["request"]
    if wanted == {VALIDATE} and request["userInfo"]["username"].endswith(":kubevirt-controller"):
        wanted = {STARTED}
    assert asked(helm, request) == (set() if name in NOT_SENT else wanted)


_TEXTS = st.sampled_from(["a", "b"])
_INTERFACE = st.dictionaries(
    st.sampled_from(["name", "macAddress", "binding", "masquerade", "bridge", "state"]), st.none() | _TEXTS, max_size=3
)
_DEVICES = st.fixed_dictionaries(
    {}, optional={"interfaces": st.none() | st.lists(_INTERFACE, max_size=2), "disks": st.lists(_TEXTS, max_size=1)}
)
_DOMAIN = st.fixed_dictionaries({}, optional={"devices": st.none() | _DEVICES, "cpu": st.integers(0, 1)})
_SPEC = st.fixed_dictionaries(
    {},
    optional={
        "domain": st.none() | _DOMAIN,
        "networks": st.none() | st.lists(_INTERFACE, max_size=2),
        "evictionStrategy": st.none() | _TEXTS,
        "subdomain": st.none() | _TEXTS,
        "resourceClaims": st.none() | st.lists(_INTERFACE, max_size=1),
        "volumes": st.lists(_TEXTS, max_size=1),
    },
)
_TEMPLATE = st.fixed_dictionaries({}, optional={"metadata": st.none(), "spec": st.none() | _SPEC})
_VM_SPEC = st.fixed_dictionaries(
    {},
    optional={
        "runStrategy": _TEXTS,
        "preference": st.none() | st.just({"name": "a"}),
        "template": st.none() | _TEMPLATE,
    },
)
_POOL_SPEC = st.fixed_dictionaries(
    {},
    optional={"replicas": st.integers(0, 1), "virtualMachineTemplate": st.none() | st.fixed_dictionaries({}, optional={"spec": _VM_SPEC})},
)
_SPECS = {
    "virtualmachineinstances": _SPEC,
    "virtualmachines": _VM_SPEC,
    "virtualmachineinstancereplicasets": _VM_SPEC,
    "virtualmachinepools": _POOL_SPEC,
}
_METADATA = st.fixed_dictionaries({}, optional={"labels": st.just({"a": "b"}), "deletionTimestamp": st.just("2026-11-21T22:34:46Z")})


@st.composite
def _updates(draw: st.DrawFn) -> tuple[str, Any, Any]:
    resource = draw(st.sampled_from(sorted(_SPECS)))
    spec = _SPECS[resource]
    objects = st.fixed_dictionaries({"metadata": _METADATA}, optional={"spec": st.none() | spec, "status": st.just({"phase": "Running"})})
    return resource, draw(objects), draw(objects)


@settings(max_examples=400)
@given(update=_updates())
def test_an_update_is_sent_exactly_when_it_can_matter_and_no_condition_ever_fails(helm: Helm, update: tuple[str, Any, Any]) -> None:
    resource, after, before = update
    staying = "deletionTimestamp" not in after["metadata"]
    assert is_sent(helm, after, before, resource=resource) == (staying and wiring(resource, after) != wiring(resource, before))
    assert is_sent(helm, after, resource=resource) == staying


def wiring(resource: str, obj: Any) -> tuple[Any, ...]:
    """What a denial can depend on, as it is written; what is absent or null is as nothing."""
    spec = obj.get("spec") or {}
    preference = None
    if resource == "virtualmachinepools":
        spec = (spec.get("virtualMachineTemplate") or {}).get("spec") or {}
    if resource != "virtualmachineinstances":
        preference, spec = spec.get("preference"), (spec.get("template") or {}).get("spec") or {}
    devices = (spec.get("domain") or {}).get("devices") or {}
    attached = devices.get("autoattachPodInterface")
    others = (
        *(attached if attached is not None else True, (spec.get("domain") or {}).get("launchSecurity") or {}),
        *(spec.get("livenessProbe") or {}, spec.get("readinessProbe") or {}),
    )
    lists = tuple(each or [] for each in (devices.get("interfaces"), spec.get("networks"), spec.get("resourceClaims")))
    return preference is not None, *lists, *others, spec.get("evictionStrategy") or "", spec.get("subdomain") or ""


def test_every_field_of_a_vmi_spec_that_rules_read_is_compared(helm: Helm) -> None:
    compared = set(re.findall(r"v\[1\]\.([\w.]+)", webhooks(helm.render())[VALIDATE]["matchConditions"][1]["expression"]))
    read = {f"domain.devices.{field.encode_name}" for field in msgspec.structs.fields(Devices)}
    read |= {field.encode_name for field in msgspec.structs.fields(VMISpec)} - {"domain"}
    read |= {f"domain.{field.encode_name}" for field in msgspec.structs.fields(Domain)} - {"domain.devices"}
    read.remove("domain.devices.disks")  # hotplugged disks wait for nobody; KubeVirt itself refuses their boot orders
    assert compared - {"domain", "domain.devices"} == read


def test_a_vm_can_be_stopped_and_restarted_while_nobody_answers(helm: Helm) -> None:
    running, halted = vm(vmi()["spec"]), vm(vmi()["spec"])
    running["spec"]["runStrategy"], halted["spec"]["runStrategy"] = "Always", "Halted"
    assert not is_sent(helm, halted, running, resource="virtualmachines")
    defaulted = vm({**vmi()["spec"], "architecture": "amd64"})
    assert not is_sent(helm, defaulted, vm(vmi()["spec"]), resource="virtualmachines")
    controller = "system:serviceaccount:kubevirt:kubevirt-controller"
    assert not is_sent(helm, vmi(), user=controller)
    assert is_sent(helm, vmi(), user=controller, webhook=STARTED)
    assert webhooks(helm.render())[STARTED]["failurePolicy"] == "Ignore"


@pytest.mark.parametrize(
    "user", ["admin", "system:serviceaccount:kubevirt:kubevirt-handler", "x:system:serviceaccount:kubevirt:kubevirt-controller"]
)
def test_a_vmi_that_somebody_else_creates_is_not_taken_for_one_that_is_started(helm: Helm, user: str) -> None:
    assert is_sent(helm, vmi(), user=user)
    assert not is_sent(helm, vmi(), user=user, webhook=STARTED)


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
