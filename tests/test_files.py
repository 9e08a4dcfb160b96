"""Files are read within bounds and written whole, whatever stands in their place."""

import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from webhook.errors import reason_of
from webhook.files import UnusableFileError, is_pipe, open_file, read_file, replace_file


def test_a_regular_file_is_read_whole(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    (tmp_path / "file").write_bytes(content)
    (tmp_path / "link").symlink_to("file")
    assert read_file(tmp_path / "file", max_bytes=300_000) == content
    assert read_file(str(tmp_path / "link"), max_bytes=300_000) == content
    assert read_file("/proc/self/status", max_bytes=300_000).startswith(b"Name:")  # says that it has 0 bytes


def told(path: str | Path, **flags: bool) -> str:
    with pytest.raises(OSError, match=r".") as caught:
        read_file(path, max_bytes=1000, **flags)
    return reason_of(caught.value)


def test_what_is_no_regular_file_is_told_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        assert told(tmp_path / "socket") == "is a socket, not a regular file"
    assert told(tmp_path / "pipe") == "is a named pipe, not a regular file"
    assert told("/dev/zero") == told(tmp_path / "link") == "is a device, not a regular file"
    assert told(tmp_path) == told(tmp_path, pipe=True) == "is a directory, not a regular file"
    assert told(tmp_path / "link", follow=False) == "is a symbolic link, not a regular file"
    assert told(tmp_path / "gone") == "No such file or directory"


def test_a_file_that_is_too_large_is_told_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(1 << 40)
    assert told(tmp_path / "sparse") == "has more than 1,000 bytes"


def test_a_file_that_grows_while_it_is_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 900)
    with open_file(tmp_path / "file", max_bytes=1000) as stream, (tmp_path / "file").open("ab") as writer:
        assert len(stream.read(500)) == 500
        writer.write(b"x" * 900)
        writer.flush()
        with pytest.raises(UnusableFileError, match="has more than 1,000 bytes"):
            stream.read()


@pytest.mark.skipif(not os.access("/proc/kmsg", os.R_OK), reason="only root may read it, where there is one")
def test_a_file_that_waits_for_content_is_told() -> None:
    assert told("/proc/kmsg") in (
        "gives no content without waiting; give a regular file",
        "Operation not permitted",
        "has more than 1,000 bytes",
    )


def test_a_pipe_is_read_and_waited_for_where_it_may_be_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert is_pipe(str(tmp_path / "pipe"))
    assert not is_pipe(str(tmp_path))
    writer = threading.Timer(0.1, lambda: (tmp_path / "pipe").write_bytes(b"x" * 200_000))
    writer.start()
    assert len(read_file(tmp_path / "pipe", max_bytes=200_000, pipe=True)) == 200_000
    writer.join()


def test_an_endless_pipe_ends_at_the_bound() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"x" * 2000)
    assert told(f"/dev/fd/{reader}", pipe=True) == "has more than 1,000 bytes"
    os.close(writer)
    os.close(reader)


def test_a_file_is_replaced_with_its_permissions_and_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    replace_file(tmp_path / "link", b"new")
    assert ((tmp_path / "link").is_symlink(), (tmp_path / "link").read_bytes(), (tmp_path / "real").read_bytes()) == (False, b"new", b"old")
    replace_file(tmp_path / "real", b"newer")
    assert ((tmp_path / "real").read_bytes(), stat.S_IMODE((tmp_path / "real").stat().st_mode)) == (b"newer", 0o640)
    replace_file(tmp_path / "key", b"secret", mode=0o600, sync=True)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_file_that_cannot_be_replaced_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(IsADirectoryError):
        replace_file(tmp_path / "directory", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["directory"]
