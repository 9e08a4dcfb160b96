"""Keep the last list of KubeVirt CRs on disk, for a start while the API server is unavailable.

The file is written atomically and is readable only by its owner. A file in any other format is refused and logged.
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
    """The content of the file.

    Attributes:
        server: Address of the API server.
        read_at: When this was certainly the state, in Unix time.
        version: The resourceVersion of the list.
        objects: The CRs as plain data.
        format: Name and version of this format.
    """

    server: str
    read_at: Annotated[float, msgspec.Meta(ge=0)]
    version: str
    objects: list[dict[str, Any]]
    format: Literal["bindguard.io/last-good-registry/v1"] = "bindguard.io/last-good-registry/v1"

    def listing(self) -> Listing:
        """The content as a list of the API server."""
        return Listing({_key(obj): obj for obj in self.objects}, self.version)


class LastGood:
    """The file in one directory.

    Attributes:
        problem: Why the last write failed; `None` when it succeeded.
    """

    def __init__(self, directory: str) -> None:
        self._file = Path(directory) / FILE
        self.problem: str | None = None

    def read(self, server: str) -> StoredRegistry | None:
        """The registry that was kept for an API server, or `None`, with a log line, when there is none that can be used."""
        try:
            content = read_file(self._file, max_bytes=MAX_BYTES, follow=False)  # this program never makes a link there
            kept = msgspec.json.decode(content, type=StoredRegistry)
        except FileNotFoundError:
            log.info("no last good registry", file=str(self._file))
            return None
        except RecursionError:
            self._refused("it is nested too deeply")
            return None
        except (OSError, ValueError) as error:
            self._refused(str(error))
            return None
        if kept.server != server:
            self._refused(f"it is of API server {kept.server}, and this is {server}")
            return None
        return kept

    def write(self, kept: StoredRegistry) -> None:
        """Replace the file; a failure is logged once for each change of its reason."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._file, msgspec.json.encode(kept), mode=0o600, sync=True)
        except (OSError, ValueError, OverflowError, RecursionError) as error:
            problem = f"{self._file}: {error}"
            if problem != self.problem:
                log.error("last good registry not kept", problem=problem, remedy="give state_directory a writable directory")  # noqa: TRY400 - the cause is outside this program
            self.problem = problem
        else:
            self.problem = None

    def _refused(self, problem: str) -> None:
        log.error("last good registry refused", file=str(self._file), problem=problem)


def _key(obj: dict[str, Any]) -> Key:
    return Key(str(look_up(obj, ("metadata", "namespace"))), str(look_up(obj, ("metadata", "name"))))
