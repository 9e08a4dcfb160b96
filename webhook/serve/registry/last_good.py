"""The KubeVirt CRs as they were last listed, kept on disk for a start while the API server is away. Does not judge whether they are good.

The file is written whole or not at all, for its owner alone; one that is not exactly what this program writes is refused and told.
"""

import contextlib
import os
import stat
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import structlog

from webhook.cluster.events import Key, Listing
from webhook.kube.fieldpath import look_up

FILE = "registry.json"
MOST_BYTES = 16 * 1024 * 1024

log = structlog.get_logger(__name__)


class Kept(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is in the file.

    Attributes:
        server: Address of the API server that told it.
        read_at: When that was the state for sure, in Unix time.
        version: The resourceVersion of the listing.
        objects: The CRs as plain data.
        format: What kind of file this is.
    """

    server: str
    read_at: Annotated[float, msgspec.Meta(ge=0)]
    version: str
    objects: list[dict[str, Any]]
    format: Literal["bindguard.io/last-good-registry/v1"] = "bindguard.io/last-good-registry/v1"

    def listing(self) -> Listing:
        """The same as it was listed."""
        return Listing({_key(obj): obj for obj in self.objects}, self.version)


class LastGood:
    """One directory with the file in it.

    Attributes:
        problem: Why the last write failed; `None` when it did not.
    """

    def __init__(self, directory: str) -> None:
        self._file = Path(directory) / FILE
        self.problem: str | None = None

    def read(self, server: str) -> Kept | None:
        """What was kept of an API server, or `None` when there is nothing that can be used, which is logged."""
        try:
            content = _content(self._file)
            kept = msgspec.json.decode(content, type=Kept)
        except FileNotFoundError:
            log.info("no last good registry", file=str(self._file))
            return None
        except (OSError, ValueError, RecursionError) as error:
            self._refused(str(error))
            return None
        if kept.server != server:
            self._refused(f"it is of API server {kept.server}, and this is {server}")
            return None
        return kept

    def write(self, kept: Kept) -> None:
        """Put it in place of what was there; a failure is logged once for each change of its reason."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            _replace(self._file, msgspec.json.encode(kept))
        except (OSError, ValueError, OverflowError, RecursionError) as error:
            problem = f"{self._file}: {error}"
            if problem != self.problem:
                log.error("last good registry not kept", problem=problem, remedy="give state_directory a writable directory")  # noqa: TRY400 - no mistake of ours
            self.problem = problem
        else:
            self.problem = None

    def _refused(self, problem: str) -> None:
        log.error("last good registry refused", file=str(self._file), problem=problem)


def _content(file: Path) -> bytes:
    """Neither a link nor a pipe is followed or waited for: nobody but this program has a reason to put anything there."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:  # noqa: PTH123 - a descriptor is no path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no file")
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
    return content


def _replace(file: Path, content: bytes) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - a descriptor is no path
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        partial.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    _sync_directory(file.parent)


def _sync_directory(directory: Path) -> None:
    """So that the new name outlives a power cut, too."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _key(obj: dict[str, Any]) -> Key:
    return Key(str(look_up(obj, ("metadata", "namespace"))), str(look_up(obj, ("metadata", "name"))))
