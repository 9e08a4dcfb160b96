"""Values at random: those that the schema takes make objects that Kubernetes takes, and what it does not take is refused by it alone."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from tests.chart.helm import CHART, MONITORED, NEWEST, Helm, Values, assert_valid, merged

DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
JUDGE = Draft7Validator(SCHEMA)
TOGETHER = ("each needs a number of its own", "is more than autoscaling.maxReplicas", "needs an address in dnsConfig.nameservers")
"""What the chart says to values that are right each, and not together."""
TEXT = st.text(st.sampled_from("aZ09 -._/:{}'\"#%&*!|>@`\\,[]?äß€"), max_size=8)
SLIPS: tuple[Any, ...] = (None, "", "zz", "null", "7", 7, -1, 1.5, True, [], {}, ["a"], {"a": "b"})

_FEW = settings(max_examples=10, suppress_health_check=list(HealthCheck), database=None)


def valid(schema: Any) -> st.SearchStrategy[Any]:
    """Values of a schema, as far as its types, enums, bounds and patterns tell."""
    name = schema.get("$ref", "").rpartition("/")[2]
    schema = SCHEMA["definitions"][name] if name else schema
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_OF_TYPE[each](schema) for each in types])


def _text(schema: Any) -> st.SearchStrategy[str]:
    if "pattern" not in schema:
        return TEXT
    return st.from_regex(schema["pattern"].removesuffix("$") + r"\Z", alphabet=st.characters(min_codepoint=32, max_codepoint=126))


def _object(schema: Any) -> st.SearchStrategy[Any]:
    if "properties" in schema:
        return st.fixed_dictionaries({}, optional={key: valid(item) for key, item in schema["properties"].items()})
    patterns = schema.get("patternProperties", {})
    return st.one_of(
        st.just({}), *(st.dictionaries(_text({"pattern": key}), valid(value), min_size=1, max_size=2) for key, value in patterns.items())
    )


_OF_TYPE = {
    "boolean": lambda _: st.booleans(),
    "integer": lambda schema: st.integers(schema.get("minimum", 0), schema.get("maximum", 1000)),
    "number": lambda schema: st.floats(schema.get("minimum", 0.01), schema.get("maximum", 1000)),
    "string": _text,
    "array": lambda schema: st.lists(valid(schema.get("items", {"enum": [{}]})), min_size=schema.get("minItems", 0), max_size=2),
    "object": _object,
}


def rendered_or_refused(helm: Helm, values: Values) -> None:
    """The chart renders what Kubernetes takes, or the schema refuses, and says so."""
    done = helm.run("template", "bindguard", str(CHART), "--namespace", "bindguard", "--kube-version", NEWEST, values=values)
    told = done.stderr.decode()
    if done.returncode:
        assert any(reason in told for reason in TOGETHER) if JUDGE.is_valid(taken(values)) else "don't meet the specifications" in told
        return
    for each in (obj for obj in yaml.load_all(done.stdout, yaml.CSafeLoader) if obj):
        assert_valid(each, NEWEST)


def taken(values: Any, defaults: Any = DEFAULTS) -> Any:
    """What helm makes of values and the chart's own."""
    if not isinstance(values, dict) or not isinstance(defaults, dict):
        return values
    both = {**defaults, **{key: taken(value, defaults.get(key)) for key, value in values.items()}}
    return {key: value for key, value in both.items() if value is not None}


@_FEW
@given(values=valid({key: value for key, value in SCHEMA.items() if key != "required"}))
def test_whatever_the_schema_takes_is_rendered_as_kubernetes_takes_it(helm: Helm, values: Any) -> None:
    assume(JUDGE.is_valid(taken(values)))
    rendered_or_refused(helm, values)


@pytest.mark.parametrize("section", DEFAULTS)
def test_a_slip_in_any_value_is_refused_or_does_no_harm(helm: Helm, section: str) -> None:
    for path in paths(DEFAULTS[section], section):
        slips = [merged(MONITORED, at(path, slip)) for slip in SLIPS]
        refused = [values for values in slips if not JUDGE.is_valid(taken(values))]
        for values in [*(values for values in slips if values not in refused), *refused[:1]]:
            rendered_or_refused(helm, values)


def paths(value: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Where a value and those within it stand."""
    yield path
    for key, item in value.items() if isinstance(value, dict) else ():
        yield from paths(item, *path, key)


def at(path: tuple[str, ...], value: Any) -> Any:
    """Values with this one at the path."""
    for key in reversed(path):
        value = {key: value}
    return value
