import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import registration, registry
from webhook.rules.base import Action, Registration
from webhook.rules.registrations.ignored_overhead import RULE


def overhead(**fields: object) -> Registration:
    return registration(computeResourceOverhead=fields)


@pytest.mark.parametrize("fields", [{}, {"requests": {"memory": "1Mi"}, "limits": {}}, {"requests": None, "limits": None}])
def test_memory_requests_alone_are_accepted(fields: dict[str, object]) -> None:
    assert_accepted(RULE, overhead(**fields))


def test_a_plugin_without_overhead_is_accepted() -> None:
    assert_accepted(RULE, registration())


def test_each_ignored_key_is_found_at_its_place() -> None:
    found = overhead(requests={"memory": "1Mi", "cpu": "1", "acme.com/gpu": 1}, limits={"memory": "1Mi"})
    at = "computeResourceOverhead"
    fields = [f"{at}.requests.cpu", f'{at}.requests["acme.com/gpu"]', f"{at}.limits.memory"]
    assert_found(RULE, found, field=fields, message="KubeVirt ignores", severity=Action.WARN)


def test_claims_are_ignored_in_1_3_and_pruned_later() -> None:
    found = overhead(claims=[{"name": "a"}])
    assert_found(RULE, found, registry(version="1.3"), field="computeResourceOverhead.claims")
    assert_accepted(RULE, found, registry(version="1.4"))
    assert_accepted(RULE, found)


def test_before_1_3_the_field_itself_is_pruned_and_that_is_told_elsewhere() -> None:
    assert_accepted(RULE, overhead(limits={"cpu": "1"}), registry(version="1.2.2"))
