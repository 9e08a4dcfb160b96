"""One simulation from its seed: what happens to a cluster, what is asked of it, and what must hold whatever happens."""

import asyncio
import base64
import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from structlog.testing import capture_logs

from tests.admission.launchers import KUBEVIRT, UID, pod
from tests.admission.launchers import review as pod_review
from tests.admission.launchers import vmi as vmi_of
from tests.admission.reviews import review, vm_object
from tests.builders import interface
from tests.cluster.kubevirt_crs import CR, kubevirt
from tests.cluster.named_objects import LEASE, MUTATING, SECRET, VALIDATING, configuration, secret
from tests.cluster.patches import patched
from tests.simulation.control_plane import APPLY, ControlPlane, Faults, Machine, Object
from tests.simulation.replica import NAME, Replica, Response
from tests.simulation.virtual_time import VirtualLoop, going_by
from webhook.admission.confirmation import TRUSTED_SECONDS
from webhook.cluster.kubevirts import State
from webhook.cluster.leases import RENEW_SECONDS
from webhook.kube.quantity import parse_quantity
from webhook.tls.checks import is_issued_by
from webhook.tls.managed import CA_DAYS, LEAF_DAYS, RENEW, UNCLAIMED_SECONDS
from webhook.tls.secret_contents import cas_in, usable_contents
from webhook.tls.selfsigned import make_ca, make_leaf

SECONDS = 10.0
"""What the API server gives a webhook."""
HEALS_WITHIN = 400.0
"""Seconds after the last fault within which all is well: a new CA settles for 120 s, and pauses after failures are at most 60 s."""

LASTS = (30.0, 60.0, 120.0)
"""For so many seconds things happen; then all faults end, and what is broken heals."""

PLUGINS = ("red", "green", "blue")
OVERHEADS = ("100Mi", "250Mi", "512Mi")
"""No two of them add up to a third: what is added twice shows."""
BASE = parse_quantity("1Gi")


class ViolationError(AssertionError):
    """Something that must hold did not.

    Attributes:
        invariant: Which.
        seed: Where it was seen.
    """

    def __init__(self, invariant: str, told: str, seed: int, at: float) -> None:
        super().__init__(f"{invariant}: {told} (at second {at:.3f}; replay: python -m tests.simulation --seed {seed})")
        self.invariant, self.seed = invariant, seed


class Story:
    """A cluster with its replicas, from a seed.

    Attributes:
        counts: What came about, and how often.
    """

    def __init__(self, seed: int, directory: Path) -> None:
        self.seed = seed
        self.counts: Counter[str] = Counter()
        self._rng = rng = random.Random(seed)  # noqa: S311 - chance that can be had again
        self._plane = ControlPlane(random.Random(rng.random()), Faults())  # noqa: S311 - likewise
        self._violation: ViolationError | None = None
        self._violated = asyncio.Event()
        self._registered: dict[str, list[tuple[float, bool]]] = {name: [(0.0, False)] for name in PLUGINS}
        self._overheads: dict[str, str] = {}
        self._declared: dict[str, set[str]] = {name: set() for name in PLUGINS}
        self._caches = [dict[str, Object]() for _ in range(2)]
        self._led_until = 0.0
        """Until when somebody may lead by the Lease, who may not have the answer to its write yet."""
        self._bare_since = 0.0
        self._begun_alone: set[bytes] = set()
        """Leaves that were signed without waiting until every API server trusts them, since nobody served any more: the one before had
        expired, or for 20 s the Secret had none. The latter is wrong where a server cannot write the Secret (certs/README.md)."""
        self._latest: x509.Certificate | None = None
        self._lags = [rng.choice((0.05, 5.0, 55.0)) * rng.random() for _ in self._caches]
        self._replicas = [
            Replica(Machine(f"pod-{place}"), self._plane, random.Random(rng.random()), _made(directory / str(place)))  # noqa: S311 - likewise
            for place in range(rng.choice((2, 2, 3)))
        ]
        self._plane.on_store = self._stored
        self._plane.on_write = self._writes

    # What there is at the beginning

    def _begin(self) -> None:
        if self._rng.random() < 0.9:
            self._put_cr()
        self._note_registered()
        bundle = self._aged_secret() if self._rng.random() < 0.6 else None
        for path in (VALIDATING, MUTATING):
            self._plane.store(path, configuration(bundle, bundle))

    def _aged_secret(self) -> bytes:
        """What replicas before these have left: a CA and a leaf of any age that they would have let them reach."""
        now = datetime.fromtimestamp(self._plane.wall, UTC)
        made_ca, made_leaf = self._rng.uniform(0, CA_DAYS - 175), self._rng.uniform(0, LEAF_DAYS - 25)
        ca = make_ca(now=now - timedelta(days=max(made_ca, made_leaf)), days=CA_DAYS)
        leaf = make_leaf(ca, (NAME,), now=now - timedelta(days=made_leaf), days=LEAF_DAYS)
        data = {"ca_crt": ca.certificate_pem(), "ca_key": ca.key_pem(), "tls_crt": leaf.certificate_pem(), "tls_key": leaf.key_pem()}
        self._plane.store(SECRET, secret(**data))
        return ca.certificate_pem()

    def _put_cr(self) -> None:
        binding = {
            name: {"domainAttachmentType": "tap", "computeResourceOverhead": {"requests": {"memory": amount}}}
            for name, amount in self._overheads.items()
        }
        cr = kubevirt(binding, version="v1.2.0")
        cr["spec"]["configuration"]["developerConfiguration"] = {"featureGates": ["NetworkBindingPlugins"]}
        self._plane.store(CR, cr)
        self._note_registered()

    def _note_registered(self) -> None:
        """Where there is no CR, nobody knows what is registered, and nothing may be denied."""
        for name in PLUGINS:
            deniable = CR in self._plane.objects and name not in self._overheads
            self._registered[name].append((self._plane.now, not deniable))

    # What happens

    async def tell(self) -> None:
        """Run the whole; raises the first violation."""
        asyncio.get_running_loop().set_exception_handler(self._unheard)
        self._begin()
        async with asyncio.TaskGroup() as tasks:
            endless = [tasks.create_task(each) for each in self._all()]
            story = tasks.create_task(self._acts(self._rng.choice(LASTS)))
            watching = tasks.create_task(self._violated.wait())
            await asyncio.wait({story, watching}, return_when=asyncio.FIRST_COMPLETED)
            for replica in self._replicas:
                replica.crash()
            for task in (*endless, story, watching):
                task.cancel()
        if self._violation is not None:
            raise self._violation
        story.result()

    def _all(self) -> list[Coroutine[Any, Any, None]]:
        asking = [self._vms(), self._vms(), self._pods(), self._tick()]
        return [*(replica.live() for replica in self._replicas), *(self._kubelet(replica) for replica in self._replicas), *asking]

    async def _acts(self, seconds: float) -> None:
        ends = self._plane.now + seconds
        self._plane.faults = self._faults()
        while self._plane.now < ends:
            await asyncio.sleep(self._rng.expovariate(1 / 4))
            self._act()
        self._mend()
        await self._healed()

    def _faults(self) -> Faults:
        def often(most: float) -> float:
            return self._rng.choice((0.0, 0.1, 1.0)) * most

        return Faults(slow=often(0.2), lost=often(0.2), refused=often(0.3), cut=often(0.5), deaf=often(0.3), doubled=often(0.5))

    def _act(self) -> None:
        acts: list[tuple[int, Callable[[], None]]] = [
            (12, self._register),
            (3, self._unregister),
            (2, self._touch_cr),
            (1, self._toggle_cr),
            (3, self._partition),
            (2, self._crash),
            (2, self._die_after_write),
            (2, self._restart),
            (2, self._jump),
            (2, self._leap),
            (2, self._wish),
            (2, self._plane.compact),
            (1, self._outage),
            (1, self._lose_secret),
            (1, self._lose_lease),
            (1, self._change_faults),
        ]
        act = self._rng.choices([act for _, act in acts], [weight for weight, _ in acts])[0]
        self.counts[act.__name__.strip("_")] += 1
        act()

    def _register(self) -> None:
        """One plugin comes or goes, or declares another overhead."""
        name = self._rng.choice(PLUGINS)
        if name in self._overheads and self._rng.random() < 0.5:
            del self._overheads[name]
        else:
            self._overheads[name] = self._rng.choice(OVERHEADS)
            self._declared[name].add(self._overheads[name])
        if CR in self._plane.objects:
            self._put_cr()

    def _unregister(self) -> None:
        self._overheads.clear()
        if CR in self._plane.objects:
            self._put_cr()

    def _touch_cr(self) -> None:
        if CR in self._plane.objects:
            self._plane.store(CR, self._plane.objects[CR])

    def _toggle_cr(self) -> None:
        if CR in self._plane.objects:
            self._plane.remove(CR)
            self._note_registered()
        else:
            self._put_cr()

    def _partition(self) -> None:
        self._any().machine.cut_until = self._plane.now + self._rng.choice((1, 10, 60)) * self._rng.random()

    def _crash(self) -> None:
        self._any().crash()

    def _die_after_write(self) -> None:
        self._any().machine.dies_after_write = True

    def _restart(self) -> None:
        self._any().stop()

    def _jump(self) -> None:
        machine = self._any().machine
        machine.ahead = 0.0 if machine.ahead else self._rng.choice((-1, 1)) * 10 ** self._rng.uniform(0, 8)

    def _leap(self) -> None:
        """Days pass in which nothing happens."""
        self._plane.leap += self._rng.uniform(0, 25) * 86400

    def _wish(self) -> None:
        if SECRET in self._plane.objects:
            wish = {"metadata": {"annotations": {RENEW: self._rng.choice(("leaf", "ca"))}}}
            self._plane.store(SECRET, patched(self._plane.objects[SECRET], wish, "application/merge-patch+json"))

    def _outage(self) -> None:
        self._plane.down_until = self._plane.now + self._rng.uniform(0, 40)

    def _lose_secret(self) -> None:
        if SECRET in self._plane.objects:
            self._plane.remove(SECRET)

    def _lose_lease(self) -> None:
        """Somebody deletes the Lease while nobody leads by it, and nobody is about to learn that it leads: that would make two leaders."""
        if LEASE in self._plane.objects and self._plane.now >= self._led_until:
            self._plane.remove(LEASE)

    def _change_faults(self) -> None:
        self._plane.faults = self._faults()

    def _any(self) -> Replica:
        return self._rng.choice(self._replicas)

    # What is asked

    async def _vms(self) -> None:
        while True:
            await asyncio.sleep(self._rng.expovariate(1))
            replica = self._serving()
            if replica is not None:
                await self._vm(replica, self._rng.choice(PLUGINS))

    async def _vm(self, replica: Replica, plugin: str) -> Response | None:
        began = self._plane.now
        response = await replica.review("/validate", review(vm_object(interface(binding={"name": plugin}))), SECONDS)
        if response is None:
            self.counts["VMs unanswered"] += 1
        elif response["allowed"]:
            self.counts["VMs admitted"] += 1
        else:
            self._denied(replica, plugin, began, response)
        return response

    def _denied(self, replica: Replica, plugin: str, began: float, response: Response) -> None:
        """What nobody could read again may be as old as a registry is believed; all else is true at some time of the review."""
        doubted = response["auditAnnotations"].get("confirmation") == "failed"
        self.counts["VMs denied unconfirmed" if doubted else "VMs denied"] += 1
        since = began - (TRUSTED_SECONDS + SECONDS if doubted else 0.0)
        if self._was_registered_since(plugin, since):
            self._violate(
                "no false denial", f"{replica.machine.name} denied {plugin}, asked at {began:.3f}: {response['status']['message']}"
            )

    def _was_registered_since(self, plugin: str, since: float) -> bool:
        history = self._registered[plugin]
        before = [registered for at, registered in history if at <= since][-1:]
        return all([*before, *(registered for at, registered in history if at > since)])

    async def _pods(self) -> None:
        while True:
            await asyncio.sleep(self._rng.expovariate(1 / 2))
            await self._pod(self._rng.choice(PLUGINS))

    async def _pod(self, plugin: str) -> None:
        """A launcher pod is created: asked about once, or again, of any replica, as the API server does after other webhooks."""
        path = "/apis/kubevirt.io/v1/namespaces/shop/virtualmachineinstances/web"
        self._plane.objects[path] = vmi_of(plugin, uid=UID)
        created = pod()
        for _ in range(self._rng.choice((1, 2, 2, 3))):
            replica = self._serving()
            body = pod_review(created, userInfo={"username": KUBEVIRT})
            response = None if replica is None else await replica.review("/mutate", body, SECONDS)
            patch = json.loads(base64.b64decode(response["patch"])) if response is not None and response.get("patch") else []
            created = patched(created, patch, "application/json-patch+json")
            self.counts["pods patched" if patch else "pods left"] += 1
            await asyncio.sleep(self._rng.choice((0, 0, 3)))
        self._check_pod(plugin, created)

    def _check_pod(self, plugin: str, created: Object) -> None:
        memory = parse_quantity(created["spec"]["containers"][0]["resources"]["requests"]["memory"])
        fine = {BASE.nanos, *(BASE.nanos + parse_quantity(each).nanos for each in self._declared[plugin])}
        if memory.nanos not in fine:
            self._violate("no pod changed twice", f"a pod of {plugin} has {memory}; declared: {sorted(self._declared[plugin])}")

    def _serving(self) -> Replica | None:
        ready = [replica for replica in self._replicas if replica.in_service]
        return self._rng.choice(ready) if ready else None

    # What must hold

    def _violate(self, invariant: str, told: str) -> None:
        if self._violation is None:
            self._violation = ViolationError(invariant, told, self.seed, self._plane.now)
        self._violated.set()

    def _unheard(self, _loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        self._violate("no mistake of ours", f"{context.get('message')}: {context.get('exception')!r}")

    async def _kubelet(self, replica: Replica) -> None:
        while True:
            await asyncio.sleep(self._rng.uniform(1, 3))
            ready = await replica.probe()
            replica.in_service = ready
            self.counts["probes ready" if ready else "probes not ready"] += 1
            if ready:
                self._check_ready(replica)

    def _check_ready(self, replica: Replica) -> None:
        registry, certificate = replica.registry, replica.certificate
        if registry is None or registry.state is State.UNREAD:
            self._violate("readiness never lies", f"{replica.machine.name} is ready and has no registry")
        if certificate is None or certificate.source is None:
            self._violate("readiness never lies", f"{replica.machine.name} is ready and has no certificate")
            return
        if abs(replica.machine.ahead) > 60:
            return  # it cannot know what has expired
        leaf, now = certificate.source.pair.chain[0], datetime.fromtimestamp(self._plane.wall, UTC)
        if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
            self._violate("readiness never lies", f"{replica.machine.name} serves a leaf that is valid until {leaf.not_valid_after_utc}")
        for number, cache in enumerate(self._caches):
            for path, cached in cache.items():
                for webhook in cached["webhooks"]:
                    bundle = base64.b64decode(webhook["clientConfig"].get("caBundle", ""))
                    if bundle and not _trusts(bundle, leaf, now) and leaf.public_bytes(Encoding.PEM) not in self._begun_alone:
                        self._violate(
                            "readiness never lies",
                            f"{replica.machine.name} serves a leaf that API server {number} does not trust by {path}",
                        )

    def _stored(self, path: str, obj: Object) -> None:
        """API servers learn of webhook configurations when they do."""
        if path == LEASE:
            self._led_until = self._plane.now + RENEW_SECONDS if obj.get("spec", {}).get("holderIdentity") else 0.0
        if path == SECRET:
            self._note_begun_alone(obj)
        if path in (VALIDATING, MUTATING):
            for cache, lag in zip(self._caches, self._lags, strict=True):
                asyncio.get_running_loop().call_later(lag if path in cache else 0.0, cache.__setitem__, path, obj)

    def _note_begun_alone(self, stored: Object) -> None:
        data = {key: base64.b64decode(value) for key, value in stored.get("data", {}).items()}
        now = datetime.fromtimestamp(self._plane.wall, UTC)
        leaf = usable_contents(data, now).leaf
        if leaf is None:
            self._bare_since = self._bare_since or self._plane.now
            return
        unclaimed = self._bare_since and self._plane.now - self._bare_since >= UNCLAIMED_SECONDS - 1
        expired = self._latest is not None and self._latest.not_valid_after_utc <= now
        if unclaimed or expired:
            self._begun_alone.add(leaf.public_bytes(Encoding.PEM))
        self._bare_since, self._latest = 0.0, leaf

    def _writes(self, machine: Machine, path: str, body: Any, content_type: str) -> None:
        """Nobody writes but as he has read; and of those who believe that they lead, there is one."""
        self.counts["writes"] += 1
        version = next((each["value"] for each in body if each["op"] == "test"), None) if isinstance(body, list) else None
        if isinstance(body, dict):
            version = body["metadata"].get("resourceVersion")
        if version is None and content_type != APPLY:
            self._violate("one leader writes", f"{machine.name} writes {path} without a resourceVersion")
        self._check_leaders()

    def _check_leaders(self) -> None:
        leading = [replica.machine.name for replica in self._replicas if replica.leads and replica.machine.alive]
        if len(leading) > 1:
            self._violate("one leader writes", f"{' and '.join(leading)} believe that they lead")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            self._check_leaders()

    def _mend(self) -> None:
        self._plane.faults, self._plane.down_until = Faults(), 0.0
        for replica in self._replicas:
            replica.machine.cut_until, replica.machine.ahead, replica.machine.dies_after_write = 0.0, 0.0, False

    async def _healed(self) -> None:
        """Once all faults are over, all is well by itself."""
        began = self._plane.now
        while (reason := self._unwell() or await self._misjudged()) is not None:
            if self._plane.now > began + HEALS_WITHIN:
                self._violate("it heals", reason)
                return
            await asyncio.sleep(1)
        self.counts["seconds to heal"] += round(self._plane.now - began)

    def _unwell(self) -> str | None:
        waiting = [replica.machine.name for replica in self._replicas if not replica.in_service]
        if waiting:
            return f"{', '.join(waiting)} not ready"
        if not any(replica.leads for replica in self._replicas):
            return "nobody leads"
        served = {
            each.source.pair.chain[0] for replica in self._replicas if (each := replica.certificate) is not None and each.source is not None
        }
        return None if len(served) == 1 else f"{len(served)} certificates are served"

    async def _misjudged(self) -> str | None:
        for plugin in PLUGINS:
            for replica in self._replicas:
                response = await self._vm(replica, plugin)
                if response is None or response["allowed"] is not self._registered[plugin][-1][1]:
                    return f"{replica.machine.name} answers about {plugin}: {response}"
        return None


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def _trusts(bundle: bytes, leaf: x509.Certificate, now: datetime) -> bool:
    return any(is_issued_by(leaf, ca) for ca in cas_in(bundle, now))


MISTAKES = (
    "certificate controller failed",
    "watch failed",
    "polling the certificate's Secret failed",
    "registry not read",
    "watcher failed",
)
"""What is logged when code of ours raised what it should not."""


def simulate(seed: int) -> Counter[str]:
    """Run the simulation of a seed; what came about. `ViolationError` when something did not hold."""
    loop = VirtualLoop()
    with (
        tempfile.TemporaryDirectory() as directory,
        going_by(loop),
        capture_logs() as logs,
        asyncio.Runner(loop_factory=lambda: loop) as runner,
    ):
        return runner.run(_simulated(seed, Path(directory), logs))


async def _simulated(seed: int, directory: Path, logs: Sequence[Mapping[str, Any]]) -> Counter[str]:
    story = Story(seed, directory)
    await story.tell()
    for line in logs:
        if line["event"] in MISTAKES:
            raise ViolationError("no mistake of ours", str(line), seed, asyncio.get_running_loop().time())
    return story.counts
