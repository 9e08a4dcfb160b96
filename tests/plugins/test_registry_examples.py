from pathlib import Path
from typing import Any

import pytest
import yaml

from webhook.kube.version import Version
from webhook.plugins.sources import read_registry_cr, registry_from
from webhook.rules.base import Registration
from webhook.rules.plan import plan
from webhook.rules.registrations import (
    empty_registration_name,
    ignored_overhead,
    invalid_image_reference,
    invalid_nad_reference,
    invalid_overhead,
    pruned_field,
    registration_attaches_nothing,
    shadowed_binding,
    unknown_domain_attachment_type,
    unknown_downward_api,
    unknown_migration_method,
)

EXAMPLES = Path(__file__).parents[2] / "examples"
REGISTRATION_RULES = [
    module.RULE
    for module in (
        empty_registration_name,
        shadowed_binding,
        pruned_field,
        invalid_nad_reference,
        invalid_image_reference,
        registration_attaches_nothing,
        unknown_domain_attachment_type,
        unknown_migration_method,
        unknown_downward_api,
        invalid_overhead,
        ignored_overhead,
    )
]


def example(name: str) -> Any:
    return yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "version", "plugins"),
    [
        ("kubevirt.yaml", Version(1, 9), {"passt", "l2bridge", "macvtap"}),
        ("hyperconverged.yaml", Version(1, 8), {"vdpa", "l2bridge", "passt"}),
        ("registry.yaml", Version(1, 2), {"passt", "tap"}),
    ],
)
def test_an_example_is_a_registry(name: str, version: Version, plugins: set[str]) -> None:
    registry = registry_from(example(name), source=name).registry
    assert registry.version == version
    assert set(registry.plugins) == plugins
    assert all(registry.attaches(plugin) for plugin in registry.plugins.values())


@pytest.mark.parametrize("name", ["kubevirt.yaml", "hyperconverged.yaml"])
def test_no_rule_finds_fault_with_an_example(name: str) -> None:
    cr = example(name)
    asked = plan(REGISTRATION_RULES, registry_from(cr, source=name).registry, {}, upstream_answers=False)
    read = read_registry_cr(cr)
    assert read is not None
    written = read.registrations
    assert written
    assert read.type_mismatches == []
    assert [asked.evaluate_registration(Registration(each.name, each.raw, each.plugin), each.path) for each in written] == [
        [] for _ in written
    ]


def test_the_registry_example_carries_what_kubevirt_1_2_cannot() -> None:
    assert registry_from(example("registry.yaml"), source="x").supplementary["passt"].requests == {"memory": "500Mi"}
