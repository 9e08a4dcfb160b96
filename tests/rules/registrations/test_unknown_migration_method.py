import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import registration, registry
from webhook.rules.base import Action
from webhook.rules.registrations.unknown_migration_method import RULE


@pytest.mark.parametrize("migration", [None, {}, {"method": ""}, {"method": None}, {"method": "link-refresh"}])
def test_the_known_method_or_none_is_accepted(migration: dict[str, str | None] | None) -> None:
    assert_accepted(RULE, registration(migration=migration))


def test_a_slip_is_told_with_what_was_meant() -> None:
    found = registration(migration={"method": "linkRefresh"})
    assert_found(RULE, found, field="migration.method", message='did you mean "link-refresh"?', severity=Action.WARN)


def test_an_unknown_method_is_told_as_ignored() -> None:
    assert_found(
        RULE, registration(migration={"method": "arp"}), field="migration.method", message='"arp" is unknown to KubeVirt and ignored'
    )


def test_before_1_2_the_field_itself_is_pruned_and_that_is_told_elsewhere() -> None:
    assert_accepted(RULE, registration(migration={"method": "arp"}), registry(version="1.1.1"))
