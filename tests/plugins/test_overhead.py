import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.builders import registry
from webhook.kube.quantity import ZERO, Quantity, parse_quantity
from webhook.plugins.overhead import declared_memory, with_overhead, with_overhead_annotation
from webhook.plugins.plugin import Plugin

REPOSITORY = Path(__file__).parents[2]
OURS = REPOSITORY / "tests/data/launcher-pods.jsonl"
SHARED = REPOSITORY / "../shared/fixtures/launcher-pods.jsonl"
"""virt-launcher pods rendered by KubeVirt v1.9.0's own template code, with and without the overhead declared; ours is a part of it."""


def rendered_pods() -> list[Any]:
    files = {"ours": OURS} | ({"shared": SHARED} if SHARED.exists() else {})
    lines = [(name, number, line) for name, file in files.items() for number, line in enumerate(file.read_text().splitlines(), 1)]
    return [pytest.param(json.loads(line), id=f"{name}-{number}") for name, number, line in lines]


def plugin_names(domain: dict[str, Any]) -> list[str]:
    return [each["binding"]["name"] for each in domain["devices"].get("interfaces") or () if each.get("binding")]


def compute(pod: dict[str, Any]) -> dict[str, Any]:
    (container,) = [each for each in pod["spec"]["containers"] if each["name"] == "compute"]
    return dict(container)


@pytest.mark.parametrize("line", rendered_pods())
def test_a_launcher_pod_comes_out_as_kubevirt_renders_it(line: dict[str, Any]) -> None:
    domain = line["vmi"]["spec"]["domain"]
    plugins = {name: msgspec.convert(raw, Plugin) for name, raw in line["plugins"].items()}
    memory = declared_memory(plugins, plugin_names(domain)) or ZERO
    resources = with_overhead(
        compute(line["pod"])["resources"],
        memory,
        hugepages="hugepages" in domain.get("memory", {}),
        overcommit_guest_overhead=domain.get("resources", {}).get("overcommitGuestOverhead", False),
    )
    annotation = line["pod"]["metadata"]["annotations"]["kubevirt.io/memory-overhead-bytes"]
    assert json.dumps(resources, sort_keys=True) == json.dumps(line["expected_resources"], sort_keys=True)
    assert with_overhead_annotation(annotation, memory) == line["expected_overhead_annotation"]


def test_our_own_pods_show_every_mode() -> None:
    modes = {json.loads(line)["mode"] for line in OURS.read_text().splitlines()}
    assert modes == {"req", "guest", "ded", "hug", "over", "reqlim", "overlim"}


def declares(memory: object) -> dict[str, Any]:
    return {"computeResourceOverhead": {"requests": {"memory": memory}}}


def declared(names: list[str], **plugins: dict[str, Any]) -> str:
    return str(declared_memory(registry(plugins).plugins, names))


def test_a_plugin_counts_once_however_many_interfaces_use_it() -> None:
    assert declared(["passt", "passt", "passt"], passt=declares("500Mi")) == "500Mi"


def test_different_plugins_add_up_in_the_format_of_the_first() -> None:
    plugins = {"binary": declares("500Mi"), "decimal": declares("32M")}
    assert declared(["binary", "decimal"], **plugins) == "543250Ki"
    assert declared(["decimal", "binary"], **plugins) == "556288k"


def test_a_zero_lends_its_format_to_nobody() -> None:
    assert declared(["none", "passt"], none=declares("0"), passt=declares("1024Mi")) == "1Gi"


def test_an_unregistered_name_counts_nothing() -> None:
    assert declared(["pastt", "passt"], passt=declares("500Mi")) == "500Mi"
    assert declared(["pastt"], passt=declares("500Mi")) == "None"


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
    ],
)
def test_what_is_not_a_memory_request_is_not_declared(plugin: dict[str, Any]) -> None:
    assert declared(["plugin"], plugin=plugin) == "None"


def test_a_json_number_is_read_like_the_same_text() -> None:
    assert declared(["number"], number=declares(524288001)) == "524288001"
    assert declared(["number"], number=declares(-1000)) == "-1k"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("lots", '"lots" is no quantity'),
        (1.5, "1.5 is neither a string nor a whole number"),
        (True, "true is neither"),
        ({"a": 1}, "an object is neither"),
        (["x" * 1000], "a list is neither"),
    ],
)
def test_a_value_that_is_no_quantity_is_told_with_its_plugin(value: object, shown: str) -> None:
    with pytest.raises(ValueError, match=r'plugin "odd": computeResourceOverhead\.requests\.memory cannot be added') as refused:
        declared(["odd"], odd=declares(value))
    assert shown in str(refused.value)


def test_a_number_that_python_itself_will_not_print_is_refused_like_any_other() -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        declared(["odd"], odd=declares(10**5000))


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
