"""Find, read and validate the configuration file of `check`.

pydantic is slow to import, so this module is imported only where there is a file to read.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import pydantic

from webhook.errors import UsageError, reason_of
from webhook.files import read_file
from webhook.kube.text import quoted
from webhook.loading.config_file import MAX_BYTES, checked_mapping, read_content, read_mapping, setting_of_key
from webhook.loading.names import checked_version
from webhook.loading.rule_actions import checked_rules
from webhook.plugins.suggestions import meant
from webhook.rules.base import Action

_MAX_FOUND_LENGTH = 60
_MAX_PATTERNS = 1000
"""Every file is matched against every pattern, and both come from a repository that may be hostile."""

_ACCEPTED = {
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "string_type": "must be text; put it in quotes",
    "tuple_type": "must be a list",
    "too_long": f"must have at most {_MAX_PATTERNS} entries",
    "missing": "is needed here",
    "bool_type": "must be true or false",
}
"""pydantic's error types, in words for people who write YAML or TOML."""


def _action(value: object) -> object:
    """The action. YAML reads `off` without quotes as false."""
    return Action.OFF if value is False else value


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


_Patterns = Annotated[tuple[str, ...], pydantic.Field(max_length=_MAX_PATTERNS)]


class Exclude(_Model):
    """`exclude`: the files and namespaces that are not checked, as globs."""

    paths: _Patterns = ()
    namespaces: _Patterns = ()


def _keys_of_entry(value: object) -> object:
    return {setting_of_key(key): inner for key, inner in value.items()} if isinstance(value, dict) else value


class RegistryEntry(_Model):
    """`registries[]`: the registry of the files that `paths` match."""

    paths: _Patterns
    registry: str
    kubevirt_version: str | None = None


class Config(_Model):
    """The content of `bindguard.yaml`, or of `[tool.bindguard]` in pyproject.toml; paths in it are relative to the file's directory."""

    registry: str | None = None
    registries: Annotated[
        tuple[Annotated[RegistryEntry, pydantic.BeforeValidator(_keys_of_entry)], ...], pydantic.Field(max_length=_MAX_PATTERNS)
    ] = ()
    kubevirt_version: str | None = None
    ahead: str | None = None
    rules: dict[str, Annotated[Action, pydantic.BeforeValidator(_action)]] = pydantic.Field(default_factory=dict, max_length=_MAX_PATTERNS)
    select: _Patterns = ()
    ignore: _Patterns = ()
    exclude: Exclude = Exclude()
    baseline: str | None = None
    fail_on: Literal["deny", "warn"] = "deny"
    require_registry: bool = False
    fail_on_nothing: bool = False


_NESTED: Mapping[object, type[_Model]] = {"exclude": Exclude, "registries": RegistryEntry}
"""Keys whose value has keys itself."""


def read_config(path: Path, *, pipe: bool = False) -> Config:
    """The configuration in a file; `UsageError` names file, key, the value found and what is accepted."""
    raw = checked_mapping(_pyproject_table(path), path) if path.suffix == ".toml" else read_mapping(path, pipe=pipe)
    try:
        config = Config.model_validate({key: raw[written] for key, written in _keys(raw, path).items()})
    except pydantic.ValidationError as error:
        raise UsageError("\n".join(f"{path}: {_message(problem)}" for problem in error.errors())) from error
    _check_names(config, path)
    return config


def _keys(raw: Mapping[str, object], path: Path) -> dict[str, str]:
    """The keys as written, by setting; `UsageError` for a setting that is written twice, in two spellings."""
    keys: dict[str, str] = {}
    for written in raw:
        other = keys.setdefault(setting_of_key(written), written)
        if other != written:
            raise UsageError(f"{path}: {other} and {written} are one key")
    return keys


def _pyproject_table(path: Path) -> object:
    try:
        tool = tomllib.loads(read_content(path).decode()).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: nested too deep") from error
    return tool.get("bindguard", {}) if isinstance(tool, dict) else {}


def _message(problem: object) -> str:
    assert isinstance(problem, dict)  # noqa: S101 - pydantic's ErrorDetails
    key = ".".join(str(step) for step in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = _NESTED.get(problem["loc"][0], Config).model_fields
        return f"unknown key {quoted(key)}" + (meant(str(problem["loc"][-1]), known) or f"; known are {', '.join(known)}")
    accepted = _ACCEPTED.get(problem["type"]) or str(problem["msg"]).replace("Input should be", "must be")
    found = json.dumps(problem["input"], default=str, ensure_ascii=False)
    return f"{key}: {accepted}, found {found if len(found) <= _MAX_FOUND_LENGTH else found[:_MAX_FOUND_LENGTH] + '...'}"


def _check_names(config: Config, path: Path) -> None:
    for name in (*config.rules, *config.select, *config.ignore):
        checked_rules(name, str(path))
    for version in (config.kubevirt_version, *(entry.kubevirt_version for entry in config.registries)):
        if version is not None:
            checked_version(version, f"{path}: kubevirt_version")


NAMES = ("bindguard.yaml", "bindguard.yml", ".bindguard.yaml")


def find_config(start: Path) -> Path | None:
    """The nearest configuration file in `start` or above it, up to the root of the git repository; `None` when there is none.

    In one directory `bindguard.yaml` takes precedence over `[tool.bindguard]` in pyproject.toml. `UsageError` for a symbolic
    link: it may point out of the repository, and error messages quote the content of a configuration.
    """
    for directory in (start, *start.parents):
        for name in NAMES:
            if os.path.lexists(directory / name):
                return _not_a_link(directory / name)
        if _has_table(directory / "pyproject.toml"):
            return _not_a_link(directory / "pyproject.toml")
        if (directory / ".git").exists():
            return None
    return None


def _has_table(pyproject: Path) -> bool:
    try:
        return b"[tool.bindguard" in read_file(pyproject, max_bytes=MAX_BYTES)
    except (FileNotFoundError, PermissionError):
        return False
    except OSError as error:
        raise UsageError(f"{pyproject}: it may hold the configuration, but cannot be read: {reason_of(error)}") from error


def _not_a_link(path: Path) -> Path:
    if path.is_symlink():
        raise UsageError(f"{path}: this configuration file is a symbolic link; name its target with --config")
    return path
