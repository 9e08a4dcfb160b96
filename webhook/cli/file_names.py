"""Checks names of files on the command line, for several commands."""

import click

from webhook.errors import UsageError


def not_empty(_ctx: click.Context, _parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names as they are, for an argument of click; an empty one is what a variable of a shell without a value leaves behind."""
    if "" in names:
        raise UsageError("an empty path was given; give a file, or - for standard input (is a variable of the command line not set?)")
    return names
