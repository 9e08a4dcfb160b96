"""Resources with memory added, to the character of what KubeVirt renders."""

import json
from typing import Any

import pytest

from webhook.admission.resources import with_overhead, with_overhead_annotation
from webhook.kube.quantity import ZERO, Quantity, parse_quantity

REQUEST = {"requests": {"cpu": "100m", "memory": "1Gi"}}
LIMIT = {"limits": {"memory": "1Gi"}}
BOTH = REQUEST | LIMIT


def memory_of(
    resources: dict[str, Any], memory: str, *, hugepages: bool = False, overcommit: bool = False
) -> tuple[str | None, str | None]:
    """The new request and limit."""
    result = with_overhead(resources, parse_quantity(memory), hugepages=hugepages, overcommit_guest_overhead=overcommit)
    return result.get("requests", {}).get("memory"), result.get("limits", {}).get("memory")


@pytest.mark.parametrize(
    ("hugepages", "overcommit", "resources", "request_and_limit"),
    [
        (False, False, REQUEST, ("1524Mi", None)),
        (False, False, BOTH, ("1524Mi", "1524Mi")),
        (False, True, REQUEST, ("1Gi", None)),
        (False, True, BOTH, ("1Gi", "1524Mi")),
        (True, False, REQUEST, ("1524Mi", None)),
        (True, False, BOTH, ("1524Mi", "1524Mi")),
        (True, True, REQUEST, ("1524Mi", None)),
        (True, True, BOTH, ("1524Mi", "1524Mi")),
    ],
)
def test_hugepages_ignore_overcommit_and_a_limit_always_follows(
    hugepages: bool,  # noqa: FBT001 - a table's column
    overcommit: bool,  # noqa: FBT001 - a table's column
    resources: dict[str, Any],
    request_and_limit: tuple[str, str | None],
) -> None:
    assert memory_of(resources, "500Mi", hugepages=hugepages, overcommit=overcommit) == request_and_limit


def test_a_guaranteed_pod_stays_guaranteed() -> None:
    guaranteed = {"requests": {"cpu": "2", "memory": "4697620481"}, "limits": {"cpu": "2", "memory": "4697620481"}}
    result = with_overhead(guaranteed, parse_quantity("1500m"), hugepages=False, overcommit_guest_overhead=False)
    assert result["requests"] == result["limits"] == {"cpu": "2", "memory": "4697620482500m"}


def test_a_missing_or_empty_request_counts_from_zero() -> None:
    assert memory_of({}, "500Mi") == ("500Mi", None)
    assert memory_of({"requests": {"cpu": "1"}}, "500Mi") == ("500Mi", None)
    assert memory_of({"requests": {"memory": "0"}}, "500Mi") == ("500Mi", None)


def test_overcommit_without_a_request_asks_for_nothing() -> None:
    assert memory_of({}, "500Mi", overcommit=True) == (None, None)


def test_a_limit_is_never_invented() -> None:
    assert with_overhead({"limits": {"cpu": "1"}}, parse_quantity("1Mi"), hugepages=True, overcommit_guest_overhead=False) == {
        "limits": {"cpu": "1"},
        "requests": {"memory": "1Mi"},
    }


def test_a_negative_overhead_takes_away_as_in_kubevirt() -> None:
    assert memory_of(BOTH, "-24Mi") == ("1000Mi", "1000Mi")
    assert memory_of(BOTH, "-2Gi") == ("-1Gi", "-1Gi")


def test_no_overhead_leaves_every_character_alone() -> None:
    odd = {"requests": {"memory": "1024Mi"}, "limits": {"memory": "+1.50e9"}}
    assert with_overhead(odd, ZERO, hugepages=True, overcommit_guest_overhead=False) == odd


def test_the_resources_that_came_in_are_not_touched() -> None:
    before = json.dumps(BOTH)
    result = with_overhead(BOTH, parse_quantity("1Mi"), hugepages=False, overcommit_guest_overhead=False)
    assert json.dumps(BOTH) == before
    assert result["requests"]["cpu"] == "100m"


def test_other_resources_and_claims_pass_through() -> None:
    claims: Any = [{"name": "gpu"}]
    result = with_overhead({**BOTH, "claims": claims}, parse_quantity("1Mi"), hugepages=False, overcommit_guest_overhead=False)
    assert result["claims"] == claims


def test_a_broken_pod_is_told_by_the_value() -> None:
    with pytest.raises(ValueError, match='"lots" is no quantity'):
        memory_of({"requests": {"memory": "lots"}}, "1Mi")


@pytest.mark.parametrize(
    ("current", "memory", "raised"),
    [
        ("284090368", "500Mi", "808378368"),
        ("284090368", "0", "284090368"),
        ("284090368", "1500m", "284090370"),
        ("284090368", "-1Mi", "283041792"),
        ("0", "1e6", "1000000"),
        ("9223372036854775807", "1", "9223372036854775808"),
    ],
)
def test_the_annotation_rises_by_whole_bytes(current: str, memory: str, raised: str) -> None:
    assert with_overhead_annotation(current, parse_quantity(memory)) == raised


def test_an_annotation_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match='"much" is no quantity'):
        with_overhead_annotation("much", Quantity(1))
