import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import registration, registry
from webhook.rules.base import Action, Registration
from webhook.rules.registrations.invalid_overhead import RULE

MEMORY = "computeResourceOverhead.requests.memory"


def requesting(memory: object) -> Registration:
    return registration(computeResourceOverhead={"requests": {"memory": memory}})


@pytest.mark.parametrize("memory", ["500Mi", "1e9", "0", 0, 1024, "1.5Gi", None, "1000m"])
def test_a_quantity_of_bytes_is_accepted(memory: object) -> None:
    assert_accepted(RULE, requesting(memory))


@pytest.mark.parametrize("memory", ["250MiB", "lots", "", " 1Mi", "1,5Gi", True, 1.5, [], {}, 10**5000], ids=lambda value: str(type(value)))
def test_what_is_no_quantity_is_found(memory: object) -> None:
    assert_found(RULE, requesting(memory), field=MEMORY, message="which is not a quantity", accepted="250Mi")


@pytest.mark.parametrize("memory", ["-250Mi", -1, "-500m"])
def test_a_negative_overhead_is_found(memory: object) -> None:
    assert_found(RULE, requesting(memory), field=MEMORY, message="a negative overhead lowers the launcher pod's request")


def test_a_fraction_of_a_byte_is_a_warning() -> None:
    assert_found(RULE, requesting("500m"), field=MEMORY, message='"m" means thousandths', severity=Action.WARN)


def test_every_other_quantity_must_be_one_and_may_be_negative_since_it_is_ignored() -> None:
    found = registration(computeResourceOverhead={"requests": {"cpu": "x"}, "limits": {"memory": "y", "cpu": "-1"}})
    at = "computeResourceOverhead"
    assert_found(RULE, found, field=[f"{at}.requests.cpu", f"{at}.limits.memory"], message="which is not a quantity")


def test_a_plugin_without_overhead_is_accepted() -> None:
    assert_accepted(RULE, registration())
    assert_accepted(RULE, registration(computeResourceOverhead={}))


def test_before_1_3_the_field_itself_is_pruned_and_that_is_told_elsewhere() -> None:
    assert_accepted(RULE, requesting("lots"), registry(version="1.2.2"))
