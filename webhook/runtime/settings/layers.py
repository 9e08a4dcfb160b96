"""Merge the layers of settings: flags override variables, variables the configuration file, and the file the defaults.

All problems are reported at once, each with the name of the flag, variable or key.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic

from webhook.errors import UsageError
from webhook.kube.text import quoted, shown
from webhook.loading.config_file import read_mapping, setting_of_key
from webhook.loading.names import checked_version
from webhook.loading.rule_actions import checked_rules
from webhook.plugins.suggestions import nearest
from webhook.runtime.settings.contradictions import contradictions_of_serving
from webhook.runtime.settings.model import Exclude, ServeSettings, accepted
from webhook.runtime.settings.names import PREFIX, SETTING_OF_VARIABLE, EffectiveSetting, Layer, SettingName, flag, variables_in

_PATHS = (
    "registry",
    "kubeconfig",
    "state_directory",
    "supplementary",
    "vmi_directory",
    "tls_cert",
    "tls_key",
    "self_signed_directory",
    "client_ca",
)
_LISTS = ("tls_names", "self_signed_names", "client_names")
_CHECK_KEYS = ("select", "ignore", "baseline", "fail_on", "require_registry", "fail_on_nothing")


def effective(
    flags: Mapping[str, object],
    environment: Mapping[str, str],
    *,
    contradictions: Callable[[EffectiveSetting], Iterator[str]] = contradictions_of_serving,
) -> EffectiveSetting:
    """The settings that are in effect, and where each was set.

    Args:
        flags: Values of flags by setting; `config` is the configuration file. `None` and `()` are not set.
        environment: The environment variables.
        contradictions: Returns the contradictions for the intended use.

    Raises:
        UsageError: A setting cannot be used. Each line has the flag, variable or key, the value found and what is accepted.
    """
    problems: list[str] = []
    of_flags = {
        name: SettingName(flag(name), _value(name, value, flag(name), problems)) for name, value in flags.items() if value not in (None, ())
    }
    of_variables = _variable_layer(environment, problems)
    config = of_flags.pop("config", None) or of_variables.pop("config", None)
    of_variables.pop("config", None)
    of_file = _file_layer(Path(str(config.value)), problems) if config is not None else {}
    layers = (of_flags, of_variables, of_file)
    settings = _merge(layers, problems)
    if settings is None:
        raise UsageError("\n".join(problems))
    found = EffectiveSetting(settings, layers)
    problems += contradictions(found)
    if problems:
        raise UsageError("\n".join(problems))
    return found


def _variable_layer(environment: Mapping[str, str], problems: list[str]) -> dict[str, SettingName]:
    layer: dict[str, SettingName] = {}
    for name, text in variables_in(environment):
        setting = SETTING_OF_VARIABLE.get(name)
        if setting is None:
            problems.append(f"unknown variable {name}{_suggestion(name, SETTING_OF_VARIABLE, PREFIX)}")
        else:
            layer[setting] = SettingName(name, _value(setting, _split(setting, text), name, problems))
    return layer


def _split(setting: str, text: str) -> object:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if setting in ("rules", "exclude", *_LISTS) else text


def _value(setting: str, value: object, place: str, problems: list[str]) -> object:
    """The value of a flag or variable in the format of the model."""
    if not isinstance(value, tuple):
        return value
    if setting == "exclude":
        return {"namespaces": value}
    return dict(_pairs(value, place, problems)) if setting == "rules" else value


def _pairs(texts: Iterable[str], place: str, problems: list[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, equals, action = text.partition("=")
        if equals:
            yield name.strip(), action.strip()
        else:
            problems.append(f"{place}: {quoted(text)} is no rule with its action; write it like no-binding=warn or *=warn")


def _file_layer(path: Path, problems: list[str]) -> dict[str, SettingName]:
    layer: dict[str, SettingName] = {}
    for key, value in read_mapping(path, pipe=True).items():
        setting = setting_of_key(key)
        if setting in layer:
            problems.append(f"{path}: {key} and {layer[setting].place.removeprefix(f'{path}: ')} are one key")
        elif setting in ServeSettings.model_fields:
            converted = _relative_to(path.parent, value) if setting in _PATHS else _tuple_if_list(setting, value)
            layer[setting] = SettingName(f"{path}: {key}", converted)
        elif setting in _CHECK_KEYS:
            problems.append(
                f"{path}: {key} is of `bindguard check`; the server needs a file of its own, with rules: and exclude: at most in common"
            )
        else:
            problems.append(f"{path}: unknown key {quoted(key)}{_suggestion(setting, ServeSettings.model_fields)}")
    return layer


def _relative_to(directory: Path, value: object) -> object:
    """A path in the configuration file, which is relative to the file's directory."""
    return os.path.relpath(directory / value) if isinstance(value, str) and value else value


def _tuple_if_list(setting: str, value: object) -> object:
    if setting in _LISTS and isinstance(value, list):
        return tuple(value)
    return value


def _merge(layers: Sequence[Layer], problems: list[str]) -> ServeSettings | None:
    """Merge the layers, the first of which takes precedence; mappings are merged by key. `None` when a value is invalid: see `problems`."""
    values: dict[str, Any] = {}
    for layer in reversed(layers):
        for name, written in layer.items():
            below, above = values.get(name), written.value
            values[name] = {**below, **above} if isinstance(below, dict) and isinstance(above, dict) else above
    try:
        settings = ServeSettings(**values)
    except pydantic.ValidationError as error:
        problems += [_message(problem["loc"], problem["type"], problem["input"], layers) for problem in error.errors()]
        return None
    problems += _name_problems(settings, layers)
    return settings


def _message(loc: tuple[int | str, ...], kind: str, found: object, layers: Sequence[Layer]) -> str:
    setting = str(loc[0])
    place = _place(setting, loc[1:], layers)
    inside = "".join(f".{step}" for step in loc[1:] if isinstance(step, str))
    if kind == "extra_forbidden":
        return f"{place}: unknown key {quoted(str(loc[-1]))}{_suggestion(str(loc[-1]), Exclude.model_fields)}"
    return f"{place}{inside}: found {shown(found)}, accepted: {accepted(setting)}"


def _place(setting: str, inside: Sequence[int | str], layers: Sequence[Layer]) -> str:
    """Where the effective value was set; for the action of a rule, the first layer that has the rule."""
    for layer in layers:
        value = layer[setting].value if setting in layer else None
        if setting in layer and (not inside or not isinstance(value, dict) or inside[0] in value):
            return layer[setting].place
    return setting


def _name_problems(settings: ServeSettings, layers: Sequence[Layer]) -> Iterator[str]:
    for rule in settings.rules:
        yield from _problems_of(checked_rules, rule, _place("rules", (rule,), layers))
    if settings.kubevirt_version is not None:
        yield from _problems_of(checked_version, settings.kubevirt_version, _place("kubevirt_version", (), layers))


def _problems_of(check: Callable[[str, str], object], text: str, place: str) -> Iterator[str]:
    try:
        check(text, place)
    except UsageError as error:
        yield str(error)


def _suggestion(name: str, known: Collection[str], prefix: str = "") -> str:
    """The end of a message: the nearest known name, or all of them. The common `prefix` is ignored in the comparison."""
    guess = nearest(name.removeprefix(prefix), [each.removeprefix(prefix) for each in known])
    return f"; did you mean {prefix}{guess}?" if guess is not None else f"; known are {', '.join(known)}"
