"""The KubeVirt CRs as they were last listed, kept on disk for a start while the API server is away.

The file is written whole or not at all, for its owner alone; one that is not exactly what this program writes is refused and told.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import structlog

from webhook.cluster.events import Key, Listing
from webhook.files import read_file, replace_file
from webhook.kube.fieldpath import look_up

FILE = "registry.json"
MAX_BYTES = 16 * 1024 * 1024

log = structlog.get_logger(__name__)


class StoredRegistry(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
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

    def read(self, server: str) -> StoredRegistry | None:
        """What was kept of an API server, or `None` when there is nothing that can be used, which is logged."""
        try:
            content = read_file(self._file, max_bytes=MAX_BYTES, follow=False)  # nobody but this program has a reason to put a link there
            kept = msgspec.json.decode(content, type=StoredRegistry)
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

    def write(self, kept: StoredRegistry) -> None:
        """Put it in place of what was there; a failure is logged once for each change of its reason."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._file, msgspec.json.encode(kept), mode=0o600, sync=True)
        except (OSError, ValueError, OverflowError, RecursionError) as error:
            problem = f"{self._file}: {error}"
            if problem != self.problem:
                log.error("last good registry not kept", problem=problem, remedy="give state_directory a writable directory")  # noqa: TRY400 - no mistake of ours
            self.problem = problem
        else:
            self.problem = None

    def _refused(self, problem: str) -> None:
        log.error("last good registry refused", file=str(self._file), problem=problem)


def _key(obj: dict[str, Any]) -> Key:
    return Key(str(look_up(obj, ("metadata", "namespace"))), str(look_up(obj, ("metadata", "name"))))
