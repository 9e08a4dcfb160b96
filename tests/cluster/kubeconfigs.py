"""A kubeconfig of one context, `here`, as a file."""

import json
from collections.abc import Mapping
from pathlib import Path

_NONE: Mapping[str, object] = {}


def kubeconfig(directory: Path, url: str, user: Mapping[str, object], cluster: Mapping[str, object] = _NONE) -> str:
    """The file's name; `cluster` is what else is said about the server."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": url, **cluster}}],
        "users": [{"name": "u", "user": user}],
    }
    file = directory / "kubeconfig"
    file.write_text(json.dumps(content))
    return str(file)
