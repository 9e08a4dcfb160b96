"""The registry file of a server: polled, read as a whole, and replaced as a whole. A broken file never replaces a good one.

Neither does a file that is being written: half a YAML file can be a valid one with fewer plugins, which would deny VMs. So a changed file
is used only after it has not changed for a while, which is longer for a file that is rewritten in place than for one renamed there.
"""

import enum
import hashlib
import io
import os
import time
from collections.abc import Callable, Mapping
from typing import BinaryIO, NamedTuple

import msgspec

from webhook.admission.rule_set import RuleSet
from webhook.errors import RegistryError, UnreadableError, reason_of
from webhook.files import MAX_REGISTRY_BYTES, open_file
from webhook.loading.registry import registry_from_file
from webhook.loading.sources import Source
from webhook.plugins.plugin import ComputeResourceOverhead
from webhook.runtime.registry.options import RuleActions

REPLACED_SECONDS = 1.0
"""A file that was renamed into place, or is new, must be unchanged for this long."""

REWRITTEN_SECONDS = 10.0
"""A file that was rewritten in place must be unchanged for this long, since its writer may pause."""

UNSETTLED_SECONDS = 60.0
"""A file that keeps changing for longer is reported as a problem."""

_VERSION_DIGITS = 12


class Look(enum.Enum):
    """The result of one poll of the file."""

    SAME = "same"
    SWAPPED = "swapped"
    REFUSED = "refused"
    UNSETTLED = "unsettled"


def supplementary_from(path: str) -> Mapping[str, ComputeResourceOverhead]:
    """The supplementary overheads of a bindguard registry file, by plugin name; `UnreadableError` when there is no such file."""
    return registry_from_file(_Held(path, path, content=_read(path).content)).supplementary


class _Identity(NamedTuple):
    """Device and inode of a file."""

    device: int
    inode: int


class _Reading(NamedTuple):
    """A file as it was at one moment."""

    identity: _Identity
    modified_ns: int
    content: bytes


class _Change(NamedTuple):
    """A changed file that is not used yet.

    Attributes:
        reading: The content since `since`.
        since: When this content was first read.
        began: When the file was first found to differ from the one in use.
    """

    reading: _Reading
    since: float
    began: float


class RegistryFile:
    """A registry file and the rule set that was last made of it.

    Attributes:
        rule_set: What objects are checked against now; one reference, replaced as a whole.
        notes: What must be told about that registry.
        problem: Why the file as it is now is not that rule set; `None` while it is.
    """

    def __init__(self, path: str, choices: RuleActions, *, now: Callable[[], float] = time.monotonic) -> None:
        """Read the file for the first time; `UnreadableError` when it cannot serve."""
        self._path = path
        self._choices = choices
        self._now = now
        reading = _read(path)
        self._identity = reading.identity
        self._looked_at = _digest(reading.content)
        self._change: _Change | None = None
        self.rule_set, self.notes = _rule_set(path, reading.content, choices)
        self.problem: str | None = None

    async def check(self) -> str | None:
        """Always ready: the file was read before the server started to listen."""
        return None

    def look(self) -> Look:
        """Poll the file, and use it if it has changed, is complete and valid. Blocks while it reads: call it in a thread."""
        began = time.monotonic()
        try:
            reading = _read(self._path)
        except UnreadableError as error:
            self._looked_at, self._change = "", None  # when the file is back, it is read again
            return self._refused(str(error))
        if _digest(reading.content) == self._looked_at:
            self._change = None
            return self._unchanged(began)
        return self._changed(reading)

    def _changed(self, reading: _Reading) -> Look:
        now = self._now()
        if self._change is None or self._change.reading != reading:
            self._change = _Change(reading, now, now if self._change is None else self._change.began)
        settled_after = REWRITTEN_SECONDS if reading.identity == self._identity else REPLACED_SECONDS
        if now - self._change.since >= settled_after:
            return self._take(reading)
        if now - self._change.began > UNSETTLED_SECONDS:
            return self._refused(f"{self._path}: keeps changing, for {UNSETTLED_SECONDS:.0f} s and more; write another file and rename it")
        return Look.UNSETTLED

    def _unchanged(self, now: float) -> Look:
        """Note that the rule set in service is the file's state now, unless the file was refused."""
        if self.problem is None:
            self.rule_set = msgspec.structs.replace(self.rule_set, read_at=now)
        return Look.SAME

    def _take(self, reading: _Reading) -> Look:
        self._identity, self._looked_at, self._change = reading.identity, _digest(reading.content), None
        try:
            rule_set, notes = _rule_set(self._path, reading.content, self._choices)
        except UnreadableError as error:
            return self._refused(str(error))
        self.rule_set, self.notes, self.problem = rule_set, notes, None
        return Look.SWAPPED

    def _refused(self, problem: str) -> Look:
        """Report a problem once for each change of the reason: a file that is missing is missing for many polls."""
        if problem == self.problem:
            return Look.SAME
        self.problem = problem
        return Look.REFUSED


def _read(path: str) -> _Reading:
    try:
        with open_file(path, max_bytes=MAX_REGISTRY_BYTES) as stream:
            content = stream.readall()
            status = os.fstat(stream.fileno())
        return _Reading(_Identity(status.st_dev, status.st_ino), status.st_mtime_ns, content)
    except (OSError, ValueError) as error:
        raise RegistryError(reason_of(error), file=path) from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _rule_set(path: str, content: bytes, choices: RuleActions) -> tuple[RuleSet, tuple[str, ...]]:
    source = _Held(path, path, content=content)
    found = registry_from_file(source, choices.version)
    registry, plan = choices.applied(found.registry)
    rule_set = RuleSet(
        registry=registry,
        plan=plan,
        supplementary=found.supplementary,
        version=_digest(content)[:_VERSION_DIGITS],
        read_at=time.monotonic(),
        support=choices.support,
    )
    return rule_set, found.notes


class _Held(Source, frozen=True):
    """Content that was read already, so that digest and registry are of the same bytes."""

    content: bytes = b""

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)
