"""Write the entries that `config.rules` may have into values.schema.json, from the rules: `python -m charts.schema`."""  # noqa: INP001 - a script beside the chart, no package

import json
import re
import sys
from pathlib import Path

from webhook.rules import RULE_NAMED
from webhook.rules.base import Group

SCHEMA = Path(__file__).parent / "bindguard" / "values.schema.json"
_ENTRY = re.compile(r'(?<=    "ruleActions": \{\n).*?(?=    \},\n    "name")', re.DOTALL)
_HEAD = """\
      "type": "object",
      "additionalProperties": false,
      "patternProperties": { "^[a-z0-9*?-]*[*?][a-z0-9*?-]*$": { "$ref": "#/definitions/action" } },
      "properties": {
"""


def with_rules(schema: str) -> str:
    """The schema with the names of these rules and groups; a glob is any name with a wildcard, which the server checks."""
    names = ",\n".join(f'        {json.dumps(name)}: {{ "$ref": "#/definitions/action" }}' for name in (*Group, *RULE_NAMED))
    return _ENTRY.sub(lambda _: f"{_HEAD}{names}\n      }}\n", schema)


def main() -> int:
    """Write the schema anew."""
    SCHEMA.write_text(with_rules(SCHEMA.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
