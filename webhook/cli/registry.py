"""`bindguard registry`: shows the registered plugins of a cluster or a file, and exports those of a cluster for CI."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click

from webhook.check.settings import Access
from webhook.cli.output import to_file, to_stdout
from webhook.errors import UsageError
from webhook.kube.text import visible
from webhook.loading.registry import registry_from_file
from webhook.loading.sources import registry_source
from webhook.plugins.plugin import Plugin
from webhook.plugins.sources import LoadedRegistry

_NONE = "-"
_HEADINGS = ("NAME", "ATTACHMENT DEFINITION", "TYPE", "SIDECAR", "MIGRATES", "MEMORY")
_kubeconfig = click.option("--kubeconfig", metavar="FILE", help="Kubeconfig.  [default: as for kubectl, or the pod's cluster]")
_context = click.option("--context", metavar="CONTEXT", help="Context of the kubeconfig.  [default: the current one]")


@click.group("registry", short_help="Show or export the registered plugins of a cluster.")
def command() -> None:
    """Show the plugins that are registered in a cluster, or export them to a file for `bindguard check --registry`."""


@command.command("export")
@_kubeconfig
@_context
@click.option("--output-file", metavar="FILE", help="Write to this file instead of standard output.")
def export(*, kubeconfig: str | None, context: str | None, output_file: str | None) -> None:
    """Export the parts of a cluster's KubeVirt CR that `bindguard check` needs, as YAML.

    Exit code: 0 written, 2 wrong usage, 3 the cluster did not answer, or has no active KubeVirt CR.
    """
    from webhook.check.cluster_registry import live_kubevirt, with_api_server  # noqa: PLC0415 - `show FILE` does without what asks clusters
    from webhook.loading.export import exported  # noqa: PLC0415 - brings PyYAML along

    live = with_api_server(Access(kubeconfig=kubeconfig, context=context), live_kubevirt)
    text = exported(live.obj, server=live.server, at=datetime.now(UTC))
    if output_file is None:
        to_stdout(text)
    else:
        to_file(text, output_file)


@command.command("show")
@click.argument("file", required=False)
@_kubeconfig
@_context
def show(*, file: str | None, kubeconfig: str | None, context: str | None) -> None:
    """Show the registered plugins of a FILE, or of a cluster.

    Exit code: 0 shown, 2 wrong usage, 3 the file or the cluster could not be read.
    """
    if file is not None and (kubeconfig is not None or context is not None):
        raise UsageError(f"{file} and a cluster: the registry is read from one of them; remove one")
    loaded = registry_from_file(registry_source(file, pipe=True)) if file is not None else _live(kubeconfig, context)
    to_stdout("".join(f"{visible(line)}\n" for line in _lines(loaded)))


def _live(kubeconfig: str | None, context: str | None) -> LoadedRegistry:
    from webhook.check.cluster_registry import live_registry  # noqa: PLC0415 - files are shown without what asks clusters

    return live_registry(Access(kubeconfig=kubeconfig, context=context))


def _lines(loaded: LoadedRegistry) -> Iterator[str]:
    registry = loaded.registry
    yield f"{registry.source}; KubeVirt {registry.version or 'version unknown'}; plugins are registered in {registry.owner}"
    bridge = "allowed" if registry.permit_bridge_on_pod_network else "forbidden"
    yield f"default interface {registry.default_network_interface}; bridge on the pod network {bridge}"
    yield f"feature gates switched on: {_listed(registry.enabled_gates)}; switched off: {_listed(registry.disabled_gates)}"
    yield from (f"note: {note}" for note in loaded.notes)
    yield ""
    yield from _table([_HEADINGS, *(_row(name, registry.plugins[name]) for name in registry.names)]) if registry.names else ("no plugins",)


def _row(name: str, plugin: Plugin) -> Sequence[str]:
    overhead = plugin.compute_resource_overhead
    memory = (overhead.requests or {}).get("memory") if overhead is not None else None
    return (
        name or '""',
        plugin.network_attachment_definition or _NONE,
        plugin.domain_attachment_type or _NONE,
        plugin.sidecar_image or _NONE,
        "no" if plugin.migration is None else plugin.migration.method or "yes",
        _NONE if memory is None else str(memory),
    )


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "none"
