"""The registry file of a server: read whole, swapped once, looked at again and again. A broken one never replaces a good one.

Does not know who looks, nor how often; `watch` does.
"""

import enum
import hashlib
import io
import time
from collections.abc import Mapping
from typing import BinaryIO

import msgspec

from webhook.admission.rulebook import Rulebook
from webhook.errors import RegistryError, UnreadableError, reason_of
from webhook.files import MAX_REGISTRY_BYTES, read_file
from webhook.intake.registry import registry_from_file
from webhook.intake.sources import Source
from webhook.plugins.plugin import ComputeResourceOverhead
from webhook.serve.registry.choices import Choices

_SETTLED_SECONDS = 0.05
_VERSION_DIGITS = 12


class Look(enum.Enum):
    """What one look at the file came to."""

    SAME = "same"
    SWAPPED = "swapped"
    REFUSED = "refused"


def supplementary_from(path: str) -> Mapping[str, ComputeResourceOverhead]:
    """The supplementary overheads of a bindguard registry file, by plugin name; `UnreadableError` when there is no such file."""
    return registry_from_file(_Held(path, path, content=_content(path))).supplementary


class RegistryFile:
    """A registry file and the rulebook that was last made of it.

    Attributes:
        rulebook: What is judged by now; one reference, replaced as a whole.
        notes: What must be told about that registry.
        problem: Why the file as it is now is not that rulebook; `None` while it is.
    """

    def __init__(self, path: str, choices: Choices) -> None:
        """Read the file for the first time; `UnreadableError` when it cannot serve."""
        self._path = path
        self._choices = choices
        content = _content(path)
        self._looked_at = _digest(content)
        self.rulebook, self.notes = _rulebook(path, content, choices)
        self.problem: str | None = None

    async def check(self) -> str | None:
        """Nothing is waited for: the file was read before anybody could ask."""
        return None

    def look(self) -> Look:
        """Look at the file, and serve by it if it is new and good. Blocks for as long as reading takes, so a thread is the place for it."""
        began = time.monotonic()
        try:
            content = _content(self._path)
            if _digest(content) == self._looked_at:
                return self._unchanged(began)
            settled = _is_settled(self._path, content)
        except UnreadableError as error:
            self._looked_at = ""  # when it is back, it is read anew, whatever it holds
            return self._refused(str(error))
        return self._take(content) if settled else Look.SAME

    def _unchanged(self, now: float) -> Look:
        """The rulebook in service is known to be the file's state at this moment, unless the file was refused."""
        if self.problem is None:
            self.rulebook = msgspec.structs.replace(self.rulebook, read_at=now)
        return Look.SAME

    def _take(self, content: bytes) -> Look:
        self._looked_at = _digest(content)
        try:
            rulebook, notes = _rulebook(self._path, content, self._choices)
        except UnreadableError as error:
            return self._refused(str(error))
        self.rulebook, self.notes, self.problem = rulebook, notes, None
        return Look.SWAPPED

    def _refused(self, problem: str) -> Look:
        """Told once for each change of the reason: a file that is gone is gone for many looks."""
        if problem == self.problem:
            return Look.SAME
        self.problem = problem
        return Look.REFUSED


def _is_settled(path: str, content: bytes) -> bool:
    """Whether nobody is writing any more: half a YAML file can be a good one with fewer plugins."""
    time.sleep(_SETTLED_SECONDS)
    return _content(path) == content


def _content(path: str) -> bytes:
    try:
        return read_file(path, max_bytes=MAX_REGISTRY_BYTES)
    except (OSError, ValueError) as error:
        raise RegistryError(reason_of(error), file=path) from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _rulebook(path: str, content: bytes, choices: Choices) -> tuple[Rulebook, tuple[str, ...]]:
    source = _Held(path, path, content=content)
    found = registry_from_file(source)
    registry, plan = choices.applied(found.registry)
    rulebook = Rulebook(
        registry=registry,
        plan=plan,
        supplementary=found.supplementary,
        version=_digest(content)[:_VERSION_DIGITS],
        read_at=time.monotonic(),
    )
    return rulebook, found.notes


class _Held(Source, frozen=True):
    """Content that was read once, so that digest and registry are of the same bytes."""

    content: bytes = b""

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)
