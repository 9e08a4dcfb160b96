"""`bindguard doctor`: prints the problems of an installation."""

import sys
from typing import TypedDict, Unpack

import click
import msgspec

from webhook.cli.output import to_stdout, width
from webhook.doctor import report
from webhook.doctor.result import Outcome, exit_code
from webhook.doctor.run import examine
from webhook.doctor.snapshot import Names
from webhook.errors import UsageError
from webhook.kube.names import is_dns_label, is_dns_name
from webhook.kube.text import quoted

_DEFAULTS = Names()


class _Names(TypedDict):
    """The fields of `Names`."""

    namespace: str
    configuration: str
    deployment: str
    service: str
    service_account: str
    secret: str
    lease: str
    dry_run_namespace: str


@click.command("doctor", short_help="Diagnose an installation.")
@click.option("--kubeconfig", metavar="FILE", help="Kubeconfig.  [default: KUBECONFIG, ~/.kube/config, or in a pod its service account]")
@click.option("--context", metavar="CONTEXT", help="Context of the kubeconfig.  [default: the current one]")
@click.option("-n", "--namespace", metavar="NAME", default=_DEFAULTS.namespace, show_default=True, help="Namespace of Bindguard.")
@click.option(
    "--configuration", metavar="NAME", default=_DEFAULTS.configuration, show_default=True, help="Name of both webhook configurations."
)
@click.option("--deployment", metavar="NAME", default=_DEFAULTS.deployment, show_default=True, help="Name of the Deployment.")
@click.option("--service", metavar="NAME", default=_DEFAULTS.service, show_default=True, help="Name of the Service.")
@click.option(
    "--service-account",
    metavar="NAME",
    default=_DEFAULTS.service_account,
    show_default=True,
    help="Name of the ServiceAccount of the pods.",
)
@click.option("--secret", metavar="NAME", default=_DEFAULTS.secret, show_default=True, help="Name of the Secret with the certificate.")
@click.option("--lease", metavar="NAME", default=_DEFAULTS.lease, show_default=True, help="Name of the Lease for certificate renewal.")
@click.option(
    "--dry-run-namespace",
    metavar="NAME",
    default="",
    help="Namespace of the dry runs.  [default: default, or the first that Bindguard checks]",
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of the report.")
@click.option("--fail-on", type=click.Choice(["fail", "warn"]), default="fail", show_default=True, help="Lowest result with exit code 1.")
def command(*, kubeconfig: str | None, context: str | None, output: str, fail_on: str, **names: Unpack[_Names]) -> None:
    """Diagnose an installation in a cluster: print each problem and how to fix it.

    It stores nothing. It creates a good and a bad VM as dry runs, for which the API server calls all admission webhooks.

    Exit code: 0 no problems, 1 problems, 2 wrong usage, 3 the cluster did not answer.
    """
    all_names = Names(**names)
    _require_possible(all_names)
    results, server = examine(all_names, kubeconfig=kubeconfig, context=context)
    text = report.json(results, server=server) if output == "json" else report.text(results, server=server, width=width())
    to_stdout(text)
    sys.exit(exit_code(results, fail_on=Outcome(fail_on)))


def _require_possible(names: Names) -> None:
    """Raise `UsageError` for a name that no object can have: each becomes a part of a path."""
    for field, name in msgspec.structs.asdict(names).items():
        is_possible = is_dns_label if field.endswith("namespace") else is_dns_name
        if not is_possible(name) and not (field == "dry_run_namespace" and not name):
            raise UsageError(f"--{field.replace('_', '-')} {quoted(name)}: no object can have such a name")
