"""The command line: parse, call, exit code. Commands are imported when they are called, so that each starts as fast as it can."""

import importlib
import sys
from collections.abc import Mapping

import click

from webhook import __version__
from webhook.errors import EXIT_INTERRUPTED, EXIT_UNREADABLE, EXIT_USAGE, BindguardError, UsageError

_COMMANDS: Mapping[str, str] = {
    "check": "Judge manifests as the webhook would, with no cluster.",
    "rules": "List all rules.",
    "explain": "Explain a rule or a binding.",
}


class _LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only to run it."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(f"webhook.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - a programming mistake, told at once
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="bindguard %(version)s")
def _group() -> None:
    """Bindguard guards KubeVirt's network bindings: in the cluster as an admission webhook, in CI as a command."""


def main() -> None:
    """Run the command line; every error that we know is one line on standard error and an exit code, never a traceback."""
    try:
        _group(prog_name="bindguard")
    except UsageError as error:
        _stop(str(error), EXIT_USAGE)
    except BindguardError as error:
        _stop(str(error), EXIT_UNREADABLE)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away: nothing is left to tell, and nobody to tell it to
        sys.exit(EXIT_INTERRUPTED)


def _stop(message: str, code: int) -> None:
    click.echo(f"bindguard: {message}", err=True)
    sys.exit(code)
