"""The configuration file of `check`: found, read and validated. Does not know the command line.

pydantic is slow to import, so this module is imported only where there is a file to read.
"""

import io
import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import pydantic

from webhook.errors import UnreadableError, UsageError
from webhook.intake.written import checked_rule, checked_version
from webhook.kube.text import quoted
from webhook.manifests.documents import read_documents
from webhook.manifests.model import Document
from webhook.manifests.yaml import parse
from webhook.plugins.nearest import nearest
from webhook.rules.base import Action

_MOST_BYTES = 1024 * 1024
_LONGEST_FOUND = 60
_ACCEPTED = {
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "string_type": "must be text; put it in quotes",
    "tuple_type": "must be a list",
}
"""pydantic's types of errors as people who write YAML or TOML say them."""
_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _action(value: object) -> object:
    """YAML reads a bare `off` as false."""
    return Action.OFF if value is False else value


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Exclude(_Model):
    """What is left out: `exclude.paths` and `exclude.namespaces`, both globs."""

    paths: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()


class Config(_Model):
    """The content of `bindguard.yaml`, or of `[tool.bindguard]` in pyproject.toml; paths in it are relative to the file's directory."""

    registry: str | None = None
    kubevirt_version: str | None = None
    rules: dict[str, Annotated[Action, pydantic.BeforeValidator(_action)]] = pydantic.Field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: Exclude = Exclude()
    baseline: str | None = None
    fail_on: Literal["deny", "warn"] = "deny"


def read_config(path: Path) -> Config:
    """The configuration in a file; `UsageError` names file, key, the value found and what is accepted."""
    raw = _pyproject_table(path) if path.suffix == ".toml" else _yaml_mapping(path)
    if not isinstance(raw, dict):
        raise UsageError(f"{path}: a configuration is a mapping of keys to values")
    try:
        config = Config.model_validate({_snake_case(key): value for key, value in raw.items()})
    except pydantic.ValidationError as error:
        raise UsageError("\n".join(f"{path}: {_told(problem)}" for problem in error.errors())) from error
    _check_names(config, path)
    return config


def _pyproject_table(path: Path) -> object:
    try:
        tool = tomllib.loads(_text(path).decode()).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: nested too deep") from error
    return tool.get("bindguard", {}) if isinstance(tool, dict) else {}


def _yaml_mapping(path: Path) -> object:
    documents = list(read_documents(io.BytesIO(_text(path)), str(path)))
    if not documents:
        return {}
    if len(documents) > 1 or not isinstance(documents[0], Document):
        raise UsageError(f"{path}: a configuration is one YAML document")
    try:
        return parse(documents[0])
    except UnreadableError as error:
        raise UsageError(str(error)) from error


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            text = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    if len(text) > _MOST_BYTES:
        raise UsageError(f"{path}: a configuration has at most {_MOST_BYTES} bytes")
    return text


def _snake_case(key: str) -> str:
    """`kubevirtVersion`, `kubevirt-version` and `kubevirt_version` are one key: people write what their file's neighbours look like."""
    return _WORD_BORDER.sub("_", key).replace("-", "_").lower()


def _told(problem: object) -> str:
    assert isinstance(problem, dict)  # noqa: S101 - pydantic's ErrorDetails
    key = ".".join(str(step) for step in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = Exclude.model_fields if problem["loc"][0] == "exclude" else Config.model_fields
        guess = nearest(str(problem["loc"][-1]), known)
        return f"unknown key {quoted(key)}" + (f"; did you mean {quoted(guess)}?" if guess else f"; known are {', '.join(known)}")
    accepted = _ACCEPTED.get(problem["type"]) or str(problem["msg"]).replace("Input should be", "must be")
    found = json.dumps(problem["input"], default=str, ensure_ascii=False)
    return f"{key}: {accepted}, found {found if len(found) <= _LONGEST_FOUND else found[:_LONGEST_FOUND] + '...'}"


def _check_names(config: Config, path: Path) -> None:
    for name in (*config.rules, *config.select, *config.ignore):
        checked_rule(name, str(path))
    if config.kubevirt_version is not None:
        checked_version(config.kubevirt_version, f"{path}: kubevirt_version")
