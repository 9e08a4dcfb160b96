"""Flags over variables over the configuration file over defaults: the settings of one server, and where each came from.

Says whatever is wrong, all of it at once, under the name that its writer gave it.
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
_OF_CHECK = ("select", "ignore", "baseline", "fail_on", "require_registry", "fail_on_nothing")


def effective(
    flags: Mapping[str, object],
    environment: Mapping[str, str],
    *,
    contradictions: Callable[[EffectiveSetting], Iterator[str]] = contradictions_of_serving,
) -> EffectiveSetting:
    """The settings of a server started with these flags, by setting; `config` names the file.

    `contradictions` tells what does not go together, for what is to be done with the settings.

    Raises:
        UsageError: Something cannot be used; each line has the name as it was written, the value found and what is accepted.
    """
    problems: list[str] = []
    of_flags = {
        name: SettingName(flag(name), _value(name, value, flag(name), problems)) for name, value in flags.items() if value not in (None, ())
    }
    of_variables = _variables(environment, problems)
    config = of_flags.pop("config", None) or of_variables.pop("config", None)
    of_variables.pop("config", None)
    of_file = _file(Path(str(config.value)), problems) if config is not None else {}
    layers = (of_flags, of_variables, of_file)
    settings = _laid_over(layers, problems)
    if settings is None:
        raise UsageError("\n".join(problems))
    found = EffectiveSetting(settings, layers)
    problems += contradictions(found)
    if problems:
        raise UsageError("\n".join(problems))
    return found


def _variables(environment: Mapping[str, str], problems: list[str]) -> dict[str, SettingName]:
    layer: dict[str, SettingName] = {}
    for name, text in variables_in(environment):
        setting = SETTING_OF_VARIABLE.get(name)
        if setting is None:
            problems.append(f"unknown variable {name}{_meant(name, SETTING_OF_VARIABLE, PREFIX)}")
        else:
            layer[setting] = SettingName(name, _value(setting, _split(setting, text), name, problems))
    return layer


def _split(setting: str, text: str) -> object:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if setting in ("rules", "exclude", *_LISTS) else text


def _value(setting: str, value: object, place: str, problems: list[str]) -> object:
    """A flag's or a variable's value in the form of the model."""
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


def _file(path: Path, problems: list[str]) -> dict[str, SettingName]:
    layer: dict[str, SettingName] = {}
    for key, value in read_mapping(path, pipe=True).items():
        setting = setting_of_key(key)
        if setting in layer:
            problems.append(f"{path}: {key} and {layer[setting].place.removeprefix(f'{path}: ')} are one key")
        elif setting in ServeSettings.model_fields:
            layer[setting] = SettingName(f"{path}: {key}", _beside(path.parent, value) if setting in _PATHS else _listed(setting, value))
        elif setting in _OF_CHECK:
            problems.append(
                f"{path}: {key} is of `bindguard check`; the server needs a file of its own, with rules: and exclude: at most in common"
            )
        else:
            problems.append(f"{path}: unknown key {quoted(key)}{_meant(setting, ServeSettings.model_fields)}")
    return layer


def _beside(directory: Path, value: object) -> object:
    """Paths in a file are relative to it."""
    return os.path.relpath(directory / value) if isinstance(value, str) and value else value


def _listed(setting: str, value: object) -> object:
    if setting in _LISTS and isinstance(value, list):
        return tuple(value)
    return value


def _laid_over(layers: Sequence[Layer], problems: list[str]) -> ServeSettings | None:
    """The settings by these layers, the highest first; mappings are merged entry by entry. `None`, and why, when they cannot be used."""
    values: dict[str, Any] = {}
    for layer in reversed(layers):
        for name, written in layer.items():
            below, above = values.get(name), written.value
            values[name] = {**below, **above} if isinstance(below, dict) and isinstance(above, dict) else above
    try:
        settings = ServeSettings(**values)
    except pydantic.ValidationError as error:
        problems += [_told(problem["loc"], problem["type"], problem["input"], layers) for problem in error.errors()]
        return None
    problems += _bad_names(settings, layers)
    return settings


def _told(loc: tuple[int | str, ...], kind: str, found: object, layers: Sequence[Layer]) -> str:
    setting = str(loc[0])
    place = _place(setting, loc[1:], layers)
    inside = "".join(f".{step}" for step in loc[1:] if isinstance(step, str))
    if kind == "extra_forbidden":
        return f"{place}: unknown key {quoted(str(loc[-1]))}{_meant(str(loc[-1]), Exclude.model_fields)}"
    return f"{place}{inside}: found {shown(found)}, accepted: {accepted(setting)}"


def _place(setting: str, inside: Sequence[int | str], layers: Sequence[Layer]) -> str:
    """Where the value was written that counts: for a rule's action, the highest layer that names the rule."""
    for layer in layers:
        value = layer[setting].value if setting in layer else None
        if setting in layer and (not inside or not isinstance(value, dict) or inside[0] in value):
            return layer[setting].place
    return setting


def _bad_names(settings: ServeSettings, layers: Sequence[Layer]) -> Iterator[str]:
    for rule in settings.rules:
        yield from _refusal(checked_rules, rule, _place("rules", (rule,), layers))
    if settings.kubevirt_version is not None:
        yield from _refusal(checked_version, settings.kubevirt_version, _place("kubevirt_version", (), layers))


def _refusal(check: Callable[[str, str], object], text: str, place: str) -> Iterator[str]:
    try:
        check(text, place)
    except UsageError as error:
        yield str(error)


def _meant(name: str, known: Collection[str], prefix: str = "") -> str:
    """What was meant, or could be; `prefix`, which all have, says nothing of which."""
    guess = nearest(name.removeprefix(prefix), [each.removeprefix(prefix) for each in known])
    return f"; did you mean {prefix}{guess}?" if guess is not None else f"; known are {', '.join(known)}"
