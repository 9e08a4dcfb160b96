"""`bindguard why`: prints why a VM does not start, and sets the exit code."""

import asyncio
import sys

import click

from webhook.cli.output import to_stdout, width
from webhook.cluster.api_error import ApiError
from webhook.cluster.connection import connect
from webhook.cluster.hints import explained
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS
from webhook.why import report
from webhook.why.collect import collect
from webhook.why.diagnosis import VMState, diagnose
from webhook.why.situation import Situation

_CLEAN = frozenset({VMState.RUNNING, VMState.STOPPED})


@click.command("why", short_help="Say why a VM does not start.")
@click.argument("vm")
@click.option("-n", "--namespace", metavar="NAME", default="default", show_default=True, help="Namespace of the VM.")
@click.option("--kubeconfig", metavar="FILE", help="Kubeconfig.  [default: KUBECONFIG, ~/.kube/config, or in a pod its service account]")
@click.option("--context", metavar="CONTEXT", help="Context of the kubeconfig.  [default: the current one]")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of the report.")
def command(*, vm: str, namespace: str, kubeconfig: str | None, context: str | None, output: str) -> None:
    """Say why the VM does not start: the first obstacle, since when, what to do, and who can do it.

    VM, VMI, launcher pod, their conditions and events, NetworkAttachmentDefinitions, the registered plugins and quotas are read with your
    own rights, and nothing is changed. Bindguard need not be installed in the cluster.

    Exit code: 0 the VM runs, or is meant to be stopped; 1 it does not run; 2 wrong usage; 3 the cluster is unreachable, or you may not read
    the VM.
    """
    situation = asyncio.run(_collected(kubeconfig, context, namespace, vm))
    diagnosis = diagnose(situation)
    to_stdout(report.json(diagnosis, situation) if output == "json" else report.text(diagnosis, situation, width=width()))
    sys.exit(EXIT_CLEAN if diagnosis.state in _CLEAN else EXIT_FINDINGS)


async def _collected(kubeconfig: str | None, context: str | None, namespace: str, name: str) -> Situation:
    api = await connect(kubeconfig=kubeconfig, context=context)
    try:
        return await collect(api, namespace, name)
    except ApiError as error:
        raise explained(error) from error
    finally:
        await api.close()
