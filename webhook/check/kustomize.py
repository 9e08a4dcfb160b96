"""Kustomizations among the files: which files are patches, which are no objects by themselves."""

# ruff: noqa: PTH100, PTH110, PTH118, PTH120 - names stay as the user wrote them; pathlib would change them

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from webhook.errors import UnreadableError
from webhook.files import read_file
from webhook.loading.sources import Source
from webhook.manifests.model import Document, Format
from webhook.manifests.yaml import parse

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_MAX_BYTES = 1024 * 1024
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")


class Kustomization(NamedTuple):
    """A directory that kustomize builds.

    Attributes:
        directory: Its absolute path.
        content: What its kustomization file says.
    """

    directory: str
    content: Mapping[str, object]

    def patches(self) -> Iterator[str]:
        """The absolute paths of the files that are patches."""
        for key in _PATCHES:
            for entry in _entries(self.content, key):
                path = entry.get("path") if isinstance(entry, dict) else entry
                if isinstance(path, str) and "\n" not in path:
                    yield os.path.normpath(os.path.join(self.directory, path))


def _entries(content: Mapping[str, object], key: str) -> Sequence[object]:
    found = content.get(key)
    return found if isinstance(found, list) else ()


def kustomizations_of(sources: Iterable[Source]) -> list[Kustomization]:
    """The kustomizations in the directories of the sources, and in those above them up to the root of the git repository.

    One that cannot be read says nothing here; where it holds an object that is checked, the file itself is reported.
    """
    found = (_read(directory) for directory in sorted(_directories(sources)))
    return [kustomization for kustomization in found if kustomization is not None]


def _directories(sources: Iterable[Source]) -> set[str]:
    directories: set[str] = set()
    for directory in {os.path.dirname(os.path.abspath(source.name)) for source in sources}:
        while directory not in directories:
            directories.add(directory)
            if os.path.exists(os.path.join(directory, ".git")):
                break
            directory = os.path.dirname(directory)  # noqa: PLW2901 - the walk upwards begins at the loop's directory
    return directories


def _read(directory: str) -> Kustomization | None:
    for name in FILE_NAMES:
        path = os.path.join(directory, name)
        try:
            content = parse(Document(path, 1, read_file(path, max_bytes=_MAX_BYTES), Format.YAML))
        except (OSError, UnreadableError):
            continue
        return Kustomization(directory, content) if isinstance(content, dict) else None
    return None


def without_patches(sources: Sequence[Source], kustomizations: Iterable[Kustomization]) -> tuple[list[Source], list[Source]]:
    """The sources that hold objects, and those that a kustomization lists as patches."""
    patches = {path for kustomization in kustomizations for path in kustomization.patches()}
    objects: list[Source] = []
    listed: list[Source] = []
    for source in sources:
        (listed if patches and os.path.abspath(source.name) in patches else objects).append(source)
    return objects, listed
