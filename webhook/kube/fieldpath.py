"""Field paths: the position of a value in an object, as a tuple of keys and indices.

`webhook.manifests.locations` turns a path into line and column.
"""

import json
import re
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys (`str`) and list indices (`int`, from 0), outermost first; `()` is the object itself."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def render(path: Path) -> str:
    """The path as Kubernetes prints it: `spec.networks[0].name`; a key that is not a plain word is a JSON string: `binding["a.b"]`."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _PLAIN_KEY.fullmatch(step):
            parts.append(f".{step}" if parts else step)
        else:
            parts.append(f"[{json.dumps(step)}]")
    return "".join(parts)


def render_by_name(value: object, path: Path) -> str:
    """The path inside plain JSON data without indices, which change when items are added: `spec.networks["blue"].pod`, `spec.args[]`.

    An item of a list is written with its `name`, where it has one.
    """
    parts: list[str] = []
    for depth, step in enumerate(path):
        if isinstance(step, int):
            name = text_at(look_up(value, path[: depth + 1]), "name")
            parts.append(f"[{json.dumps(name)}]" if name else "[]")
        else:
            parts.append(f"{'.' if parts else ''}{render((step,))}" if _PLAIN_KEY.fullmatch(step) else render((step,)))
    return "".join(parts)


def text_at(value: object, *path: str) -> str:
    """The string at `path` inside plain JSON data; empty where there is none."""
    found = look_up(value, path)
    return found if isinstance(found, str) else ""


def look_up(value: object, path: Path) -> object:
    """The value at `path` inside plain JSON data, or `None` where there is none."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and 0 <= step < len(value) else None
    return value
