"""Find kustomizations among the files, the patches that they list (no objects by themselves), and the files that they patch."""

# ruff: noqa: PTH100, PTH110, PTH118, PTH120 - names stay as the user wrote them; pathlib would change them

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from webhook.errors import UnreadableError
from webhook.files import read_file
from webhook.loading.sources import Source
from webhook.manifests.model import Document, DocumentFormat
from webhook.manifests.yaml import parse

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_MAX_BYTES = 1024 * 1024
BUILT = ("resources", "bases", "components")
"""Keys that list the files and directories that a kustomization builds."""
_CHECKED = re.compile("VirtualMachine|KubeVirt|HyperConverged")
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")


class Kustomization(NamedTuple):
    """A directory that kustomize builds.

    Attributes:
        directory: Its absolute path.
        name: Its path, relative if the user gave a relative path.
        content: The content of its kustomization file.
        is_checked: Whether a file of this very directory is checked, not only one below it.
    """

    directory: str
    name: str
    content: Mapping[str, object]
    is_checked: bool

    def paths(self, keys: Iterable[str]) -> Iterator[str]:
        """The absolute paths that the keys list, as text or as `path` of an entry."""
        for key in keys:
            entries = self.content.get(key)
            for entry in entries if isinstance(entries, list) else ():
                path = entry.get("path") if isinstance(entry, dict) else entry
                if isinstance(path, str) and "\n" not in path:
                    yield os.path.normpath(os.path.join(self.directory, path))

    def patches(self) -> Iterator[str]:
        """The absolute paths of the files that are patches."""
        return self.paths(_PATCHES)


def kustomizations_of(sources: Iterable[Source]) -> list[Kustomization]:
    """The kustomizations in the directories of the sources, and in those above them up to the root of the git repository.

    One that cannot be read is skipped here; checking the file reports it.
    """
    names = {os.path.dirname(os.path.abspath(source.name)): os.path.dirname(source.name) or "." for source in sources}
    found = (kustomization_in(each, names.get(each, each), is_checked=each in names) for each in sorted(_with_parents(names)))
    return [kustomization for kustomization in found if kustomization is not None]


def _with_parents(directories: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for directory in directories:
        while directory not in found:
            found.add(directory)
            if os.path.exists(os.path.join(directory, ".git")):
                break
            directory = os.path.dirname(directory)  # noqa: PLW2901 - the walk upwards begins at the loop's directory
    return found


def kustomization_in(directory: str, name: str, *, is_checked: bool) -> Kustomization | None:
    """The kustomization in a directory, or `None` where there is none that can be read."""
    for file in FILE_NAMES:
        path = os.path.join(directory, file)
        try:
            content = parse(Document(path, 1, read_file(path, max_bytes=_MAX_BYTES), DocumentFormat.YAML))
        except (OSError, UnreadableError):
            continue
        return Kustomization(directory, name, content, is_checked) if isinstance(content, dict) else None
    return None


def changed_files(kustomizations: Sequence[Kustomization]) -> frozenset[str]:
    """The absolute paths of files that a kustomization builds and may patch."""
    at = {kustomization.directory: kustomization for kustomization in kustomizations}
    changed: set[str] = set()
    for kustomization in kustomizations:
        components = (at[path] for path in kustomization.paths(("components",)) if path in at)
        if not any(_patches_checked(each) for each in (kustomization, *components)):
            continue
        waiting, seen = [kustomization.directory], set[str]()
        while waiting:
            path = waiting.pop()
            if path not in seen:
                seen.add(path)
                waiting += at[path].paths(BUILT) if path in at else ()
        changed |= seen
    return frozenset(changed)


def _patches_checked(kustomization: Kustomization) -> bool:
    """Whether one of the patches may change an object of a checked kind."""
    entries = (kustomization.content.get(key) for key in _PATCHES)
    return any(_may_change_checked(entry, kustomization.directory) for listed in entries if isinstance(listed, list) for entry in listed)


def _may_change_checked(entry: object, directory: str) -> bool:
    """Whether the kind of the patch's target may be a checked kind; without a target, whether the patch names one."""
    if isinstance(entry, dict) and isinstance(entry.get("target"), dict):
        kind = entry["target"].get("kind")
        return not isinstance(kind, str) or not kind.isalnum() or _CHECKED.search(kind) is not None
    path, inline = (entry.get("path"), entry.get("patch")) if isinstance(entry, dict) else (entry, entry)
    content = f"{inline}\n{_text(os.path.join(directory, path)) if isinstance(path, str) else ''}"
    return _CHECKED.search(content) is not None


def _text(path: str) -> str:
    """The text of a patch file; empty if it cannot be read, for instance because it is an inline patch."""
    try:
        return read_file(path, max_bytes=_MAX_BYTES).decode(errors="replace")
    except (OSError, ValueError):
        return ""


def without_patches(sources: Sequence[Source], kustomizations: Iterable[Kustomization]) -> tuple[list[Source], list[Source]]:
    """The sources without patches, and the sources that a kustomization lists as patches."""
    patches = {path for kustomization in kustomizations for path in kustomization.patches()}
    objects: list[Source] = []
    listed: list[Source] = []
    for source in sources:
        (listed if patches and os.path.abspath(source.name) in patches else objects).append(source)
    return objects, listed
