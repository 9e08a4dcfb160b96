"""What plugins declare, by slot, and its sum."""

from typing import Any

import msgspec
import pytest

from tests.builders import registry
from webhook.admission.resource_amounts import declared_amounts, total
from webhook.plugins.plugin import ComputeResourceOverhead


def declares(memory: object) -> dict[str, Any]:
    return {"computeResourceOverhead": {"requests": {"memory": memory}}}


def declared(plugins: dict[str, dict[str, Any]], supplementary: dict[str, Any] | None = None) -> dict[str, str]:
    """The sum of all plugins, by slot, as text."""
    extra = {name: msgspec.convert(raw, ComputeResourceOverhead) for name, raw in (supplementary or {}).items()}
    return {slot: str(amount) for slot, amount in total(declared_amounts(registry(plugins).plugins, extra).values()).items()}


def test_different_plugins_add_up_in_the_format_of_the_first() -> None:
    binary, decimal = declares("500Mi"), declares("32M")
    assert declared({"binary": binary, "decimal": decimal}) == {"requests.memory": "543250Ki"}
    assert declared({"decimal": decimal, "binary": binary}) == {"requests.memory": "556288k"}


def test_a_zero_lends_its_format_to_nobody() -> None:
    assert declared({"none": declares("0"), "passt": declares("1024Mi")}) == {"requests.memory": "1Gi"}


@pytest.mark.parametrize(
    "plugin",
    [
        {},
        {"computeResourceOverhead": None},
        {"computeResourceOverhead": {}},
        {"computeResourceOverhead": {"requests": None}},
        {"computeResourceOverhead": {"requests": {}}},
        {"computeResourceOverhead": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}}},
        declares(None),
        declares("0"),
    ],
)
def test_what_is_not_a_memory_request_is_not_declared_by_a_registration(plugin: dict[str, Any]) -> None:
    assert declared({"plugin": plugin}) == {}


def test_a_json_number_is_read_like_the_same_text() -> None:
    assert declared({"number": declares(524288001)}) == {"requests.memory": "524288001"}


def test_the_registry_goes_before_the_supplementary_memory_and_leaves_the_rest_to_it() -> None:
    supplementary = {"passt": {"requests": {"memory": "1Gi", "cpu": "50m"}, "limits": {"cpu": "80m"}}}
    rest = {"requests.cpu": "50m", "limits.cpu": "30m"}
    assert declared({"passt": declares("500Mi")}, supplementary) == {"requests.memory": "500Mi", **rest}
    assert declared({"passt": {}}, supplementary) == {"requests.memory": "1Gi", **rest}


@pytest.mark.parametrize("value", ["lots", -1000, 1.5, True, {"a": 1}, ["x" * 1000], 10**5000], ids=lambda value: type(value).__name__)
def test_a_value_that_is_no_amount_is_told_with_its_plugin(value: object) -> None:
    with pytest.raises(ValueError, match='the overhead of plugin "odd" cannot be added'):
        declared({"odd": declares(value)})
