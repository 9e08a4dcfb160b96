"""Flags over a configuration file: what counts, and what is said about what cannot."""

import os
from pathlib import Path

import pytest

from tests.check.builders import write
from webhook.check.config import find_config
from webhook.check.settings import Settings
from webhook.check.settings_layers import Flags, settings_from
from webhook.errors import UsageError
from webhook.kube.version import Version
from webhook.rules import RULES
from webhook.rules.base import Action

FULL = """\
registry: clusters/kubevirt.yaml
kubevirtVersion: "1.8"
failOn: warn
rules:
  no-binding: warn
  reserved-mac: off
ignore: [unknown-model]
exclude:
  paths: ["**/templates/**"]
  namespaces: [sandbox]
baseline: known.json
"""


def settings(directory: Path, config: str | None = None, name: str = "bindguard.yaml", **flags: object) -> Settings:
    (directory / ".git").mkdir(exist_ok=True)
    if config is not None:
        write(directory, {name: config})
    return settings_from(Flags(**flags), directory=directory)  # type: ignore[arg-type]


def test_without_flags_and_file_the_current_directory_is_evaluated(tmp_path: Path) -> None:
    plain = settings(tmp_path)
    assert (plain.paths, plain.fail_on, plain.actions, plain.registry) == ((".",), Action.DENY, {}, None)
    assert plain.jobs >= 1


def test_every_key_of_the_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    full = settings(tmp_path, FULL)
    assert full.registry == "clusters/kubevirt.yaml"
    assert full.kubevirt_version == Version(1, 8)
    assert full.fail_on is Action.WARN
    assert full.actions == {"no-binding": Action.WARN, "reserved-mac": Action.OFF, "unknown-model": Action.OFF}
    assert full.exclude_paths == ("**/templates/**",)
    assert full.exclude_namespaces == ("sandbox",)
    assert full.baseline == "known.json"


def test_flags_go_before_the_file_and_exclusions_of_both_count(tmp_path: Path) -> None:
    both = settings(
        tmp_path, FULL, registry="r.yaml", kubevirt_version="1.7", fail_on="deny", ignore=("no-binding",), exclude=("x",), baseline="b.json"
    )
    assert (both.registry, both.kubevirt_version, both.fail_on, both.baseline) == ("r.yaml", Version(1, 7), Action.DENY, "b.json")
    assert both.actions["no-binding"] is Action.OFF
    assert both.actions["unknown-model"] is Action.OFF
    assert both.exclude_paths == ("x", "**/templates/**")


def test_selecting_rules_switches_all_others_off_and_ignoring_wins(tmp_path: Path) -> None:
    chosen = settings(tmp_path, select=("no-binding,reserved-mac",), ignore=("reserved-mac",)).actions
    assert [rule.name for rule in RULES if chosen.get(rule.name) is not Action.OFF] == ["no-binding"]


def test_all_rules_can_warn_but_those_that_are_named(tmp_path: Path) -> None:
    found = dict(settings(tmp_path, "rules: {'*': warn, shape: deny, no-binding: off}\nignore: ['duplicate-*']\n").actions)
    assert found.pop("no-binding") is Action.OFF
    assert {found.pop(rule.name) for rule in RULES if rule.group == "shape"} == {Action.DENY}
    assert {found.pop(rule.name) for rule in RULES if rule.name.startswith("duplicate-")} == {Action.OFF}
    assert set(found.values()) == {Action.WARN}


def test_a_group_can_be_selected(tmp_path: Path) -> None:
    others = (rule.name for rule in RULES if rule.group != "shape")
    assert settings(tmp_path, select=("shape",)).actions == dict.fromkeys(others, Action.OFF)


@pytest.mark.parametrize("key", ["kubevirtVersion", "kubeVirtVersion", "kubevirt-version", "kubevirt_version"])
def test_keys_may_be_written_like_their_file_s_neighbours(tmp_path: Path, key: str) -> None:
    assert settings(tmp_path, f'{key}: "1.7"').kubevirt_version == Version(1, 7)


def test_pyproject_serves_too_but_bindguard_yaml_goes_before_it(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": '[tool.bindguard]\nkubevirt-version = "1.6"\n'})
    assert settings(tmp_path).kubevirt_version == Version(1, 6)
    assert settings(tmp_path, 'kubevirtVersion: "1.5"').kubevirt_version == Version(1, 5)


def test_the_file_is_searched_up_to_the_root_of_the_repository_and_no_further(tmp_path: Path) -> None:
    inner = tmp_path / "repository/deep/down"
    inner.mkdir(parents=True)
    write(tmp_path, {"bindguard.yaml": ""})
    assert find_config(inner) == tmp_path / "bindguard.yaml"
    (tmp_path / "repository/.git").mkdir()
    assert find_config(inner) is None
    write(tmp_path, {"repository/pyproject.toml": "[tool.other]", "repository/.bindguard.yaml": ""})
    assert find_config(inner) == tmp_path / "repository/.bindguard.yaml"


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("regsitry: x", r'unknown key "regsitry"; did you mean "registry"\?'),
        ("exclude: {path: [x]}", r'unknown key "exclude\.path"; did you mean "paths"\?'),
        ("rules: {no-bindin: off}", r'no rule "no-bindin"; did you mean "no-binding"\?'),
        ("rules: {no-binding: maybe}", 'rules.no-binding: .*deny.*found "maybe"'),
        ("failOn: off", "fail_on: .*'deny' or 'warn', found false"),
        ("failOn: [deny]", "fail_on: "),
        ("failOn: deny\nfail-on: warn", "failOn and fail-on are one key"),
        ("rules: [no-binding]", "rules: must be a mapping of keys to values, found "),
        ("select: no-binding", 'select: must be a list, found "no-binding"'),
        ("exclude: {paths: " + "x" * 10_000 + "}", r'exclude.paths: must be a list, found "x{59}\.\.\.'),
        ("select: {a: b}", "select: "),
        ('kubevirtVersion: "latest"', '"latest" is no KubeVirt release'),
        ('kubevirtVersion: "1.0"', "the oldest release checked is 1.1"),
        ("registries: [{paths: [a], regsitry: b}]", r'unknown key "registries\.0\.regsitry"; did you mean "registry"\?'),
        ("registries: [{paths: [a]}]", r"registries\.0\.registry: is needed here"),
        ("registries: [5]", r"registries\.0: must be a mapping of keys to values, found 5"),
        ("registries: [{paths: a, registry: b}]", r"registries\.0\.paths: must be a list"),
        ("registries: [{paths: [a], registry: b, kubevirtVersion: newest}]", '"newest" is no KubeVirt release'),
        ("kubevirtVersion: 1.10", "kubevirt_version: must be text; put it in quotes, found 1.1"),
        ("[]", "a configuration is a mapping"),
        ("a: 1\n---\nb: 2\n", "one YAML document"),
        ("a: [", "bindguard.yaml:1"),
        ("a: 1\na: 2", "bindguard.yaml:2"),
    ],
)
def test_what_cannot_be_used_is_reported_with_file_key_and_value(tmp_path: Path, config: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        settings(tmp_path, config)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[tool.bindguard\n", "pyproject.toml"),
        ("[tool.bindguard]\nselect = 5\n", "select: "),
        ('tool.bindguard = "x"\n#[tool.bindguard]', "mapping"),
        ("#[tool.bindguard]\na = " + "[" * 100_000, "nested too deep"),
    ],
)
def test_a_broken_pyproject_is_reported(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        settings(tmp_path, content, name="pyproject.toml")


def test_a_pyproject_without_tools_is_no_configuration(tmp_path: Path) -> None:
    assert settings(tmp_path, "tool = 1 # [tool.bindguard]", name="pyproject.toml").actions == {}


def test_a_configuration_may_come_from_a_pipe(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"failOn: warn")
    os.close(writer)
    assert settings_from(Flags(config=f"/dev/fd/{reader}"), directory=tmp_path).fail_on is Action.WARN
    os.close(reader)


@pytest.mark.parametrize("key", ["paths", "namespaces"])
def test_a_configuration_has_a_bounded_number_of_patterns(tmp_path: Path, key: str) -> None:
    assert settings(tmp_path, f"exclude: {{{key}: {['a'] * 1000}}}").paths == (".",)
    with pytest.raises(UsageError, match=f"exclude.{key}: must have at most 1000 entries, found"):
        settings(tmp_path, f"exclude: {{{key}: {['a'] * 1001}}}")


def test_dev_null_is_no_configuration(tmp_path: Path) -> None:
    write(tmp_path, {"bindguard.yaml": "failOn: warn"})
    assert settings_from(Flags(), directory=tmp_path).fail_on is Action.WARN
    assert settings_from(Flags(config="/dev/null"), directory=tmp_path).fail_on is Action.DENY


def test_a_file_that_is_named_must_be_there_and_of_sane_size(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        settings_from(Flags(config="gone.yaml"), directory=tmp_path)
    write(tmp_path, {"huge.yaml": b"#" * 2_000_000})
    with pytest.raises(UsageError, match="more than 1,048,576 bytes"):
        settings_from(Flags(config=str(tmp_path / "huge.yaml")), directory=tmp_path)


@pytest.mark.parametrize("flags", [{"select": ("nonsense",)}, {"ignore": ("no-binding,nonsense",)}, {"kubevirt_version": "nonsense"}])
def test_a_flag_that_cannot_be_used_is_reported(tmp_path: Path, flags: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="nonsense"):
        settings(tmp_path, **flags)  # type: ignore[arg-type]
