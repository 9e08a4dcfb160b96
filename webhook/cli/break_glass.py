"""`bindguard break-glass`: stops the webhooks from refusing anything in an emergency, and undoes it."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import NamedTuple

import click

from webhook.cli.output import to_stdout
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.break_glass import Author, Change, Object, apply, break_change, read, read_one, record_event, undo_change
from webhook.cluster.caller import user
from webhook.cluster.connection import connect
from webhook.cluster.hints import explained
from webhook.errors import EXIT_CLEAN, UnreadableError, UsageError
from webhook.kube.names import is_dns_name
from webhook.kube.text import quoted, visible

EXIT_NOT_CONFIRMED = 1

_VALIDATING = "ValidatingWebhookConfiguration"
_UNKNOWN = "unknown user"
_MAX_REASON_LENGTH = 500
_MAX_ATTEMPTS = 5
"""So often a change is made again when somebody else, for instance the server, has changed the configuration at the same time."""


@click.command("break-glass", short_help="Stop the webhooks from refusing anything in an emergency, and undo it.")
@click.option("--reason", metavar="TEXT", default="", help="Why, for those who find it later. Needed unless --undo is given.")
@click.option("--remove", is_flag=True, help="Also remove the validating webhooks: for a server that answers, but denies wrongly.")
@click.option("--undo", is_flag=True, help="Restore what break-glass has changed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--configuration", metavar="NAME", default="bindguard", show_default=True, help="Both webhook configurations.")
@click.option("--kubeconfig", metavar="FILE", help="Kubeconfig.  [default: KUBECONFIG, ~/.kube/config, or in a pod its service account]")
@click.option("--context", metavar="CONTEXT", help="Context of the kubeconfig.  [default: the current one]")
def command(  # noqa: PLR0913 - one argument for each option
    *, reason: str, remove: bool, undo: bool, yes: bool, dry_run: bool, configuration: str, kubeconfig: str | None, context: str | None
) -> None:
    """Set failurePolicy Ignore on Bindguard's webhooks, so that an outage of Bindguard blocks no VM.

    It works while no replica of Bindguard runs. It says first what it will do. Who did it, when and why is written to an annotation of the
    webhook configurations and to an Event. The server leaves the webhooks as they are until `bindguard break-glass --undo`.

    Exit code: 0 done, 1 not confirmed, 2 wrong usage, 3 the cluster is unreachable or refused.
    """
    if undo and (remove or reason):
        raise UsageError("--undo restores everything: leave --remove and --reason out")
    reason = visible(reason.strip())
    if not undo and not reason:
        raise UsageError("--reason is missing: say why, for those who find the webhooks switched off")
    if len(reason) > _MAX_REASON_LENGTH:
        raise UsageError(f"--reason has {len(reason)} characters; at most {_MAX_REASON_LENGTH} are kept")
    if not is_dns_name(configuration):
        raise UsageError(f"--configuration {quoted(configuration)}: no webhook configuration can have such a name")
    request = _Request(configuration, reason, remove=remove, undo=undo, yes=yes, dry_run=dry_run)
    sys.exit(asyncio.run(_run(request, kubeconfig, context)))


class _Request(NamedTuple):
    """What the flags ask for."""

    configuration: str
    reason: str
    remove: bool
    undo: bool
    yes: bool
    dry_run: bool


async def _run(request: _Request, kubeconfig: str | None, context: str | None) -> int:
    api = await connect(kubeconfig=kubeconfig, context=context)
    try:
        return await _changed(api, request)
    except ApiError as error:
        raise explained(error) from error
    finally:
        await api.close()


async def _changed(api: ApiServer, request: _Request) -> int:
    """Say what is to be done, ask, and do it; the exit code."""
    author = Author(await user(api) or _UNKNOWN, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", request.reason)
    found = await read(api, request.configuration)
    if not found:
        raise UnreadableError(f"there is no webhook configuration {request.configuration}: nothing calls Bindguard by that name")
    changes = [_change(each, author, request) for each in found]
    _say(f"{api.base_url}, as {author.user}:", *(f"  {change.kind} {change.name}: {line}" for change in changes for line in change.lines))
    if request.dry_run or not any(change.operations for change in changes):
        return EXIT_CLEAN
    if not request.yes and not _confirmed():
        _say("nothing was changed")
        return EXIT_NOT_CONFIRMED
    failed = []
    for configuration in found:
        try:
            await _change_one(api, configuration, author, request)
        except ApiError as error:
            failed.append(str(explained(error)))
    if failed:
        raise UnreadableError("; ".join(failed))
    _say("done" if request.undo else "done; restore it with: bindguard break-glass --undo")
    return EXIT_CLEAN


async def _change_one(api: ApiServer, configuration: Object, author: Author, request: _Request) -> None:
    """Change a configuration, again when somebody else has changed it since it was read, and write the Event; `ApiError` when it fails."""
    for attempt in range(1, _MAX_ATTEMPTS + 1):
        change = _change(configuration, author, request)
        if not change.operations:
            return
        try:
            await apply(api, configuration, change)
        except ApiError as error:
            if error.reason != "conflict" or attempt == _MAX_ATTEMPTS:
                raise
            found = await read_one(api, change.kind, change.name)
            if found is None:
                return
            configuration = found
        else:
            await _record(api, change, author)
            return


def _change(configuration: Object, author: Author, request: _Request) -> Change:
    if request.undo:
        return undo_change(configuration)
    return break_change(configuration, author, remove=request.remove and configuration["kind"] == _VALIDATING)


async def _record(api: ApiServer, change: Change, author: Author) -> None:
    """Write the Event; without permission for it the change stands, and the annotation has the record."""
    try:
        await record_event(api, change, author)
    except ApiError as error:
        click.echo(f"bindguard: no Event was written: {visible(error.message)}", err=True)


def _say(*lines: str) -> None:
    to_stdout("".join(f"{visible(line)}\n" for line in lines))


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask at: give --yes")
    return click.confirm("Go on?", default=False, err=True)
