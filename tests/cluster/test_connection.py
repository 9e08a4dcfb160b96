"""Which API server is asked, and as whom: what stands in a kubeconfig is done, what cannot be used is told in one line."""

import asyncio
import json
import logging
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.fake_api import FakeApi
from tests.cluster.kubeconfigs import kubeconfig
from webhook.cluster import connection
from webhook.cluster.connection import connect, pod_namespace
from webhook.errors import UsageError


def asked_as(api: FakeApi, file: str | None, context: str | None = None) -> str | None:
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


def test_a_kubeconfig_may_come_from_a_pipe_and_not_from_a_device(api: FakeApi, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, Path(kubeconfig(tmp_path, api.url, {"token": "abc"})).read_bytes())
    os.close(writer)
    assert asked_as(api, f"/dev/fd/{reader}") == "Bearer abc"
    os.close(reader)
    with pytest.raises(UsageError, match="kubeconfig /dev/zero: is a device, not a regular file"):
        asyncio.run(connect(kubeconfig="/dev/zero"))


def test_an_exec_plugin_is_run_for_its_token(api: FakeApi, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin.py"
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "made-now"}}
    plugin.write_text(f"print({json.dumps(json.dumps(credential))})")
    run = {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(plugin)], "interactiveMode": "Never"}
    assert asked_as(api, kubeconfig(tmp_path, api.url, {"exec": run})) == "Bearer made-now"


def test_a_user_with_a_password_is_shown(api: FakeApi, tmp_path: Path) -> None:
    assert asked_as(api, kubeconfig(tmp_path, api.url, {"username": "u", "password": "p"})) == "Basic dTpw"


EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}


def nobody(directory: Path, user: dict[str, Any]) -> str:
    """A kubeconfig of a server that is not asked."""
    return kubeconfig(directory, "http://127.0.0.1:1", user)


@pytest.mark.parametrize(
    ("user", "told"),
    [
        (
            {"exec": {**EXEC, "command": "nothere"}},
            'the exec plugin "nothere" of user "u" gave none: No such file or directory: \'nothere\'',
        ),
        ({"exec": {**EXEC, "command": "sh", "args": ["-c", "echo expired >&2; exit 3"]}}, "gave none: exec: process returned 3. expired"),
        ({"exec": {**EXEC, "command": "echo", "args": ["no JSON"]}}, "gave none: exec: failed to decode process output"),
        ({"exec": EXEC}, "gave none: exec: malformed request. missing key 'command'"),
        ({"auth-provider": {"name": "azure"}}, 'the auth-provider "azure" of user "u" gave none'),
    ],
)
def test_a_user_whose_credentials_cannot_be_had_is_not_replaced_by_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, user: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=f"there are no credentials: .*{re.escape(told)}"):
        asyncio.run(connect(kubeconfig=nobody(tmp_path, user)))
    assert (capfd.readouterr().err, caplog.messages) == ("", [])


def test_on_a_terminal_a_plugin_has_told_itself_why_it_fails(tmp_path: Path) -> None:
    file = nobody(tmp_path, {"exec": {**EXEC, "command": "sh", "args": ["-c", "echo expired >&2; exit 3"]}})
    command = [sys.executable, "-m", "webhook", "registry", "show", "--kubeconfig", file]
    ours, terminal = pty.openpty()
    try:
        ended = subprocess.run(command, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    finally:
        os.close(ours)
        os.close(terminal)
    assert ended.stderr.startswith(f"expired\nbindguard: kubeconfig {file}: there are no credentials: ")
    assert ended.stderr.endswith('the exec plugin "sh" of user "u" gave none; name a kubeconfig, or a context of one\n')


def test_a_user_of_a_context_that_is_not_there_is_not_replaced_by_nobody(tmp_path: Path) -> None:
    file = Path(nobody(tmp_path, {}))
    file.write_text(file.read_text().replace('"user": "u"', '"user": "gone"'))
    with pytest.raises(UsageError, match='there are no credentials: it has no user "gone", whom the context names'):
        asyncio.run(connect(kubeconfig=str(file)))


def test_a_user_without_credentials_asks_as_nobody(api: FakeApi, tmp_path: Path) -> None:
    assert asked_as(api, kubeconfig(tmp_path, api.url, {})) is None


def test_an_exec_plugin_that_takes_its_time_is_told(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    class GaugeCollector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - the plugin goes on once anything is told
            pipe.write_text(json.dumps({"apiVersion": EXEC["apiVersion"], "kind": "ExecCredential", "status": {"token": "late"}}))

    monkeypatch.setattr(connection, "_WAITING_SECONDS", 0.0)
    handler = GaugeCollector()
    logging.getLogger(connection.__name__).addHandler(handler)
    try:
        assert asked_as(api, kubeconfig(tmp_path, api.url, {"exec": {**EXEC, "command": "cat", "args": [str(pipe)]}})) == "Bearer late"
    finally:
        logging.getLogger(connection.__name__).removeHandler(handler)
    [told] = caplog.messages
    assert told == "still waiting for an exec plugin or identity provider to give credentials"


BROKEN = {
    "": "is empty",
    "[]": "it does not have the form of a kubeconfig",
    "current-context: a\ncontexts: 7\n": "it does not have the form of a kubeconfig",
    "a: b\n{": "it is not YAML: .* in line 2",
    "\x00": "it is not YAML: special characters are not allowed",
    "\udcff": "it is not text in UTF-8",
}


@pytest.mark.parametrize(("text", "told"), BROKEN.items(), ids=repr)
def test_a_broken_kubeconfig_is_told_by_its_name_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "broken"
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(UsageError, match=f"^kubeconfig {file}: .*{told}; name a kubeconfig, or a context of one$"):
        asyncio.run(connect(kubeconfig=str(file)))


def test_data_that_is_not_base64_is_told(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, "https://127.0.0.1:1", {"token": "abc"}, {"certificate-authority-data": "abc"})
    with pytest.raises(UsageError, match=f"^kubeconfig {file}: one of its values that end in -data is not base64; "):
        asyncio.run(connect(kubeconfig=file))


def test_a_directory_is_no_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"^kubeconfig {tmp_path}: is a directory"):
        asyncio.run(connect(kubeconfig=str(tmp_path)))


def test_another_file_that_a_kubeconfig_names_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"^kubeconfig .*: {tmp_path}/token: No such file or directory; "):
        asyncio.run(connect(kubeconfig=nobody(tmp_path, {"tokenFile": f"{tmp_path}/token"})))


@pytest.mark.parametrize(
    ("name", "told"),
    [("gone", "there is no such file"), ("x" * 300, "File name too long"), ("\0", "[a-z: ]*embedded null"), (":", "no file is")],
)
def test_a_kubeconfig_that_is_not_there_is_told(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=f"^kubeconfig {name}: {told}.*; name one with --kubeconfig, or in KUBECONFIG$"):
        asyncio.run(connect(kubeconfig=name))


def test_one_of_several_files_is_enough(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/gone{os.pathsep}{kubeconfig(tmp_path, api.url, {'token': 'abc'})}")
    assert asked_as(api, None) == "Bearer abc"


def test_an_unknown_context_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, "http://127.0.0.1:1", {"token": "abc"})
    with pytest.raises(UsageError, match='contexts in it: "here"'):
        asyncio.run(connect(kubeconfig=file, context="there"))


def test_outside_a_pod_there_is_no_namespace_of_ours() -> None:
    assert pod_namespace() is None


def test_a_server_of_files_does_not_load_the_official_client() -> None:
    program = "import sys, webhook.runtime.lifecycle; sys.exit('kubernetes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
