"""What a run of `check` is asked to do, after flags and configuration file have been laid over each other."""

from collections.abc import Mapping

import msgspec

from webhook.kube.version import Version
from webhook.rules import RULE_NAMED
from webhook.rules.base import Action


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Which cluster is read; without either the kubeconfig's current context, or in a pod its own cluster.

    Attributes:
        kubeconfig: File; `None` for the usual places.
        context: A context in it.
    """

    kubeconfig: str | None = None
    context: str | None = None


class RegistryOfPaths(msgspec.Struct, frozen=True, kw_only=True):
    """The registry of some files.

    Attributes:
        paths: Patterns of the files, as those that exclude files.
        base: The directory that the patterns begin at.
        registry: File with the registry.
        kubevirt_version: In place of the version that the registry tells.
    """

    paths: tuple[str, ...]
    base: str
    registry: str
    kubevirt_version: Version | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A run, complete.

    Attributes:
        paths: Files, directories, globs, and `-` for standard input.
        registry: File with the registry, or `None` to look in the cluster that is read, else among the checked manifests.
        registry_is_flag: Whether the command line names that file: then it may be a pipe, and is the registry of all files.
        registries: Registries of some files, of which the first that matches a file counts.
        kubevirt_version: Overrides the version that the registry tells.
        ahead: The later release whose findings are told in a note; `True` for the next one, `False` for none.
        actions: Rule actions that differ from the rules' own.
        exclude_paths: Globs of files that are not read.
        exclude_namespaces: Globs of namespaces whose objects are not checked.
        baseline: File with findings that are known already, or `None`.
        baseline_may_be_pipe: Whether the command line names that file: then it may be a pipe.
        fail_on: The least severity that makes the exit code 1.
        require_registry: Whether a run without a registry fails.
        fail_on_nothing: Whether a run that checks no object fails.
        kustomize: Whether kustomizations are rendered.
        jobs: Worker processes; 1 checks in this process.
        cluster: The cluster that is read, or `None` when none is.
        from_cluster: Whether its objects are checked, instead of those in `paths`.
        namespaces: The namespaces whose objects are checked, all when empty.
    """

    paths: tuple[str, ...]
    registry: str | None = None
    registry_is_flag: bool = False
    registries: tuple[RegistryOfPaths, ...] = ()
    kubevirt_version: Version | None = None
    ahead: Version | bool = False
    actions: Mapping[str, Action] = msgspec.field(default_factory=dict)
    exclude_paths: tuple[str, ...] = ()
    exclude_namespaces: tuple[str, ...] = ()
    baseline: str | None = None
    baseline_may_be_pipe: bool = False
    fail_on: Action = Action.DENY
    require_registry: bool = False
    fail_on_nothing: bool = False
    kustomize: bool = False
    jobs: int = 1
    cluster: Access | None = None
    from_cluster: bool = False
    namespaces: tuple[str, ...] = ()


def chosen_actions(configured: Mapping[str, Action], select: tuple[str, ...], ignore: tuple[str, ...]) -> dict[str, Action]:
    """Rule actions after `--select` (all others are off) and `--ignore` (these are off); ignoring wins."""
    actions = dict(configured)
    if select:
        actions |= dict.fromkeys(RULE_NAMED.keys() - set(select), Action.OFF)
    return actions | dict.fromkeys(ignore, Action.OFF)
