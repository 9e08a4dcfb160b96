"""What a run of `check` is asked to do, after flags and configuration file have been laid over each other. Reads nothing."""

from collections.abc import Mapping

import msgspec

from webhook.kube.version import Version
from webhook.rules import RULE_NAMED
from webhook.rules.base import Action


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A run, complete.

    Attributes:
        paths: Files, directories, globs, and `-` for standard input.
        registry: File with the registry, or `None` to look among the checked manifests.
        kubevirt_version: Overrides the version that the registry tells.
        actions: Rule actions that differ from the rules' own.
        exclude_paths: Globs of files that are not read.
        exclude_namespaces: Globs of namespaces whose objects are not judged.
        baseline: File with findings that are known already, or `None`.
        fail_on: The least severity that makes the exit code 1.
        jobs: Worker processes; 1 judges in this process.
    """

    paths: tuple[str, ...]
    registry: str | None = None
    kubevirt_version: Version | None = None
    actions: Mapping[str, Action] = msgspec.field(default_factory=dict)
    exclude_paths: tuple[str, ...] = ()
    exclude_namespaces: tuple[str, ...] = ()
    baseline: str | None = None
    fail_on: Action = Action.DENY
    jobs: int = 1


def chosen_actions(configured: Mapping[str, Action], select: tuple[str, ...], ignore: tuple[str, ...]) -> dict[str, Action]:
    """Rule actions after `--select` (all others are off) and `--ignore` (these are off); ignoring wins."""
    actions = dict(configured)
    if select:
        actions |= dict.fromkeys(RULE_NAMED.keys() - set(select), Action.OFF)
    return actions | dict.fromkeys(ignore, Action.OFF)
