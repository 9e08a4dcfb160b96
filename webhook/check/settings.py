"""The settings of a run of `check`, merged from flags and configuration file."""

from collections.abc import Mapping

import msgspec

from webhook.kube.version import Version
from webhook.rules import RULE_NAMED
from webhook.rules.base import Action


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster to read. Without both: the current context of the kubeconfig, or in a pod the pod's cluster.

    Attributes:
        kubeconfig: Path of the file; `None` for `KUBECONFIG` or ~/.kube/config.
        context: A context in it.
    """

    kubeconfig: str | None = None
    context: str | None = None


class RegistryOfPaths(msgspec.Struct, frozen=True, kw_only=True):
    """The registry of some files.

    Attributes:
        paths: Patterns of the files, with the syntax of `exclude_paths`.
        base: The directory that the patterns are relative to.
        registry: File with the registry.
        kubevirt_version: Overrides the registry's version.
    """

    paths: tuple[str, ...]
    base: str
    registry: str
    kubevirt_version: Version | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of a run.

    Attributes:
        paths: Files, directories, globs, and `-` for standard input.
        registry: File with the registry; `None` to use the CR of the cluster, else the nearest CR among the manifests.
        registry_is_flag: Whether a flag names that file: it is then the registry of all files, and may be a pipe.
        registries: Registries by path; for each file the first that matches is used.
        kubevirt_version: Overrides the registry's version.
        ahead: A later release whose additional findings are reported in a note; `True` for the next release, `False` for none.
        actions: Rule actions that differ from the defaults.
        exclude_paths: Globs of files that are not read.
        exclude_namespaces: Globs of namespaces whose objects are not checked.
        baseline: File with known findings, which are not reported; or `None`.
        baseline_may_be_pipe: Whether a flag names that file: it may then be a pipe.
        fail_on: The least severity that makes the exit code 1.
        require_registry: Whether a run without a registry fails.
        fail_on_nothing: Whether a run that checks no object fails.
        kustomize: Whether kustomizations are rendered.
        jobs: Worker processes; 1 checks in this process.
        cluster: The cluster to read, or `None`.
        from_cluster: Whether to check the objects of the cluster instead of those in `paths`.
        namespaces: The namespaces whose objects are checked; all if empty.
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


def effective_actions(configured: Mapping[str, Action], select: tuple[str, ...], ignore: tuple[str, ...]) -> dict[str, Action]:
    """Rule actions after `--select` (all other rules are off) and `--ignore` (these are off, even if selected)."""
    actions = dict(configured)
    if select:
        actions |= dict.fromkeys(RULE_NAMED.keys() - set(select), Action.OFF)
    return actions | dict.fromkeys(ignore, Action.OFF)
