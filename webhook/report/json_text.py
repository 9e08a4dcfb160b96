"""Writes JSON for all commands."""

import json

from webhook.kube.text import escape_command
from webhook.report.escape import well_formed


def json_text(tree: object) -> str:
    """The tree as indented JSON in ASCII, with a line end and without commands of CI services."""
    return escape_command(json.dumps(well_formed(tree), indent=2), r"\u0023") + "\n"
