"""The permissions that the doctor asks about are those that the chart grants, and that docs/doctor.md tells the caller to have."""

import re
from pathlib import Path

import pytest
import yaml

from tests.chart.helm import MODES, Helm, Objects, helm_or_skip
from tests.chart.test_permissions import Permission, granted
from tests.doctor.builders import healthy, snapshot
from webhook.doctor.required_permissions import of_caller, of_server
from webhook.doctor.run import evaluated
from webhook.doctor.snapshot import Names, Need

PAGE = Path(__file__).parents[2] / "docs/doctor.md"


@pytest.fixture(scope="module")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return helm_or_skip(tmp_path_factory.mktemp("helm"))


def permission(need: Need) -> Permission:
    where = "cluster" if need.namespace is None else "own namespace"
    return Permission(need.group, need.resource, need.name or "any", need.verb, where)


@pytest.mark.parametrize("mode", MODES)
def test_what_serving_needs_is_what_the_chart_grants(helm: Helm, mode: str) -> None:
    asked = {permission(need) for need in of_server(Names(), managed=mode == "managed")}
    assert asked == granted(helm.render(MODES[mode]))


def test_the_page_describes_every_check() -> None:
    described = set(re.findall(r"`([a-z-]+)`", re.sub(r"\|[^|]*\|$", "", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)))
    assert {result.check for result in evaluated(snapshot(healthy()))} <= described


def test_what_looking_needs_is_what_the_roles_of_the_page_grant() -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert granted(Objects(yaml.safe_load_all(block))) == {permission(need) for need in of_caller(Names(), "default")}
