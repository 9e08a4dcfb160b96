"""VMIs from a directory of files, found by namespace and name: for development and tests without an API server.

Files are read when a VMI is looked up, and again only when they have changed. Names from requests are compared with the objects in the
files and never become part of a path.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from webhook.admission.answer import SkipReason
from webhook.admission.vmi_source import VMISourceError
from webhook.errors import UnreadableError, reason_of
from webhook.files import open_file
from webhook.kube.fieldpath import look_up
from webhook.loading.objects import objects_in
from webhook.manifests.documents import read_documents
from webhook.manifests.files import find_files
from webhook.manifests.model import Document
from webhook.manifests.yaml import parse

MAX_FILES = 1000
MAX_FILE_BYTES = 16 * 1024 * 1024
_KIND = "VirtualMachineInstance"


class _Key(NamedTuple):
    namespace: str
    name: str


class _Read(NamedTuple):
    """A file as it was read: inode, time and size, its VMIs as JSON, and why it could not be read whole."""

    state: tuple[int, int, int]
    vmis: Mapping[_Key, bytes]
    problem: str | None


class NoVMIs:
    """The source of VMIs where none is set: every launcher pod stays unchanged, with this reason."""

    async def get(self, namespace: str, name: str, uid: str = "") -> bytes | None:  # noqa: ARG002 - the answer is always the same
        """Raise `VMISourceError`: there is nowhere to read from."""
        raise VMISourceError(SkipReason.NO_VMI_SOURCE, f"{namespace}/{name} is not read: no source of VMIs is set")


class VMIDirectory:
    """A directory of YAML and JSON files with any number of VMIs in each."""

    def __init__(self, directory: str) -> None:
        """Use a directory; `UnreadableError` when it is missing, or cannot be listed."""
        try:
            os.scandir(directory).close()
        except (OSError, ValueError) as error:
            raise UnreadableError(f"{reason_of(error)}; give a directory with files of VMIs", file=directory) from error
        self._directory = directory
        self._files: Mapping[str, _Read] = {}
        self._turn = asyncio.Lock()

    async def get(self, namespace: str, name: str, uid: str = "") -> bytes | None:  # noqa: ARG002 - only for development, where a caller may read the files
        """The VMI as JSON, from the first file that holds it; `None` when no file does.

        Raises:
            VMISourceError: No readable file holds it, and a file cannot be read.
        """
        async with self._turn:
            self._files = files = await asyncio.to_thread(self._read_files)
        key = _Key(namespace, name)
        for file in files.values():
            if key in file.vmis:
                return file.vmis[key]
        problem = next((file.problem for file in files.values() if file.problem is not None), None)
        if problem is not None:
            raise VMISourceError(SkipReason.UNAVAILABLE, problem)
        return None

    def _read_files(self) -> Mapping[str, _Read]:
        """All files as they are now; a file that has not changed is not read again."""
        files: dict[str, _Read] = {}
        for found in find_files([self._directory]):
            if not isinstance(found, str):
                files[str(found)] = _unreadable(str(found))
            elif len(files) == MAX_FILES:
                files[""] = _unreadable(f"{self._directory}: holds more than {MAX_FILES} files")
                break
            else:
                files[found] = _read(found, self._files.get(found))
        return files


def _unreadable(problem: str) -> _Read:
    return _Read((0, 0, 0), {}, problem)


def _read(file: str, before: _Read | None) -> _Read:
    try:
        status = os.stat(file)  # noqa: PTH116 - names stay as they were found
        state = status.st_ino, status.st_mtime_ns, status.st_size
        if before is not None and before.state == state:
            return before
        vmis: dict[_Key, bytes] = {}
        for key, vmi in _vmis_in(file):
            vmis.setdefault(key, vmi)
    except UnreadableError as error:
        return _Read(state, {}, str(error))
    except OSError as error:
        return _unreadable(f"{file}: {reason_of(error)}")
    return _Read(state, vmis, None)


def _vmis_in(file: str) -> Iterator[tuple[_Key, bytes]]:
    with open_file(file, max_bytes=MAX_FILE_BYTES) as stream:
        for document in read_documents(stream, file, needle=_KIND.encode()):
            if isinstance(document, UnreadableError):
                raise document
            for obj, _ in objects_in(parse(document)) if isinstance(document, Document) else ():
                namespace, name = look_up(obj, ("metadata", "namespace")), look_up(obj, ("metadata", "name"))
                if look_up(obj, ("kind",)) == _KIND and isinstance(namespace, str) and isinstance(name, str):
                    yield _Key(namespace, name), msgspec.json.encode(obj)
