"""What a run of `check` is asked to do, after flags and configuration file have been laid over each other. Reads nothing."""

from collections.abc import Mapping

import msgspec

from webhook.errors import UsageError
from webhook.kube.version import Version, parse_version
from webhook.plugins.nearest import nearest
from webhook.rules import RULE_NAMED
from webhook.rules.base import Action, quoted

OLDEST = Version(1, 1)
NEWEST = Version(1, 9)
"""The newest release of which the rules know anything."""


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


def checked_version(text: str, where: str) -> Version:
    """The KubeVirt version that a person wrote at `where`; `UsageError` names what is accepted."""
    version = parse_version(text)
    if version is None or version.major != OLDEST.major:
        raise UsageError(f"{where}: {quoted(text)} is no KubeVirt release; write one like {NEWEST.major}.9 or v1.9.0")
    if version < OLDEST:
        raise UsageError(f"{where}: KubeVirt {version} has no binding plugins; the oldest release judged is {OLDEST}")
    return version


def checked_rule(name: str, where: str) -> str:
    """The rule name that a person wrote at `where`; `UsageError` names the nearest."""
    if name in RULE_NAMED:
        return name
    guess = nearest(name, RULE_NAMED)
    hint = f"; did you mean {quoted(guess)}?" if guess is not None else ""
    raise UsageError(f"{where}: there is no rule {quoted(name)}{hint} (see: bindguard rules)")


def chosen_actions(configured: Mapping[str, Action], select: tuple[str, ...], ignore: tuple[str, ...]) -> dict[str, Action]:
    """Rule actions after `--select` (all others are off) and `--ignore` (these are off); ignoring wins."""
    actions = dict(configured)
    if select:
        actions |= dict.fromkeys(RULE_NAMED.keys() - set(select), Action.OFF)
    return actions | dict.fromkeys(ignore, Action.OFF)
