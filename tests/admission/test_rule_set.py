"""When a rule set gives the same findings as another one."""

from typing import Any

import msgspec
import pytest

from tests.admission.reviews import rule_set


def test_another_state_of_the_source_alone_evaluates_alike() -> None:
    one = rule_set()
    assert msgspec.structs.replace(one, version="18", read_at=200.0).evaluates_like(one)


@pytest.mark.parametrize("changed", [{"plan": rule_set().plan}, {"supplementary": {}}, {"unchecked": "there is no KubeVirt CR"}])
def test_other_rules_overheads_or_an_unknown_registry_do_not(changed: dict[str, Any]) -> None:
    one = rule_set()
    assert not msgspec.structs.replace(one, **changed).evaluates_like(one)
