"""The registry of a cluster: followed by a watch, read again before a denial, kept on disk for a start without the API server.

Knows neither reviews nor how the API server is reached.
"""

import asyncio

import structlog

from webhook.admission.confirmation import TRUSTED_SECONDS, UnconfirmedError
from webhook.admission.rule_set import RuleSet
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.events import Event, Listing, read_listing
from webhook.cluster.kubevirts import PATH, RESOURCE, State
from webhook.cluster.list_watch import Watch, WatchError
from webhook.cluster.single_flight import FreshRead
from webhook.runtime.registry.last_good import LastGood, StoredRegistry
from webhook.runtime.registry.options import Options
from webhook.runtime.registry.state import ClusterState

READ_SECONDS = 2.0
"""A live read that takes longer is given up, so that who comes later is not held up by it."""
LISTING_SECONDS = 1.0
"""When a first listing takes longer, what was kept is served meanwhile; until then a server is not ready by an old registry."""
KEEP_SECONDS = 60.0
"""So often at most the file is written while nothing but its age changes."""

_GRAVE = frozenset({State.SEVERAL, State.UNREADABLE})

log = structlog.get_logger(__name__)


class ClusterRegistry:
    """Follows the KubeVirt CRs of a cluster.

    Attributes:
        restored: Whether the registry is the one that was kept, as nothing could be listed since the start.
    """

    def __init__(self, api: ApiServer, options: Options) -> None:
        self._api, self._options = api, options
        self._now = options.clock.now
        self._state = ClusterState(api.base_url, options.choices, options.supplementary, self._now())
        self._watch = Watch(api, PATH, self, clock=options.clock)
        self._fresh = FreshRead(self._read, options.clock)
        self._trouble: WatchError | None = None
        self._logged: WatchError | None = None
        self._last_good = options.last_good
        self._unkept = asyncio.Event()
        self._kept_at = float("-inf")
        self.restored = False

    @property
    def rule_set(self) -> RuleSet:
        """What objects are checked against now."""
        return self._state.rule_set

    @property
    def state(self) -> State:
        """What the cluster has of KubeVirt CRs."""
        return self._state.counted.state

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be told about the registry."""
        return self._state.counted.loaded.notes

    @property
    def problem(self) -> str | None:
        """Why the registry may not be what the cluster has, or why there is none; `None` when all is well."""
        if self._trouble is not None and self.state is not State.NOT_INSTALLED:
            return _told(self._trouble)
        if self.restored:
            return "nothing has been listed since the start: this is the registry that was kept"
        return self._state.counted.problem or None

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch.run())
                if self._options.last_good is not None:
                    tasks.create_task(self._keep(self._options.last_good))
                    tasks.create_task(self._restore_in_time())
        finally:
            self._fresh.close()

    async def check(self) -> str | None:
        """Why nothing is known yet; `None` after the first whole listing, or with the one that was kept. For readiness."""
        return self.problem if self.state is State.UNREAD else None

    async def confirm(self, until: float) -> RuleSet:
        """The rule set of the cluster's state at some time after this call; `until` is in seconds of `time.monotonic()`.

        Who asks at the same time shares one read. A read that failed is tried once more: the connection may have been an old one.

        Raises:
            UnconfirmedError: The CRs could not be read in time.
        """
        try:
            async with asyncio.timeout(until - self._now()):
                try:
                    await self._fresh.fresh(until)
                except ApiError:
                    await self._fresh.fresh(until)
        except (TimeoutError, ApiError) as error:
            raise UnconfirmedError from error
        return self.rule_set

    def listed(self, listing: Listing) -> None:
        """Take a listing in place of all that was known."""
        self._options.tally.registry_listed()
        self._recovered(by_listing=True)
        self._took(changed=self._state.listed(listing, self._now()))

    def changed(self, event: Event) -> None:
        """Take one event of the watch."""
        self._recovered()
        self._took(changed=self._state.changed(event, self._now()))

    def ended(self, trouble: WatchError | None) -> None:
        """Tell why the watch begins again, once for each change of the reason; without any listing yet, serve what was kept."""
        self._options.tally.registry_restarted("ended" if trouble is None else trouble.reason)
        if trouble is None:
            self._recovered()
            return
        if self._logged is None or self._logged.reason != trouble.reason:
            log.warning("registry not followed", reason=trouble.reason, problem=_told(trouble), serving=self.rule_set.version)
        self._trouble = self._logged = trouble
        if self.state is State.UNREAD:
            self._restore()
        if trouble.listing and trouble.reason == "not-found" and not self._is_believed():
            self._took(changed=self._state.missing(self._now()))

    def _is_believed(self) -> bool:
        """Whether a CR is known that a 404 does not take away: one that is removed is told by the watch, and a proxy's 404 passes."""
        return self.state is State.ONE and self._now() - self.rule_set.read_at <= TRUSTED_SECONDS

    async def _read(self) -> None:
        """A live read, for `confirm`; `ApiError` whatever goes wrong."""
        try:
            await self._read_once()
        except ApiError as error:
            self._options.tally.registry_read(error.reason)
            raise
        except Exception as error:
            log.exception("registry not read")
            self._options.tally.registry_read("internal")
            raise ApiError(f"{type(error).__name__}: {error}", status=0, reason="unavailable") from error
        self._options.tally.registry_read("ok")

    async def _read_once(self) -> None:
        """Without a resourceVersion the API server answers with the newest state that there is."""
        before = self._state.version
        listing = read_listing(await self._api.get(PATH, seconds=READ_SECONDS), PATH)
        self._took(changed=self._state.read(listing, before, self._now()))

    def _took(self, *, changed: bool) -> None:
        self.restored = False
        if changed:
            self._announce()
        if self._state.version and (changed or self._now() - self._kept_at >= KEEP_SECONDS):
            self._unkept.set()

    def _recovered(self, *, by_listing: bool = False) -> None:
        """A listing tells what there is, but not that the watch after it will last: one that is refused each time is logged once."""
        self._trouble = None
        if self._logged is not None and (self._logged.listing or not by_listing):
            log.info("registry followed again", after=self._logged.reason)
            self._logged = None

    def _announce(self) -> None:
        registry, problem = self.rule_set.registry, self._state.counted.problem
        fields = {
            "state": self.state.value,
            "source": registry.source,
            "version": self.rule_set.version,
            "kubevirt_version": None if registry.version is None else str(registry.version),
            "plugins": len(registry.plugins),
            "notes": self.notes,
        }
        if not problem:
            log.info("registry changed", **fields)
        elif self.state in _GRAVE:
            log.error("no plugin is looked up", problem=problem, **fields)
        else:
            log.warning("no plugin is looked up", problem=problem, **fields)

    async def _restore_in_time(self) -> None:
        await self._options.clock.sleep(LISTING_SECONDS)
        if self.state is State.UNREAD:
            self._restore()

    def _restore(self) -> None:
        """Look for what was kept, once: nobody else writes it."""
        last_good, self._last_good = self._last_good, None
        kept = last_good.read(self._api.base_url) if last_good is not None else None
        if kept is None:
            return
        age = max(0.0, self._options.clock.wall() - kept.read_at)
        self._state.restored(kept, self._now() - age)
        self.restored = True
        log.warning("serving the last good registry", age_seconds=round(age), version=self.rule_set.version, state=self.state.value)

    async def _keep(self, last_good: LastGood) -> None:
        """Write the file whenever it is time; a failure is told by `last_good`, and tried again in its time."""
        while True:
            await self._unkept.wait()
            self._unkept.clear()
            state, now = self._state, self._now()
            self._kept_at = now
            if state.version:
                read_at = max(0.0, self._options.clock.wall() - (now - state.rule_set.read_at))
                kept = StoredRegistry(state.server, read_at, state.version, [dict(each) for each in state.objects])
                await asyncio.to_thread(last_good.write, kept)


def _told(trouble: WatchError) -> str:
    if trouble.reason != "forbidden":
        return trouble.text
    return f"{trouble.text}; let the user of this program get, list and watch {RESOURCE} in all namespaces (a ClusterRole and its binding)"
