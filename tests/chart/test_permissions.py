"""What the service account may do: exactly what docs/security.md says, line by line."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.chart.helm import EVERYTHING, MODES, Helm, Objects, merged, settings

SECURITY = Path(__file__).parents[2] / "docs/security.md"
_ROW = re.compile(r"^\| ([^|]*) \| (\w+) \| ([^|]*) \| ([^|]*) \| (cluster|own namespace) \| (all|managed) \| [^|]+ \|$", re.MULTILINE)


class Permission(NamedTuple):
    """One verb on one resource."""

    group: str
    resource: str
    name: str
    verb: str
    where: str


def described(mode: str) -> set[Permission]:
    """What the page says."""
    rows = _ROW.findall(SECURITY.read_text(encoding="utf-8"))
    assert len(rows) == 7
    return {
        Permission(group.strip(), resource, name.strip(), verb, where)
        for group, resource, name, verbs, where, modes in rows
        if modes in ("all", mode)
        for verb in verbs.split(", ")
    }


def granted(objects: Objects) -> set[Permission]:
    """What the roles say."""
    roles = [(each, "cluster" if each["kind"] == "ClusterRole" else "own namespace") for each in objects if each["kind"].endswith("Role")]
    return {permission for role, where in roles for rule in role["rules"] for permission in permissions(rule, where)}


def permissions(rule: Any, where: str) -> set[Permission]:
    names = rule.get("resourceNames", ["any"])
    return {
        Permission(group, resource, name, verb, where)
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in names
        for verb in rule["verbs"]
    }


@pytest.mark.parametrize("mode", MODES)
def test_the_roles_grant_exactly_what_the_page_says(helm: Helm, mode: str) -> None:
    assert granted(helm.render(merged(*EVERYTHING, MODES[mode]))) == described(mode)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_granted_by_a_wildcard_and_nothing_is_written_without_a_name(helm: Helm, mode: str) -> None:
    for permission in granted(helm.render(MODES[mode])):
        assert "*" not in permission
        assert permission.name != "any" or permission.verb in {"get", "list", "watch"}


def test_secrets_are_never_listed(helm: Helm) -> None:
    verbs = {permission.verb for permission in granted(helm.render()) if permission.resource == "secrets"}
    assert verbs == {"get", "create", "patch"}


@pytest.mark.parametrize("mode", MODES)
def test_each_role_is_bound_to_the_own_service_account_and_to_nobody_else(helm: Helm, mode: str) -> None:
    objects = helm.render(merged({"name": "guard"}, MODES[mode]), namespace="elsewhere")
    roles = {(each["kind"], each["metadata"]["name"]) for each in objects if each["kind"].endswith("Role")}
    bindings = [each for each in objects if each["kind"].endswith("RoleBinding")]
    assert {(each["roleRef"]["kind"], each["roleRef"]["name"]) for each in bindings} == roles
    account = objects.one("ServiceAccount")["metadata"]
    subject = {"kind": "ServiceAccount", "name": account["name"], "namespace": account["namespace"]}
    assert all(each["subjects"] == [subject] for each in bindings)
    assert objects.one("Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == account["name"]


def test_the_named_objects_are_those_that_the_server_is_told_of(helm: Helm) -> None:
    objects = helm.render({"name": "guard"})
    told = settings(objects)
    names = {permission.resource: permission.name for permission in granted(objects)}
    assert names["secrets"] == told["managedSecret"]
    assert names["leases"] == told["managedLease"]
    assert names["validatingwebhookconfigurations"] == names["mutatingwebhookconfigurations"] == told["webhookConfiguration"]
    assert objects.one("ValidatingWebhookConfiguration")["metadata"]["name"] == told["webhookConfiguration"]
