"""Settings of the server that checks need, read from its ConfigMap."""

import io
from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec

from webhook.doctor.objects.records import ConfigMap
from webhook.errors import UnreadableError
from webhook.loading.rule_actions import actions_by_rule
from webhook.manifests.documents import read_documents
from webhook.manifests.model import Document
from webhook.manifests.yaml import parse
from webhook.rules import RULE_NAMED
from webhook.rules.base import Action

_FILE = "bindguard.yaml"
"""Its key in the chart's ConfigMap."""


class Exclude(msgspec.Struct, frozen=True):
    """What is not checked."""

    namespaces: list[str] = []


class ServerSettings(msgspec.Struct, frozen=True, rename="camel"):
    """Some of the settings of `serve`. YAML reads a bare `off` as false.

    Attributes:
        overhead: When launcher pods get the overhead of their plugins.
        managed: Whether the server looks after its certificate.
        rules: Actions of rules, groups and globs.
        exclude: What is not checked.
    """

    overhead: str | bool = "auto"
    managed: bool = False
    rules: Mapping[str, Action | bool] = {}
    exclude: Exclude = Exclude()

    @property
    def adds_overhead(self) -> bool:
        """Whether launcher pods are changed at all."""
        return self.overhead not in ("off", False)

    def action_of(self, rule: str) -> Action:
        """What is done about objects that violate a rule."""
        actions = actions_by_rule({entry: action if isinstance(action, Action) else Action.OFF for entry, action in self.rules.items()})
        return actions.get(rule, RULE_NAMED[rule].action)

    def excludes(self, namespace: str) -> bool:
        """Whether objects of a namespace are not checked."""
        return any(fnmatchcase(namespace, pattern) for pattern in self.exclude.namespaces)


def settings_in(body: bytes) -> ServerSettings:
    """The settings in a ConfigMap, which is given as JSON. `ValueError` if they cannot be read."""
    text = (msgspec.json.decode(body, type=ConfigMap).data or {}).get(_FILE, "")
    documents = list(read_documents(io.BytesIO(text.encode()), _FILE))
    if len(documents) != 1 or not isinstance(documents[0], Document):
        raise ValueError(f"{_FILE} is not one YAML document")
    try:
        return msgspec.convert(parse(documents[0]), ServerSettings)
    except UnreadableError as error:
        raise ValueError(str(error)) from error
