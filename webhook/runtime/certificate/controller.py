"""The controller of the managed certificate, which runs on the leader: read the state, take the next step, and repeat.

The webhook configurations are read before the Secret. A leader may be suspended between the two reads, and continue after another one has
taken over. Then either its Secret is current, or its write to a configuration fails with a conflict and changes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

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
"""For how long the caBundles must have been correct before webhooks fail closed, so that API servers and endpoints have followed."""
_CONFLICT_SECONDS = 1.0
_MAX_SECONDS = 30.0
_NO_DATA: Mapping[str, bytes] = {}


class _UnfitError(Exception):
    """This process must not change anything now."""


def _always_fit() -> str | None:
    return None


def _always_serves() -> bool:
    return True


class CertificateController:
    """Creates, renews and repairs the Secret and the caBundles. Runs on the leader; a short overlap of two leaders is safe.

    Attributes:
        problem: Why the last poll failed; `None` when it did not.
        repairs: How many caBundles were repaired after another writer had changed them.
        glass_is_broken: Whether a configuration had the record of `bindguard break-glass` when it was last read.
    """

    def __init__(  # noqa: PLR0913 - all by keyword, called in one place
        self,
        secret: NamedSecret,
        configurations: WebhookConfigurations,
        *,
        names: Sequence[str],
        namespace: str = "",
        unfit: Callable[[], str | None] = _always_fit,
        serves: Callable[[], bool] = _always_serves,
        settle_seconds: float = SETTLE_SECONDS,
        clock: Clock = CLOCK,
    ) -> None:
        """Create a controller; it reads nothing before `work` or `look`.

        Args:
            secret: The Secret with CA and certificate.
            configurations: The webhook configurations with the caBundles.
            names: DNS names and IP addresses that the certificate must cover.
            namespace: The namespace that becomes the owner of the configurations, so that they are deleted with it; empty for no owner.
            unfit: Returns why nothing may be changed now, or `None`.
            serves: Returns whether this process serves the certificate.
            settle_seconds: For how long a new CA is published before it signs a certificate.
            clock: Gives the time, and sleeps.
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
        self._backoffs: dict[str, RepairBackoff] = defaultdict(RepairBackoff)
        self._completions: dict[str, RepairBackoff] = defaultdict(partial(RepairBackoff, longest_seconds=LOOK_SECONDS))
        self._published: dict[str, bytes] = {}
        self._settled: tuple[object, float] = (None, 0.0)
        self._unclaimed = ("", 0.0)
        self._adopted: set[str] = set()
        self._warned: dict[str, object] = {}
        self.problem: str | None = None
        self.repairs = 0
        self.glass_is_broken = False

    async def work(self) -> None:
        """Manage the certificate until cancelled. Starts to count the settle time anew, since another leader may have worked meanwhile."""
        self._settled = (None, 0.0)
        while True:
            await self._clock.sleep(await self.look())

    async def look(self) -> float:
        """Read the state and take the next step, if there is one.

        Returns:
            Seconds until the next call.
        """
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
                log.exception("certificate controller failed")
            return self._failed(f"{kind}: {error}", kind)
        self._failures, self.problem, self._failure = 0, None, ""
        return seconds

    async def _step(self) -> float:
        configurations = await self._configurations.read()
        secret = await self._secret.read()
        unfit = self._unfit()  # after the reads, which measure the clock skew: with a wrong clock, everything may seem to have expired
        if unfit is not None:
            raise _UnfitError(unfit)
        if secret is None:
            return await self._create_secret()
        self._warn_of_missing(configurations)
        self._note_break_glass(configurations)
        state = self._state(secret, configurations)
        match next_step(state, settle_seconds=self._settle_seconds):
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
        """Set failurePolicy Fail where the chart has asked for it, once the certificate is served and trusted for `ARM_SECONDS`.

        Returns:
            Seconds until the next poll.
        """
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
        """Make the namespace the owner of each configuration.

        Done once for each: if somebody removes the owner again, that is intended.

        Returns:
            Whether a configuration was changed.
        """
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
                self._warn_once(
                    "owner", str(error), "configuration not adopted", problem=str(error), consequence="it outlives the namespace"
                )
        return False

    def _state(self, secret: Secret, configurations: Sequence[ConfigurationState]) -> CertificateState:
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
        """For how long this leader has seen the wanted CAs in every bundle, in seconds by its own monotonic clock.

        A bundle may be changed and restored between two polls, and an API server may have read it in between. The generation shows this.
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
        """For how long the Secret has been unchanged and without a certificate that can be served, in seconds."""
        now = self._clock.now()
        if usable_contents(secret.data, self._clock.utc()).leaf is not None:
            return 0.0
        if self._unclaimed[0] != secret.version:
            self._unclaimed = (secret.version, now)
        return now - self._unclaimed[1]

    def _requested_renewal(self, secret: Secret) -> str:
        renewal = secret.annotations.get(RENEW, "")
        if renewal and renewal not in RENEWALS:
            self._warn_once("renewal", renewal, "annotation not understood", annotation=RENEW, found=renewal, accepted=RENEWALS)
        return renewal

    async def _create_secret(self) -> float:
        repair_backoff = self._backoffs["Secret created"]
        if (left := repair_backoff.left(self._clock.now())) > 0:
            return min(left, LOOK_SECONDS)
        await self._secret.make()
        repair_backoff.done(self._clock.now())
        log.info("Secret created", secret=self._secret.place)
        return 0.0

    async def _write(self, secret: Secret, step: Write) -> float:
        repair_backoff = self._backoffs[step.event]
        if (left := repair_backoff.left(self._clock.now())) > 0:
            return min(left, LOOK_SECONDS)
        await self._secret.write(secret, step.data, without_annotation=RENEW if step.completes_renewal else None)
        repair_backoff.done(self._clock.now())
        log.info(step.event, reason=step.reason, secret=self._secret.place)
        return 0.0

    async def _publish(self, configurations: Sequence[ConfigurationState], bundle: bytes) -> float:
        """Write the bundle into each configuration that differs. If one fails, the other is written before the error is raised."""
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
        """Write the bundle into one configuration; returns the seconds until the next poll.

        A webhook without a caBundle gets it at once. One with another bundle is repaired with backoff, since its writer may write it again.
        """
        kind, now = configuration.kind, self._clock.now()
        if self._published.get(kind) != bundle:
            await self._configurations.publish(configuration, bundle)
            self._published[kind] = bundle
            log.info("caBundle published", configuration=kind)
            return 0.0
        backoffs = {self._backoffs[kind] if each else self._completions[kind] for each in configuration.bundles if each != bundle}
        due = {repair_backoff for repair_backoff in backoffs if repair_backoff.left(now) <= 0}
        if not due:
            return min(LOOK_SECONDS, *(repair_backoff.left(now) for repair_backoff in backoffs))
        await self._configurations.publish(configuration, bundle, only_missing=self._backoffs[kind] not in due)
        if all(repair_backoff.is_calm(now) for repair_backoff in due):
            log.warning("caBundle repaired", configuration=kind, overwritten_by=configuration.other_writer or "unknown")
        for repair_backoff in due:
            repair_backoff.done(now)
        self.repairs += 1
        return 0.0

    def _warn_of_missing(self, configurations: Sequence[ConfigurationState]) -> None:
        found = {each.kind for each in configurations}
        missing = tuple(kind for kind in KINDS if kind not in found)
        if missing:
            self._warn_once("missing", missing, "no webhook configuration", missing=missing, consequence="nobody calls this webhook by it")
        else:
            self._warned.pop("missing", None)

    def _note_break_glass(self, configurations: Sequence[ConfigurationState]) -> None:
        broken = tuple(each.kind for each in configurations if each.glass_is_broken)
        self.glass_is_broken = bool(broken)
        if broken:
            self._warn_once("break-glass", broken, "break-glass is in force", configurations=broken, remedy="bindguard break-glass --undo")
        else:
            self._warned.pop("break-glass", None)

    def _warn_once(self, topic: str, value: object, event: str, **fields: object) -> None:
        """Log a warning, once for each new value of a topic."""
        if self._warned.get(topic) != value:
            log.warning(event, **fields)
        self._warned[topic] = value

    def _failed(self, problem: str, kind: str) -> float:
        """Record a problem, and log it once for each kind in a row; returns the seconds until the next poll."""
        if kind != self._failure:
            log.error("certificate controller cannot continue", problem=problem)
        self.problem, self._failure = problem, kind
        self._failures = min(self._failures + 1, 10)
        return min(2.0 ** (self._failures - 1), _MAX_SECONDS)
