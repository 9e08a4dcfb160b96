"""Merge flags and configuration file into the settings of a run."""

import os
from pathlib import Path

import msgspec

from webhook.check.config import find_config
from webhook.check.settings import Access, RegistryOfPaths, Settings, effective_actions
from webhook.errors import UsageError
from webhook.kube.names import is_dns_label
from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.loading.names import checked_version
from webhook.loading.rule_actions import actions_by_rule, rules_in
from webhook.rules.base import Action

NEXT_RELEASE = "next"
"""The value of `--ahead` when no release is given, and of the key `ahead` for the next release."""


class Flags(msgspec.Struct, frozen=True, kw_only=True):
    """The flags as given on the command line; `None` or empty where a flag is not given."""

    paths: tuple[str, ...] = ()
    registry: str | None = None
    kubevirt_version: str | None = None
    ahead: str | None = None
    config: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: str | None = None
    require_registry: bool = False
    fail_on_nothing: bool = False
    baseline: str | None = None
    kustomize: bool = False
    jobs: int | None = None
    cluster: bool = False
    kubeconfig: str | None = None
    context: str | None = None
    from_cluster: bool = False
    namespaces: tuple[str, ...] = ()

    @property
    def access(self) -> Access | None:
        """The cluster that the flags select, if any."""
        asked = self.cluster or self.from_cluster or self.kubeconfig is not None or self.context is not None
        return Access(kubeconfig=self.kubeconfig, context=self.context) if asked else None


def settings_from(flags: Flags, *, directory: Path) -> Settings:
    """The settings of a run started in `directory`; `UsageError` names the flag or key, the value found and what is accepted.

    A flag overrides the file; exclusions and ignored rules are added up. Without paths the current directory is checked.
    """
    _refuse_contradictions(flags)
    of_flags = Settings(
        paths=flags.paths or (".",),
        registry=flags.registry,
        registry_is_flag=flags.registry is not None,
        kubevirt_version=checked_version(flags.kubevirt_version, "--kubevirt-version") if flags.kubevirt_version is not None else None,
        ahead=_ahead(flags.ahead, "--ahead"),
        actions=effective_actions({}, rules_in(flags.select, "--select"), rules_in(flags.ignore, "--ignore")),
        exclude_paths=flags.exclude,
        baseline=flags.baseline,
        baseline_may_be_pipe=flags.baseline is not None,
        fail_on=Action(flags.fail_on) if flags.fail_on is not None else Action.DENY,
        require_registry=flags.require_registry,
        fail_on_nothing=flags.fail_on_nothing,
        kustomize=flags.kustomize,
        jobs=flags.jobs or _processors(),
        cluster=flags.access,
        from_cluster=flags.from_cluster,
        namespaces=flags.namespaces,
    )
    path = Path(flags.config) if flags.config is not None else find_config(directory)
    return of_flags if path is None else _merge_file(of_flags, flags, path)


def _processors() -> int:
    """The number of processors that this process may use; on macOS, which does not say, the number of all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _refuse_contradictions(flags: Flags) -> None:
    if flags.from_cluster and flags.paths:
        raise UsageError(f"--from-cluster and {flags.paths[0]}: either a cluster's objects or files are checked; leave one out")
    if flags.from_cluster and flags.kustomize:
        raise UsageError("--from-cluster and --kustomize: a cluster's objects are rendered already; leave one out")
    if flags.namespaces and not flags.from_cluster:
        raise UsageError(f"--namespace {flags.namespaces[0]}: only works with --from-cluster")
    if flags.registry is not None and flags.access is not None and not flags.from_cluster:
        raise UsageError(f"--registry {flags.registry} and a cluster: the registry can come from one of them only; leave one out")
    wrong = [name for name in flags.namespaces if not is_dns_label(name)]
    if wrong:
        raise UsageError(f"--namespace {quoted(wrong[0])}: not a valid namespace name")


def _merge_file(settings: Settings, flags: Flags, path: Path) -> Settings:
    from webhook.check.config import read_config  # noqa: PLC0415 - pydantic is slow to import, and most runs have no file

    config = read_config(path, pipe=flags.config is not None)
    base = path.parent
    version = config.kubevirt_version
    return msgspec.structs.replace(
        settings,
        registry=settings.registry or (_relative(base, config.registry) if settings.cluster is None else None),
        registries=tuple(
            RegistryOfPaths(
                paths=entry.paths,
                base=str(base),
                registry=os.path.relpath(base / entry.registry),
                kubevirt_version=settings.kubevirt_version or _version(entry.kubevirt_version or version, path),
            )
            for entry in config.registries
        ),
        kubevirt_version=settings.kubevirt_version or _version(version, path),
        ahead=settings.ahead or _ahead(config.ahead, f"{path}: ahead"),
        actions=effective_actions(
            actions_by_rule(config.rules),
            rules_in(flags.select, "--select") or rules_in(config.select, str(path)),
            rules_in(flags.ignore, "--ignore") + rules_in(config.ignore, str(path)),
        ),
        exclude_paths=settings.exclude_paths + config.exclude.paths,
        exclude_namespaces=config.exclude.namespaces,
        baseline=settings.baseline or _relative(base, config.baseline),
        fail_on=settings.fail_on if flags.fail_on is not None else Action(config.fail_on),
        require_registry=settings.require_registry or config.require_registry,
        fail_on_nothing=settings.fail_on_nothing or config.fail_on_nothing,
    )


def _ahead(text: str | None, where: str) -> Version | bool:
    if text is None or text == NEXT_RELEASE:
        return text is not None
    return checked_version(text, where)


def _version(text: str | None, path: Path) -> Version | None:
    return None if text is None else checked_version(text, str(path))


def _relative(base: Path, name: str | None) -> str | None:
    return None if name is None else os.path.relpath(base / name)
