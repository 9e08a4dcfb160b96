"""Wrap lines for a terminal."""

import textwrap


def wrapped(line: str, indent: str, width: int) -> str:
    """The line in parts of at most `width` characters, between words; all parts but the first begin with `indent`."""
    return "\n".join(textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False))
