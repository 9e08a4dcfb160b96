"""Every example shows what its name says."""

from pathlib import Path

import pytest

from tests.check.builders import checked, rules_found
from webhook.check.config import read_config
from webhook.loading.registry import registry_from_file
from webhook.loading.sources import Source

EXAMPLES = Path(__file__).parents[1] / "examples"
REGISTRY = str(EXAMPLES / "kubevirt.yaml")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("vms/good/*.yaml")), ids=lambda path: path.stem)
def test_a_good_vm_is_clean(path: Path) -> None:
    report = checked(EXAMPLES, f"vms/good/{path.name}", registry=REGISTRY)
    assert (report.occurrences, report.unreadable, report.counts.checked) == ([], [], 1)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("vms/bad/*.yaml")), ids=lambda path: path.stem)
def test_a_bad_vm_has_the_one_violation_that_it_is_named_for(path: Path) -> None:
    report = checked(EXAMPLES, f"vms/bad/{path.name}", registry=REGISTRY)
    assert (rules_found(report), report.unreadable) == ([path.stem], [])


@pytest.mark.parametrize(
    ("name", "version", "plugins"),
    [("kubevirt.yaml", "1.9", {"passt", "l2bridge", "macvtap"}), ("hyperconverged.yaml", "1.8", None), ("registry.yaml", "1.2", None)],
)
def test_each_registry_example_is_read(name: str, version: str, plugins: set[str] | None) -> None:
    registry = registry_from_file(Source(name, str(EXAMPLES / name))).registry
    assert str(registry.version) == version
    assert registry.plugins
    assert plugins is None or registry.plugins.keys() == plugins


def test_the_example_configuration_is_accepted() -> None:
    config = read_config(EXAMPLES / "config/bindguard.yaml")
    assert config.registry == "../kubevirt.yaml"
    assert config.rules["bridge-on-pod-network"] == "off"
