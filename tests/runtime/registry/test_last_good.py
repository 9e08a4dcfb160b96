"""The registry on disk: written whole, and read only when it is exactly that."""

import os
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from tests.cluster.kubevirt_crs import kubevirt
from webhook.runtime.registry.last_good import FILE, MAX_BYTES, LastGood, StoredRegistry

SERVER = "https://10.96.0.1:443"


def kept(**changes: Any) -> StoredRegistry:
    return StoredRegistry(**{"server": SERVER, "read_at": 1000.0, "version": "7", "objects": [kubevirt({"passt": {}})], **changes})


def test_what_was_written_is_read(tmp_path: Path) -> None:
    LastGood(str(tmp_path)).write(kept())
    assert LastGood(str(tmp_path)).read(SERVER) == kept()


def test_the_file_is_its_owners_alone_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        LastGood(str(tmp_path)).write(kept())
    finally:
        os.umask(old)
    assert [each.name for each in tmp_path.iterdir()] == [FILE]
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_what_was_there_is_replaced(tmp_path: Path) -> None:
    last_good = LastGood(str(tmp_path))
    last_good.write(kept())
    last_good.write(kept(version="8", objects=[]))
    assert last_good.read(SERVER) == kept(version="8", objects=[])


WHOLE = msgspec.json.encode(kept())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "truncated"),
        (WHOLE[:-5], "truncated"),
        (b"\0" * 100, "malformed"),
        (b'{"objects":[{"a":' + b"[" * 100_000, "nested too deeply"),
        (b"kind: KubeVirt", "malformed"),
        (b"[]", "Expected `object`"),
        (WHOLE.replace(b"registry/v1", b"registry/v2"), "Invalid enum value"),
        (WHOLE.replace(b'"readAt":1000.0', b'"readAt":-1'), "Expected `float` >= 0"),
        (WHOLE.replace(b'"readAt":1000.0', b'"readAt":"now"'), "Expected `float`"),
        (WHOLE.replace(b'"server"', b'"other":1,"server"'), "unknown field"),
        (WHOLE.replace(SERVER.encode(), b"https://elsewhere"), "it is of API server https://elsewhere"),
        (b" " * (MAX_BYTES + 1), "more than"),
    ],
)
def test_a_file_that_is_anything_else_is_refused_and_told(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / FILE).write_bytes(content)
    with capture_logs() as logs:
        assert LastGood(str(tmp_path)).read(SERVER) is None
    assert [(line["event"], line["log_level"]) for line in logs] == [("last good registry refused", "error")]
    assert told in logs[0]["problem"]


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo, lambda path: path.mkdir()])
def test_a_link_a_pipe_and_a_directory_are_refused(tmp_path: Path, make: Any) -> None:
    make(tmp_path / FILE)
    with capture_logs() as logs:
        assert LastGood(str(tmp_path)).read(SERVER) is None
    assert [line["event"] for line in logs] == ["last good registry refused"]


def test_no_file_is_no_error(tmp_path: Path) -> None:
    with capture_logs() as logs:
        assert LastGood(str(tmp_path)).read(SERVER) is None
    assert [line["log_level"] for line in logs] == ["info"]


def test_a_directory_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "gone").write_text("no directory")
    last_good = LastGood(str(tmp_path / "gone"))
    with capture_logs() as logs:
        last_good.write(kept())
        last_good.write(kept())
    assert [line["event"] for line in logs] == ["last good registry not kept"]
    assert last_good.problem is not None
    (tmp_path / "gone").unlink()
    last_good.write(kept())
    assert last_good.problem is None
