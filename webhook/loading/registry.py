"""Load a registry from a file, and find CRs with registries among the manifests."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from webhook.errors import RegistryError, UnreadableError, reason_of
from webhook.kube.version import Version
from webhook.loading.objects import objects_in
from webhook.loading.sources import Source
from webhook.manifests.documents import read_documents
from webhook.manifests.model import Document
from webhook.manifests.yaml import parse
from webhook.plugins.sources import LoadedRegistry, is_hyperconverged, is_kubevirt, is_registry_file, registry_from

_LOOKS_LIKE_A_CR = re.compile(rb"""kind["']?\s{0,9}:\s{0,9}["']?(?:KubeVirt|HyperConverged)\b""")
_CHUNK = 64 * 1024
_MAX_MATCH_LENGTH = 64
NONE_FOUND = "no registry: no KubeVirt CR, HyperConverged CR or --registry was given, so it is not known which plugins are registered"


def registry_from_file(source: Source, version: Version | None = None) -> LoadedRegistry:
    """The registry in a file, at KubeVirt's `version` if one was given.

    Raises:
        RegistryError: The file holds no registry, several or a broken one, or cannot be read.
    """
    try:
        objects = list(_all_objects(source))
    except OSError as error:
        raise RegistryError(reason_of(error), file=source.name) from error
    found = [(obj, place) for obj, place in objects if is_kubevirt(obj) or is_hyperconverged(obj) or is_registry_file(obj)]
    if len(objects) == 1:
        found = objects  # for a single object the error says what is wrong with it
    if not found:
        raise RegistryError("holds no KubeVirt CR, HyperConverged CR or bindguard registry", file=source.name)
    if len(found) > 1:
        raise RegistryError(f"holds {len(found)} registries ({_places(found)}); give a file with one", file=source.name)
    obj, place = found[0]
    return registry_from(obj, source=place, version=version)


class FoundCR(NamedTuple):
    """A KubeVirt or HyperConverged CR among the manifests.

    Attributes:
        obj: The CR.
        file: The file, as the user named it.
        place: The file and the line of its document.
    """

    obj: object
    file: str
    place: str


def crs_among(sources: Iterable[Source]) -> list[FoundCR]:
    """All KubeVirt and HyperConverged CRs among the manifests, in order."""
    return [
        FoundCR(obj, source.file, place)
        for source in sources
        for obj, place in _likely_objects(source)
        if is_kubevirt(obj) or is_hyperconverged(obj)
    ]


def _all_objects(source: Source) -> Iterator[tuple[object, str]]:
    """Every object of a file; `RegistryError` when a part of it cannot be read."""
    with source.open() as stream:
        for document in read_documents(stream, source.name):
            if isinstance(document, UnreadableError):
                raise RegistryError(document.message, file=document.file, line=document.line, column=document.column)
            if isinstance(document, Document):
                try:
                    value = parse(document)
                except UnreadableError as error:
                    raise RegistryError(error.message, file=error.file, line=error.line, column=error.column) from error
                yield from ((obj, f"{source.name}:{document.line}") for obj, _ in objects_in(value))


def _likely_objects(source: Source) -> Iterator[tuple[object, str]]:
    """Objects of the documents that may hold a CR; what cannot be read is skipped here and reported when the file is checked."""
    try:
        if not _may_hold_a_cr(source):
            return
        with source.open() as stream:
            for document in read_documents(stream, source.name, needle=b"kubevirt.io"):
                if isinstance(document, Document) and _LOOKS_LIKE_A_CR.search(document.text):
                    yield from ((obj, f"{source.name}:{document.line}") for obj, _ in objects_in(parse(document)))
    except (OSError, UnreadableError):
        return


def _may_hold_a_cr(source: Source) -> bool:
    """Whether the file contains the kind of a CR. This is fast, and most files do not."""
    before = b""
    with source.open() as stream:
        while chunk := stream.read(_CHUNK):
            if _LOOKS_LIKE_A_CR.search(before + chunk):
                return True
            before = chunk[-_MAX_MATCH_LENGTH:]
    return False


def _places(found: Iterable[tuple[object, str]]) -> str:
    return ", ".join(place for _, place in found)
