"""List and watch all objects of a kind until cancelled.

A list replaces everything that is known. A watch whose connection was cut resumes from its last event; after any other failure the objects
are listed again, which costs little where they are few. No response of the server ends the loop.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import structlog

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.clock import CLOCK, Clock
from webhook.cluster.events import Event, Listing, older, read_event, read_listing

WATCH_SECONDS = 30
"""`timeoutSeconds` of a watch. Shortly before the end the server sends a bookmark, if the resourceVersion has changed
(kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go)."""
SILENCE_SECONDS = 40.0
"""A watch that brings no byte for this long is treated as broken."""
QUIET_SECONDS = 20.0
"""A watch that ends after this long without an event is followed by a list. The list confirms that nothing has changed, and keeps the age
of what is known below a minute."""

_FIRST_PAUSE = 0.2
_MAX_PAUSE = 5.0
_LASTING_SECONDS = 1.0
_CUT = frozenset({"unavailable", "timeout"})

log = structlog.get_logger(__name__)


class WatchError(NamedTuple):
    """Why a list or a watch failed.

    Attributes:
        reason: One of the reasons of `ApiError`, or `internal` for an error in this program.
        text: The same as a sentence, without a full stop.
        listing: Whether the list failed, not the watch.
        retry_after: The server's `Retry-After`, in seconds; 0 without one.
    """

    reason: str
    text: str
    listing: bool
    retry_after: float = 0.0


class WatchHandler(Protocol):
    """Receives the objects; its methods are called in order, from one task."""

    def listed(self, listing: Listing) -> None:
        """All objects were listed; forget what was known before."""
        ...

    def changed(self, event: Event) -> None:
        """One object changed; for a bookmark, none did."""
        ...

    def ended(self, trouble: WatchError | None) -> None:
        """A watch, or the list before it, has ended; `trouble` is `None` when the server ended the watch as asked. Another one follows."""
        ...


class Backoff:
    """The pause before the next round: a random time up to a limit, which doubles after each round that ended at once.

    The random part keeps replicas from coming back at the same moment.
    """

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._limit = _FIRST_PAUSE

    def pause(self, lasted: float) -> float:
        """The pause in seconds after a round that lasted `lasted` seconds."""
        self._limit = _FIRST_PAUSE if lasted >= _LASTING_SECONDS else min(2 * self._limit, _MAX_PAUSE)
        return self._chance() * self._limit


class Watch:
    """Lists and watches the objects at one path."""

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
        self._logged_error = ""

    async def run(self) -> None:
        """List and watch until cancelled."""
        while True:
            began = self._clock.now()
            trouble = await self._round()
            self._end(trouble)
            asked = 0.0 if trouble is None else trouble.retry_after
            await self._clock.sleep(asked + self._backoff.pause(self._clock.now() - began))

    async def _round(self) -> WatchError | None:
        """List, unless the last watch can be resumed, and watch once; returns why that failed, or `None`."""
        listing = self._at is None
        try:
            if self._at is None:
                self._at = await self._list()
                listing = False
            await self._stream(self._at)
        except ApiError as error:
            return WatchError(error.reason, error.message, listing, error.retry_after)
        except Exception as error:  # an error in this program must not end the loop
            text = f"{type(error).__name__}: {error}"
            if text != self._logged_error:  # an object that causes it causes it again in the next list
                log.exception("watch failed", path=self._path)
            self._logged_error = text
            return WatchError("internal", text, listing)
        self._logged_error = ""
        return None

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
                    # events come in the order of resourceVersions; after a restore of etcd, changes may be missing in between
                    text = f"the watch went back from resourceVersion {version} to {event.version}, as after a restored etcd"
                    raise ApiError(f"GET {self._path}: {text}", status=0, reason="gone")
                self._follower.changed(event)
                version = self._at = event.version
                self._heard, self._news_at = True, self._clock.now()

    def _end(self, trouble: WatchError | None) -> None:
        """Decide whether the next watch resumes this one, and report how this one ended."""
        quiet_seconds = self._clock.now() - self._news_at
        if not goes_on(trouble, heard=self._heard, quiet_seconds=quiet_seconds):
            self._at = None
        self._follower.ended(trouble)


def goes_on(trouble: WatchError | None, *, heard: bool, quiet_seconds: float) -> bool:
    """Whether the next watch resumes after the last event: where the watch ended as asked, or was cut after at least one event.

    Args:
        trouble: How the round failed, if it did.
        heard: Whether this watch brought an event.
        quiet_seconds: Seconds since the last list or event.
    """
    if quiet_seconds > QUIET_SECONDS:
        return False
    return trouble is None or (heard and not trouble.listing and trouble.reason in _CUT)
