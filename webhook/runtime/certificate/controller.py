"""What the leader does for the managed certificate: look, take the one step that is next, look again.

The configurations are read before the Secret. So a leader that was put to sleep in between, and acts on when another has long taken over,
either holds the newest Secret or finds that a configuration is no longer what it read, and changes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import structlog

from webhook.cluster.api_error import ApiError
from webhook.cluster.clock import CLOCK, Clock
from webhook.cluster.secrets import NamedSecret, Secret
from webhook.cluster.webhook_configurations import KINDS, ConfigurationState, WebhookConfigurations
from webhook.runtime.certificate.backoff import RepairBackoff
from webhook.tls.managed import RENEW, RENEWALS, SETTLE_SECONDS, CertificateState, Publish, Wait, Write, next_step
from webhook.tls.secret_contents import CA, usable_contents

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
ARM_SECONDS = 10.0
"""So long the caBundles are seen to be right before webhooks fail closed: API servers and endpoints know by then."""
_CONFLICT_SECONDS = 1.0
_MAX_SECONDS = 30.0
_NO_DATA: Mapping[str, bytes] = {}


class _UnfitError(Exception):
    """This process should change nothing now."""


class CertificateController:
    """Keeps Secret and caBundles as they should be, while it is the only one that works.

    Attributes:
        problem: Why the last look did not end as it should; `None` when it did.
        repairs: How often a caBundle was put right that somebody else had changed.
        glass_is_broken: Whether a configuration had the record of `bindguard break-glass` when it was last read.
    """

    def __init__(  # noqa: PLR0913 - all by keyword, called in one place
        self,
        secret: NamedSecret,
        configurations: WebhookConfigurations,
        *,
        names: Sequence[str],
        namespace: str = "",
        unfit: Callable[[], str | None] = lambda: None,
        serves: Callable[[], bool] = lambda: True,
        settle_seconds: float = SETTLE_SECONDS,
        clock: Clock = CLOCK,
    ) -> None:
        """Prepare.

        Args:
            secret: Holds CA and certificate.
            configurations: Hold the caBundles.
            names: What the certificate must be for.
            namespace: Owns the configurations, so that they go with it; empty where nothing does.
            unfit: Tells why nothing should be changed now, if so.
            serves: Whether this process answers with the certificate.
            settle_seconds: How long a new CA is published before it signs what is served.
            clock: Time, and waiting.
        """
        self._secret = secret
        self._configurations = configurations
        self._names = names
        self._namespace = namespace
        self._unfit = unfit
        self._serves = serves
        self._settle_seconds = settle_seconds
        self._clock = clock
        self._failures, self._failure = 0, ""
        self._paces: dict[str, RepairBackoff] = defaultdict(RepairBackoff)
        self._completions: dict[str, RepairBackoff] = defaultdict(lambda: RepairBackoff(longest_seconds=LOOK_SECONDS))
        self._published: dict[str, bytes] = {}
        self._settled: tuple[object, float] = (None, 0.0)
        self._unclaimed = ("", 0.0)
        self._adopted: set[str] = set()
        self._told: dict[str, object] = {}
        self.problem: str | None = None
        self.repairs = 0
        self.glass_is_broken = False

    async def work(self) -> None:
        """Look after the certificate until cancelled; what was seen by another leader, or long ago, counts for nothing."""
        self._settled = (None, 0.0)
        while True:
            await self._clock.sleep(await self.look())

    async def look(self) -> float:
        """Take the step that is next, if any; seconds until the next look."""
        try:
            seconds = await self._step()
        except ApiError as error:
            if error.reason == "conflict":
                return _CONFLICT_SECONDS
            return max(self._failed(str(error), error.kind), error.retry_after)
        except _UnfitError as error:
            return self._failed(str(error), "unfit")
        except Exception as error:
            kind = type(error).__name__
            if kind != self._failure:
                log.exception("certificate keeper failed")
            return self._failed(f"{kind}: {error}", kind)
        self._failures, self.problem, self._failure = 0, None, ""
        return seconds

    async def _step(self) -> float:
        configurations = await self._configurations.read()
        secret = await self._secret.read()
        unfit = self._unfit()  # by the answers that just came: by a clock that has jumped, all would seem to have expired
        if unfit is not None:
            raise _UnfitError(unfit)
        if secret is None:
            return await self._make_secret()
        self._tell_missing(configurations)
        self._note_break_glass(configurations)
        situation = self._situation(secret, configurations)
        match next_step(situation, settle_seconds=self._settle_seconds):
            case Write() as step:
                return await self._write(secret, step)
            case Publish(bundle):
                return await self._publish(configurations, bundle)
            case Wait(seconds):
                self._published = dict.fromkeys((each.kind for each in configurations), secret.data.get(CA, b""))
                if await self._adopt(configurations):
                    return 0.0
                return min(seconds, LOOK_SECONDS, await self._arm(configurations))

    async def _arm(self, configurations: Sequence[ConfigurationState]) -> float:
        """Have webhooks fail closed that do not yet, once the certificate has been served and trusted for a while; seconds until then."""
        unarmed = [each for each in configurations if each.unarmed is not None and not each.glass_is_broken]
        if not unarmed or not self._serves():
            return LOOK_SECONDS
        left = ARM_SECONDS - (self._clock.now() - self._settled[1])
        if left > 0:
            return left
        for each in unarmed:
            await self._configurations.arm(each)
            log.info("webhooks armed", configuration=each.kind, failure_policy="Fail")
        return 0.0

    async def _adopt(self, configurations: Sequence[ConfigurationState]) -> bool:
        """Make the namespace the owner of each configuration, once: whoever undoes it means it. True when one was changed."""
        for each in configurations:
            if not self._namespace or each.kind in self._adopted:
                continue
            self._adopted.add(each.kind)
            try:
                uid = await self._configurations.namespace_uid(self._namespace)
                if uid and uid not in each.owners:
                    await self._configurations.adopt(each, self._namespace, uid)
                    log.info("configuration adopted", configuration=each.kind, owner=f"Namespace {self._namespace}")
                    return True
            except ApiError as error:
                self._tell("owner", str(error), "configuration not adopted", problem=str(error), consequence="it outlives the namespace")
        return False

    def _situation(self, secret: Secret, configurations: Sequence[ConfigurationState]) -> CertificateState:
        return CertificateState(
            secret=secret.data,
            renewal=self._requested_renewal(secret),
            bundles=[bundle for each in configurations for bundle in each.bundles],
            settled_seconds=self._settled_for(secret.data.get(CA, b""), configurations),
            unclaimed_seconds=self._unclaimed_for(secret),
            names=self._names,
            now=self._clock.utc(),
        )

    def _settled_for(self, wanted: bytes, configurations: Sequence[ConfigurationState]) -> float:
        """For how long this leader has seen every bundle be what it should; by its own clock, as nobody else's can be trusted.

        What was another bundle between two looks, and is right again, tells by its generation: an API server may have read it meanwhile.
        """
        now = self._clock.now()
        if any(bundle != wanted for each in configurations for bundle in each.bundles):
            self._settled = (None, now)
            return 0.0
        seen = wanted, tuple(each.generation for each in configurations)
        if self._settled[0] != seen:
            self._settled = (seen, now)
        return now - self._settled[1]

    def _unclaimed_for(self, secret: Secret) -> float:
        now = self._clock.now()
        if usable_contents(secret.data, self._clock.utc()).leaf is not None:
            return 0.0
        if self._unclaimed[0] != secret.version:
            self._unclaimed = (secret.version, now)
        return now - self._unclaimed[1]

    def _requested_renewal(self, secret: Secret) -> str:
        renewal = secret.annotations.get(RENEW, "")
        if renewal and renewal not in RENEWALS:
            self._tell("renewal", renewal, "annotation not understood", annotation=RENEW, found=renewal, accepted=RENEWALS)
        return renewal

    async def _make_secret(self) -> float:
        repair_backoff = self._paces["Secret made"]
        if (left := repair_backoff.left(self._clock.now())) > 0:
            return min(left, LOOK_SECONDS)
        await self._secret.make()
        repair_backoff.done(self._clock.now())
        log.info("Secret made", secret=self._secret.place)
        return 0.0

    async def _write(self, secret: Secret, step: Write) -> float:
        repair_backoff = self._paces[step.event]
        if (left := repair_backoff.left(self._clock.now())) > 0:
            return min(left, LOOK_SECONDS)
        await self._secret.write(secret, step.data, without_annotation=RENEW if step.completes_renewal else None)
        repair_backoff.done(self._clock.now())
        log.info(step.event, reason=step.reason, secret=self._secret.place)
        return 0.0

    async def _publish(self, configurations: Sequence[ConfigurationState], bundle: bytes) -> float:
        """One that cannot be changed does not hold up the other; its error is raised in the end."""
        waits, failed = [], None
        for each in configurations:
            if all(one == bundle for one in each.bundles):
                continue
            try:
                waits.append(await self._publish_one(each, bundle))
            except ApiError as error:
                failed = error
        if failed is not None:
            raise failed
        return min(waits, default=0.0)

    async def _publish_one(self, configuration: ConfigurationState, bundle: bytes) -> float:
        """A webhook without a caBundle is completed at once; one with another's is repaired, ever more seldom if its writer insists."""
        kind, now = configuration.kind, self._clock.now()
        if self._published.get(kind) != bundle:
            await self._configurations.publish(configuration, bundle)
            self._published[kind] = bundle
            log.info("caBundle published", configuration=kind)
            return 0.0
        paces = {self._paces[kind] if each else self._completions[kind] for each in configuration.bundles if each != bundle}
        due = {repair_backoff for repair_backoff in paces if repair_backoff.left(now) <= 0}
        if not due:
            return min(LOOK_SECONDS, *(repair_backoff.left(now) for repair_backoff in paces))
        await self._configurations.publish(configuration, bundle, only_missing=self._paces[kind] not in due)
        if all(repair_backoff.is_calm(now) for repair_backoff in due):
            log.warning("caBundle repaired", configuration=kind, overwritten_by=configuration.other_writer or "unknown")
        for repair_backoff in due:
            repair_backoff.done(now)
        self.repairs += 1
        return 0.0

    def _tell_missing(self, configurations: Sequence[ConfigurationState]) -> None:
        found = {each.kind for each in configurations}
        missing = tuple(kind for kind in KINDS if kind not in found)
        if missing:
            self._tell("missing", missing, "no webhook configuration", missing=missing, consequence="nobody calls this webhook by it")
        else:
            self._told.pop("missing", None)

    def _note_break_glass(self, configurations: Sequence[ConfigurationState]) -> None:
        broken = tuple(each.kind for each in configurations if each.glass_is_broken)
        self.glass_is_broken = bool(broken)
        if broken:
            self._tell("break-glass", broken, "break-glass is in force", configurations=broken, remedy="bindguard break-glass --undo")
        else:
            self._told.pop("break-glass", None)

    def _tell(self, what: str, value: object, event: str, **fields: object) -> None:
        """Once for each different value."""
        if self._told.get(what) != value:
            log.warning(event, **fields)
        self._told[what] = value

    def _failed(self, problem: str, kind: str) -> float:
        if kind != self._failure:
            log.error("certificate keeper cannot go on", problem=problem)
        self.problem, self._failure = problem, kind
        self._failures = min(self._failures + 1, 10)
        return min(2.0 ** (self._failures - 1), _MAX_SECONDS)
