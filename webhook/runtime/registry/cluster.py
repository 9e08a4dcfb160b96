"""The registry of a cluster: watched, read again before a denial, and kept on disk for a start without the API server."""

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
from webhook.runtime.registry.options import ClusterRegistryOptions
from webhook.runtime.registry.state import ClusterState

READ_SECONDS = 2.0
"""Timeout of a live read, so that later reviews do not wait for it."""
LISTING_SECONDS = 1.0
"""When the first list takes longer, the registry on disk is served meanwhile; before that the server is not ready."""
KEEP_SECONDS = 60.0
"""Least time between two writes of the file while only its age changes."""

_GRAVE = frozenset({State.SEVERAL, State.UNREADABLE})

log = structlog.get_logger(__name__)


class ClusterRegistry:
    """Watches the KubeVirt CRs of a cluster.

    Attributes:
        restored: Whether the registry is the one from disk, since no list has succeeded since the start.
    """

    def __init__(self, api: ApiServer, options: ClusterRegistryOptions) -> None:
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
        """What the KubeVirt CRs of the cluster say together."""
        return self._state.counted.state

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes about the registry, for people."""
        return self._state.counted.loaded.notes

    @property
    def problem(self) -> str | None:
        """Why the registry may differ from the cluster's, or why there is none; `None` when neither is so."""
        if self._trouble is not None and self.state is not State.NOT_INSTALLED:
            return _told(self._trouble)
        if self.restored:
            return "no list has succeeded since the start: this is the registry that was kept on disk"
        return self._state.counted.problem or None

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch.run())
                if self._options.last_good is not None:
                    tasks.create_task(self._keep(self._options.last_good))
                    tasks.create_task(self._restore_in_time())
        finally:
            self._fresh.close()

    async def check(self) -> str | None:
        """Why no registry is known yet, for readiness; `None` after the first list, or with the registry from disk."""
        return self.problem if self.state is State.UNREAD else None

    async def confirm(self, until: float) -> RuleSet:
        """The rule set of the cluster's state at some time after this call.

        Concurrent callers share one read. A read that failed is tried once more: the connection may have been an old one.

        Args:
            until: Deadline, in seconds of `time.monotonic()`.

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
        """Replace what is known by a list."""
        self._options.tally.registry_listed()
        self._recovered(by_listing=True)
        self._took(changed=self._state.listed(listing, self._now()))

    def changed(self, event: Event) -> None:
        """Apply one event of the watch."""
        self._recovered()
        self._took(changed=self._state.changed(event, self._now()))

    def ended(self, trouble: WatchError | None) -> None:
        """Log why the watch starts again, once for each change of the reason; before the first list, serve the registry from disk."""
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
        """Whether a 404 is not believed, since a CR is known: the watch reports one that is removed, and a proxy's 404 is temporary."""
        return self.state is State.ONE and self._now() - self.rule_set.read_at <= TRUSTED_SECONDS

    async def _read(self) -> None:
        """A live read, for `confirm`; every failure is raised as `ApiError`."""
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
        """Read the CRs; without a resourceVersion the API server answers with the newest state."""
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
        """Note that a call succeeded. A list does not prove that the watch after it will last: a watch that always fails is logged once."""
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
        """Load the registry from disk, once: no other process writes it."""
        last_good, self._last_good = self._last_good, None
        kept = last_good.read(self._api.base_url) if last_good is not None else None
        if kept is None:
            return
        age = max(0.0, self._options.clock.wall() - kept.read_at)
        self._state.restored(kept, self._now() - age)
        self.restored = True
        log.warning("serving the last good registry", age_seconds=round(age), version=self.rule_set.version, state=self.state.value)

    async def _keep(self, last_good: LastGood) -> None:
        """Write the file whenever it is due; `last_good` logs a failure, and the next write tries again."""
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
