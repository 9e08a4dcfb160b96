"""Following all objects of a kind: list, watch, and begin again, for ever.

A listing replaces everything; a watch that was cut goes on where it ended. Whatever else befalls a watch is answered by a listing, which
costs little where there are few objects. Nothing that a server sends ends the loop, and only cancelling it does.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import structlog

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.clock import CLOCK, Clock
from webhook.cluster.events import Event, Listing, older, read_event, read_listing

WATCH_SECONDS = 30
"""The server is asked to end a watch after so long; shortly before it sends a bookmark, if there is anything new to tell
(kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go)."""
SILENCE_SECONDS = 40.0
"""After so long without a byte nobody is there any more, whatever the connection looks like."""
QUIET_SECONDS = 20.0
"""A watch that brought nothing for so long when it ended is followed by a listing, which tells that all is as it was: so nobody has to
guess whether silence means that nothing changed, and the age of what is known stays below a minute."""

_FIRST_PAUSE = 0.2
_MAX_PAUSE = 5.0
_LASTING_SECONDS = 1.0
_CUT = frozenset({"unavailable", "timeout"})

log = structlog.get_logger(__name__)


class WatchError(NamedTuple):
    """Why a round did not end as it should.

    Attributes:
        reason: One of the reasons of `ApiError`, or `internal` for a mistake of ours.
        text: The same as a sentence, without a full stop.
        listing: Whether it was the listing that failed.
        retry_after: Seconds that the server asks to be left alone for.
    """

    reason: str
    text: str
    listing: bool
    retry_after: float = 0.0


class WatchHandler(Protocol):
    """Who follows; called in order, from one task."""

    def listed(self, listing: Listing) -> None:
        """This is all there is; nothing from before counts."""
        ...

    def changed(self, event: Event) -> None:
        """One object changed; a bookmark tells that none did."""
        ...

    def ended(self, trouble: WatchError | None) -> None:
        """A round has ended, without trouble when the server ended its watch as asked; another follows."""
        ...


class Backoff:
    """How long to wait between rounds: any time up to a limit, which doubles with each round that was over at once.

    Without chance all replicas would come back in step. A round that lasted needs no more of a pause, however it ended.
    """

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._limit = _FIRST_PAUSE

    def pause(self, lasted: float) -> float:
        """Seconds to wait after a round that lasted so many."""
        self._limit = _FIRST_PAUSE if lasted >= _LASTING_SECONDS else min(2 * self._limit, _MAX_PAUSE)
        return self._chance() * self._limit


class Watch:
    """Follows the objects at a path."""

    def __init__(
        self, api: ApiServer, path: str, follower: WatchHandler, *, clock: Clock = CLOCK, silence_seconds: float = SILENCE_SECONDS
    ) -> None:
        self._api = api
        self._path = path
        self._follower = follower
        self._clock = clock
        self._silence_seconds = silence_seconds
        self._backoff = Backoff(self._clock.chance)
        self._at: str | None = None
        self._news_at = 0.0
        self._heard = False
        self._violation = ""

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            began = self._clock.now()
            trouble = await self._round()
            self._end(trouble)
            asked = 0.0 if trouble is None else trouble.retry_after
            await self._clock.sleep(asked + self._backoff.pause(self._clock.now() - began))

    async def _round(self) -> WatchError | None:
        """A listing, where nothing is known to go on from, and one watch; why it ended, if not as asked."""
        listing = self._at is None
        try:
            if self._at is None:
                self._at = await self._list()
                listing = False
            await self._stream(self._at)
        except ApiError as error:
            return WatchError(error.reason, error.message, listing, error.retry_after)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the loop
            return self._violating(error, listing=listing)
        self._violation = ""
        return None

    def _violating(self, error: Exception, *, listing: bool) -> WatchError:
        """What is wrong with one CR is wrong again in the next listing: that is logged once."""
        violation = f"{type(error).__name__}: {error}"
        if violation != self._violation:
            log.error("watch failed", path=self._path, exc_info=error)
        self._violation = violation
        return WatchError("internal", violation, listing)

    async def _list(self) -> str:
        listing = read_listing(await self._api.get(self._path), self._path)
        self._follower.listed(listing)
        self._news_at = self._clock.now()
        return listing.version

    async def _stream(self, version: str) -> None:
        self._heard = False
        query = {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": version, "timeoutSeconds": str(WATCH_SECONDS)}
        async with self._api.lines(self._path, query, silence_seconds=self._silence_seconds) as lines:
            async for line in lines:
                event = read_event(line, self._path)
                if older(event.version, version):
                    raise ApiError(_went_back(self._path, event.version, version), status=0, reason="gone")
                self._follower.changed(event)
                version = self._at = event.version
                self._heard, self._news_at = True, self._clock.now()

    def _end(self, trouble: WatchError | None) -> None:
        """Decide how the next round begins, and tell how this one ended."""
        quiet_seconds = self._clock.now() - self._news_at
        if not goes_on(trouble, heard=self._heard, quiet_seconds=quiet_seconds):
            self._at = None
        self._follower.ended(trouble)


def goes_on(trouble: WatchError | None, *, heard: bool, quiet_seconds: float) -> bool:
    """Whether the next watch goes on where the last event was: after one that ended as asked, or that was cut after it told something.

    `quiet_seconds` is the time since the last news of any kind. All else begins with a listing.
    """
    if quiet_seconds > QUIET_SECONDS:
        return False
    return trouble is None or (heard and not trouble.listing and trouble.reason in _CUT)


def _went_back(path: str, to: str, version: str) -> str:
    """An API server sends what is newer than asked for, in order; one whose etcd was restored leaves out what has happened since."""
    return f"GET {path}: the watch went back from resourceVersion {version} to {to}, as after a restored etcd"
