"""What standard output can show: its width, and whether text may stand out. Prints nothing."""

import os
import shutil
import sys

import click

_NARROWEST = 40
_WIDEST = 140


def width() -> int:
    """Columns to write into: the terminal's, or `COLUMNS`; 80 where neither is known. At least 40, at most 140."""
    return min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)


def bold(text: str) -> str:
    """The text in bold on a terminal; unchanged anywhere else, and wherever NO_COLOR is set."""
    return click.style(text, bold=True) if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text
