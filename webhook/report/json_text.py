"""How this project writes JSON for people and machines alike."""

import json

from webhook.kube.text import escape_command
from webhook.report.escape import well_formed


def json_text(tree: object) -> str:
    """The tree as indented JSON with a line end, in ASCII: it survives every pipe, and nothing in it can pass for something else."""
    return escape_command(json.dumps(well_formed(tree), indent=2), r"\u0023") + "\n"
