"""The command line `bindguard`. A command is imported only when it is called, so that each starts fast."""

import importlib
import io
import sys
from collections.abc import Mapping

import click

from webhook import __version__
from webhook.cli.output import open_missing_streams, whole_stdout
from webhook.cli.packages import missing_package
from webhook.errors import EXIT_INTERRUPTED, EXIT_UNREADABLE, EXIT_USAGE, BindguardError, UsageError
from webhook.kube.text import visible

_COMMANDS: Mapping[str, str] = {
    "check": "Check manifests, or the objects in a cluster.",
    "rules": "List all rules.",
    "explain": "Explain a rule or a binding.",
    "serve": "Run the admission webhook.",
    "review": "Send recorded reviews to a server, or evaluate them here.",
    "certs": "Make, inspect and verify certificates.",
    "registry": "Show or export the registered plugins of a cluster.",
    "why": "Say why a VM does not start.",
    "break-glass": "Stop the webhooks from refusing anything in an emergency, and undo it.",
    "doctor": "Diagnose an installation.",
}


class _LazyGroup(click.Group):
    """A group that imports a command only to run it."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        try:
            command = importlib.import_module(f"webhook.cli.{cmd_name.replace('-', '_')}").command
        except ModuleNotFoundError as error:
            raise missing_package(cmd_name, error) from error
        assert isinstance(command, click.Command)  # noqa: S101 - a programming error, reported at once
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="bindguard %(version)s")
def _group() -> None:
    """Find mistakes in the network interfaces of KubeVirt VMs: in CI as a command, in a cluster as an admission webhook."""


def main() -> None:
    """Run the command line. A known error is one line on standard error and an exit code, without a traceback."""
    open_missing_streams()
    try:
        with whole_stdout():
            _group.main(prog_name="bindguard", standalone_mode=False)
    except click.ClickException as error:
        message = io.StringIO()
        error.show(message)
        click.echo(
            "\n".join(map(visible, message.getvalue().splitlines())), err=True
        )  # it quotes arguments, and those may be names of files
        sys.exit(error.exit_code)
    except UsageError as error:
        _stop(str(error), EXIT_USAGE)
    except BindguardError as error:
        _stop(visible(str(error)), EXIT_UNREADABLE)
    except ModuleNotFoundError as error:  # what only some uses of a command need is imported when it is used
        _stop(str(missing_package("this", error)), EXIT_USAGE)
    except (click.Abort, KeyboardInterrupt):
        _stop("interrupted", EXIT_INTERRUPTED)
    except OSError as error:  # the system refuses something: open files, processes, a current directory that is gone
        _stop(f"the system says: {error}", EXIT_UNREADABLE)


def _stop(message: str, code: int) -> None:
    """Print each line of the message without escape sequences, since it may quote names of files, and exit."""
    click.echo("bindguard: " + "\n".join(visible(line) for line in message.split("\n")), err=True)
    sys.exit(code)
