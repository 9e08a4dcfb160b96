"""What standard output can show: its width, and whether text may stand out."""

import os
import shutil
import sys

import click

_NARROWEST = 40
_WIDEST = 140


def width() -> int:
    """Columns to write into: the terminal's, or `COLUMNS`; 80 where neither is known. At least 40, at most 140."""
    return min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)


def wants_colour() -> bool:
    """Whether text may stand out: on a terminal that can show it, unless NO_COLOR is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def bold(text: str) -> str:
    """The text in bold where it may stand out, else unchanged."""
    return click.style(text, bold=True) if wants_colour() else text
