"""`bindguard doctor`: names in, what is wrong with an installation and an exit code out."""

import sys
from typing import TypedDict, Unpack

import click

from webhook.cli.output import to_stdout, width
from webhook.doctor import report
from webhook.doctor.result import Outcome, exit_code
from webhook.doctor.run import examine
from webhook.doctor.snapshot import Names

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


@click.command("doctor", short_help="Look an installation over.")
@click.option("--kubeconfig", metavar="FILE", help="Kubeconfig.  [default: KUBECONFIG, ~/.kube/config, or in a pod its service account]")
@click.option("--context", metavar="CONTEXT", help="Context of the kubeconfig.  [default: the current one]")
@click.option("-n", "--namespace", metavar="NAME", default=_DEFAULTS.namespace, show_default=True, help="Where Bindguard is installed.")
@click.option("--configuration", metavar="NAME", default=_DEFAULTS.configuration, show_default=True, help="Both webhook configurations.")
@click.option("--deployment", metavar="NAME", default=_DEFAULTS.deployment, show_default=True, help="The Deployment.")
@click.option("--service", metavar="NAME", default=_DEFAULTS.service, show_default=True, help="The Service.")
@click.option("--service-account", metavar="NAME", default=_DEFAULTS.service_account, show_default=True, help="The pods' ServiceAccount.")
@click.option("--secret", metavar="NAME", default=_DEFAULTS.secret, show_default=True, help="The certificate's Secret.")
@click.option("--lease", metavar="NAME", default=_DEFAULTS.lease, show_default=True, help="The Lease of who renews the certificate.")
@click.option(
    "--dry-run-namespace",
    metavar="NAME",
    default="",
    help="Where VMs are created by a dry run.  [default: default, or the first that Bindguard is asked about]",
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of the report.")
@click.option(
    "--fail-on", type=click.Choice(["fail", "warn"]), default="fail", show_default=True, help="Least verdict that makes the exit code 1."
)
def command(*, kubeconfig: str | None, context: str | None, output: str, fail_on: str, **names: Unpack[_Names]) -> None:
    """Look an installation in a cluster over, and say what is wrong and how to mend it.

    Nothing is stored. By dry runs the API server is asked to create a good and a bad VM: it calls all admission webhooks about them.

    Exit code: 0 all is well, 1 something is not, 2 wrong usage, 3 the cluster could not be asked.
    """
    results, server = examine(Names(**names), kubeconfig=kubeconfig, context=context)
    told = report.json(results, server=server) if output == "json" else report.text(results, server=server, width=width())
    to_stdout(told)
    sys.exit(exit_code(results, fail_on=Outcome(fail_on)))
