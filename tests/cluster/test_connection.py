"""Which API server is asked, and as whom: what stands in a kubeconfig is done, what cannot be used is told in one line."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.fake_api import FakeApi
from webhook.cluster.connection import connect, pod_namespace
from webhook.errors import UsageError


def kubeconfig(directory: Path, url: str, user: dict[str, Any]) -> str:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": user}],
    }
    file = directory / "kubeconfig"
    file.write_text(json.dumps(content))
    return str(file)


def asked_as(api: FakeApi, file: str, context: str | None = None) -> str | None:
    """What a server is told about who asks."""
    api.store("/version", {"major": "1"})

    async def ask() -> None:
        server = await connect(kubeconfig=file, context=context)
        try:
            await server.get("/version")
        finally:
            await server.close()

    asyncio.run(ask())
    return api.requests[-1].headers.get("Authorization")


def test_a_token_of_a_kubeconfig_is_shown(api: FakeApi, tmp_path: Path) -> None:
    assert asked_as(api, kubeconfig(tmp_path, api.url, {"token": "abc"})) == "Bearer abc"


def test_an_exec_plugin_is_run_for_its_token(api: FakeApi, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin.py"
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "made-now"}}
    plugin.write_text(f"print({json.dumps(json.dumps(credential))})")
    run = {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(plugin)], "interactiveMode": "Never"}
    assert asked_as(api, kubeconfig(tmp_path, api.url, {"exec": run})) == "Bearer made-now"


def test_a_user_with_a_password_is_shown(api: FakeApi, tmp_path: Path) -> None:
    assert asked_as(api, kubeconfig(tmp_path, api.url, {"username": "u", "password": "p"})) == "Basic dTpw"


@pytest.mark.parametrize("text", ["", "[]", "current-context: a\ncontexts: 7\n", "{", "\x00"])
def test_a_broken_kubeconfig_is_told_by_its_name_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "broken"
    file.write_text(text)
    with pytest.raises(UsageError, match=f"^kubeconfig {file}: .*; name a kubeconfig, or a context of one$"):
        asyncio.run(connect(kubeconfig=str(file)))


def test_an_unknown_context_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, "http://127.0.0.1:1", {"token": "abc"})
    with pytest.raises(UsageError, match='contexts in it: "here"'):
        asyncio.run(connect(kubeconfig=file, context="there"))


def test_outside_a_pod_there_is_no_namespace_of_ours() -> None:
    assert pod_namespace() is None


def test_a_server_of_files_does_not_load_the_official_client() -> None:
    program = "import sys, webhook.serve.life; sys.exit('kubernetes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
