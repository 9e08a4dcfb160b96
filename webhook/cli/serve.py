"""`bindguard serve`: runs the server from flags, variables and a configuration file."""

import os
import sys
from collections.abc import Callable
from typing import TypeVar

import click

from webhook.errors import EXIT_UNREADABLE, EXIT_USAGE, BindguardError, UsageError
from webhook.rules.base import Action
from webhook.runtime.logs import configure_logs, is_json, log_start_failure
from webhook.runtime.settings.layers import effective
from webhook.runtime.settings.model import Exclude, ServeSettings
from webhook.runtime.settings.names import EffectiveSetting, flag, variable

C = TypeVar("C", bound=Callable[..., object])

_METAVARS = {"rules": "NAME=ACTION", "exclude": "GLOB", "tls_names": "NAME", "self_signed_names": "NAME", "client_names": "NAME"}
_SEVERAL = frozenset(_METAVARS)
_SWITCHES = frozenset({"cluster", "managed", "self_signed", "plain_http", "plain_uvicorn"})


def _shown(value: object) -> str:
    """A value as a flag or a variable would have it."""
    if value is None:
        return ""
    if isinstance(value, Exclude):
        return ",".join(value.namespaces)
    if isinstance(value, dict):
        return ",".join(f"{rule}={Action(action)}" for rule, action in value.items())
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _default_shown(default: object) -> str:
    shown = _shown(default)
    return f"  [default: {shown}]" if shown and default is not False else ""


def _with_settings(function: C) -> C:
    """A flag for each setting; values stay text, since the model says best what is wrong with one."""
    for name, field in reversed(ServeSettings.model_fields.items()):
        about = f"{field.description}{_default_shown(field.default)}"
        names = (name, f"{flag(name)}/--no-{flag(name)[2:]}") if name in _SWITCHES else (name, flag(name))
        if name in _SWITCHES:
            function = click.option(*names, default=None, help=about)(function)
        else:
            metavar = _METAVARS.get(name, "VALUE")
            repeated = "; may be repeated" if name in _SEVERAL else ""
            function = click.option(*names, metavar=metavar, multiple=name in _SEVERAL, help=about.replace(".", repeated + ".", 1))(
                function
            )
    return function


def _end_by_log(error: BindguardError, log_format: object = None) -> None:
    """Where the log is JSON, log what keeps the server from starting, and end; what a configuration file says of the log is not known."""
    form, terminal = str(log_format or os.environ.get(variable("log_format"), "")), sys.stderr.isatty()
    if is_json(form or None, terminal=terminal):
        configure_logs(level="info", form="json", write=lambda line: click.echo(line, err=True, nl=False))
        log_start_failure(error)
        sys.exit(EXIT_USAGE if isinstance(error, UsageError) else EXIT_UNREADABLE)


class _Serve(click.Command):
    """A command whose usage errors are logged like those of settings."""

    def make_context(self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            _end_by_log(UsageError(error.format_message()))
            raise


@click.command("serve", cls=_Serve, short_help="Run the admission webhook.")
@click.option("--config", metavar="FILE", help="Configuration file, YAML. Flags and BINDGUARD_* variables override it.")
@click.option("--print-settings", is_flag=True, help="Print the effective settings and where each is set, and exit.")
@_with_settings
def command(*, print_settings: bool, **flags: object) -> None:
    """Run the admission webhook: /validate and /mutate over TLS, and probes and metrics on another port.

    Each setting is a flag, a variable BINDGUARD_<NAME> or a key of the configuration file. Flags override variables, and variables
    override the file.

    SIGTERM and SIGINT drain and stop the server. SIGHUP reloads registry and certificate.

    Exit code: 0 stopped by a signal, 2 a setting or an address cannot be used, 3 registry, certificate or VMI directory cannot be read,
    130 or 143 stopped at once by a second signal, 1 any other error.
    """
    if print_settings:
        click.echo(_table(effective(flags, os.environ)), nl=False)
        return
    try:
        found = effective(flags, os.environ)
    except BindguardError as error:
        _end_by_log(error, flags["log_format"])
        raise
    from webhook.runtime.lifecycle import serve  # noqa: PLC0415 - the settings can be printed without a web server

    sys.exit(serve(found))


def _table(found: EffectiveSetting) -> str:
    rows = [(name, _shown(getattr(found.settings, name)), found.origin(name)) for name in ServeSettings.model_fields]
    names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "".join(f"{name:{names}}  {value:{values}}  {origin}".rstrip() + "\n" for name, value, origin in rows)
