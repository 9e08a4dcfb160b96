"""Which step is next, in every state that a managed certificate can get into; and that nothing that happens in between breaks it."""

import functools
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webhook.tls.checks import is_issued_by
from webhook.tls.managed import RENEW, RENEWALS, SETTLE_SECONDS, UNCLAIMED_SECONDS, CertificateState, Publish, Step, Wait, Write, next_step
from webhook.tls.secret_contents import CA, CA_KEY, CERT, KEY, MAX_CAS, cas_in, usable_contents

from .builders import DAY, NAME, NOW, ca, leaf, made, rsa_key

NAMES = (NAME, "bindguard.bindguard")
WELL_SETTLED = SETTLE_SECONDS + 1


class World:
    """A Secret and the caBundles of two webhooks, and a leader that takes the steps."""

    def __init__(self) -> None:
        self.secret: dict[str, bytes] = {}
        self.wish = ""
        self.bundles = [b"", b""]
        self.now = NOW
        self.settled = 0.0
        self.unclaimed = 0.0
        self.names: tuple[str, ...] = NAMES

    def state(self) -> CertificateState:
        return CertificateState(
            secret=self.secret,
            renewal=self.wish,
            bundles=self.bundles,
            settled_seconds=self.settled,
            unclaimed_seconds=self.unclaimed,
            names=self.names,
            now=self.now,
        )

    def next(self) -> Step:
        return next_step(self.state())

    def take(self, step: Step) -> None:
        match step:
            case Write():
                self.settled = 0.0 if CA in step.data else self.settled
                self.secret |= step.data
                self.wish = "" if step.completes_renewal else self.wish
            case Publish(bundle):
                self.bundles = [bundle for _ in self.bundles]
                self.settled = 0.0

    def steps(self) -> list[str]:
        """Take steps until there is nothing to do for now; what they were."""
        taken: list[str] = []
        while not isinstance(step := self.next(), Wait):
            taken.append(step.event if isinstance(step, Write) else "published")
            self.take(step)
            assert len(taken) < 10, taken
        return taken

    def rest(self) -> list[str]:
        """What is done once everything published has settled."""
        self.settled = WELL_SETTLED
        return self.steps()

    def pause(self) -> float:
        step = self.next()
        assert isinstance(step, Wait), step
        return step.seconds

    def forward(self, days: float) -> None:
        self.now += timedelta(days=days)

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.secret[CERT])

    @property
    def cas(self) -> tuple[x509.Certificate, ...]:
        return cas_in(self.secret[CA], self.now)

    def trusted(self) -> int:
        return len(self.cas)


@pytest.fixture
def begun() -> World:
    """The state after a first start."""
    world = World()
    world.steps()
    return world


def is_well(world: World) -> None:
    """A leaf of the signing CA, with its key, for the names, and trusted everywhere."""
    held = usable_contents(world.secret, world.now)
    assert held.leaf is not None
    assert held.signer is not None
    assert held.issuer == held.signer.certificate
    assert world.bundles == [world.secret[CA]] * len(world.bundles)


def test_at_the_first_start_ca_bundle_and_certificate_are_made_at_once(begun: World) -> None:
    world = World()
    assert world.steps() == ["CA created", "published", "certificate issued"]
    is_well(world)
    assert world.leaf.not_valid_after_utc == NOW + 90 * DAY
    assert [each.not_valid_after_utc for each in world.cas] == [NOW + 730 * DAY]
    is_well(begun)


def test_a_certificate_is_renewed_at_two_thirds_of_its_life_and_nothing_else_is_touched(begun: World) -> None:
    first, bundle = begun.secret[CERT], begun.secret[CA]
    assert begun.pause() == pytest.approx(60 * 86400, rel=0.001)
    begun.forward(59.9)
    assert begun.steps() == []
    begun.forward(0.2)
    assert begun.steps() == ["certificate issued"]
    assert begun.secret[CERT] != first
    assert begun.secret[CA] == bundle
    is_well(begun)


def test_each_step_is_taken_when_the_wait_for_it_is_over(begun: World) -> None:
    begun.wish = "ca"
    begun.steps()
    assert begun.rest() == ["certificate issued"]
    begun.now += timedelta(seconds=begun.pause())
    assert begun.steps() == ["certificate issued"]
    assert begun.pause() == pytest.approx(31 * 86400, rel=0.001)
    begun.now += timedelta(seconds=begun.pause())
    assert begun.steps() == ["CA bundle updated", "published"]


def test_a_ca_is_replaced_exactly_when_it_has_180_days_to_live(begun: World) -> None:
    begun.now = NOW + 550 * DAY - timedelta(seconds=1)
    assert "CA created" not in begun.steps()
    begun.now = NOW + 550 * DAY
    assert "CA created" in begun.steps()


def test_a_wait_for_a_deadline_lasts_at_least_a_second(begun: World) -> None:
    begun.now += timedelta(seconds=begun.pause() - 0.25)
    assert begun.pause() == 1


def test_a_new_ca_settles_to_the_end(begun: World) -> None:
    begun.wish = "ca"
    begun.steps()
    begun.settled = SETTLE_SECONDS - 0.5
    assert begun.pause() == 0.5
    begun.settled = SETTLE_SECONDS
    assert begun.steps() == ["certificate issued"]


def test_each_write_has_its_reason(begun: World) -> None:
    assert reason(World()) == "the Secret holds no CA with its key that is valid now"
    begun.wish = "bundle"
    assert reason(begun) == "it must have exactly the CAs whose certificates may be in use"
    begun.wish = ""
    begun.forward(91)
    assert reason(begun) == "the certificate has expired"
    begun.secret |= {CERT: b""}
    begun.unclaimed = UNCLAIMED_SECONDS
    assert reason(begun) == "the Secret holds no certificate with its key that can be served"


def reason(world: World) -> str:
    step = world.next()
    assert isinstance(step, Write)
    return step.reason


def test_a_ca_is_replaced_while_every_leaf_of_it_can_end_in_peace(begun: World) -> None:
    for _ in range(54):
        begun.forward(10)
        assert "CA created" not in begun.rest()
    begun.settled = 0.0
    begun.forward(10)
    assert begun.steps() == ["CA created", "published"]
    old = begun.leaf
    assert begun.now + 180 * DAY >= begun.cas[1].not_valid_after_utc
    assert [len(cas_in(each, begun.now)) for each in begun.bundles] == [2, 2]
    assert is_issued_by(old, begun.cas[1])
    assert begun.pause() == SETTLE_SECONDS
    assert old == begun.leaf
    assert begun.rest() == ["certificate issued"]
    assert is_issued_by(begun.leaf, begun.cas[0])
    assert old.not_valid_after_utc < begun.cas[1].not_valid_after_utc


def test_an_old_ca_goes_when_its_last_leaf_has_expired(begun: World) -> None:
    begun.wish = "ca"
    begun.steps()
    begun.rest()
    begun.forward(59)
    assert begun.steps() == []
    assert begun.trusted() == 2
    begun.forward(33)
    assert begun.steps() == ["CA bundle updated", "published", "certificate issued"]
    assert [len(cas_in(each, begun.now)) for each in begun.bundles] == [1, 1]
    is_well(begun)


@pytest.mark.parametrize(
    ("wish", "at_once", "later"),
    [
        ("leaf", ["certificate issued"], []),
        ("ca", ["CA created", "published"], ["certificate issued"]),
        ("bundle", ["CA bundle updated"], []),
        ("everything", [], []),
    ],
)
def test_a_wish_is_granted_once(begun: World, wish: str, at_once: list[str], later: list[str]) -> None:
    begun.settled = WELL_SETTLED
    begun.wish = wish
    assert begun.steps() == at_once
    assert begun.rest() == later
    assert begun.wish == ("everything" if wish == "everything" else "")
    is_well(begun)


def test_old_cas_go_at_once_when_that_is_wished_but_never_that_of_the_leaf(begun: World) -> None:
    begun.wish = "ca"
    begun.steps()
    begun.wish = "bundle"
    begun.steps()
    assert begun.trusted() == 2
    begun.rest()
    begun.wish = "bundle"
    assert begun.steps() == ["CA bundle updated", "published"]
    assert begun.trusted() == 1
    is_well(begun)


def test_a_deleted_secret_is_made_anew_and_what_was_trusted_stays_trusted(begun: World) -> None:
    lost = begun.leaf
    begun.secret = {}
    assert begun.steps() == ["CA created", "published"]
    assert all(any(is_issued_by(lost, each) for each in cas_in(bundle, NOW)) for bundle in begun.bundles)
    assert begun.secret[CERT] == begun.secret[KEY] == b""
    assert begun.rest() == ["certificate issued"]
    is_well(begun)


def test_where_nobody_puts_a_lost_certificate_back_nobody_waits_for_the_new_ca_to_settle(begun: World) -> None:
    begun.secret = {}
    assert begun.steps() == ["CA created", "published"]
    assert begun.pause() == UNCLAIMED_SECONDS
    begun.unclaimed = begun.settled = UNCLAIMED_SECONDS
    assert begun.steps() == ["certificate issued"]
    is_well(begun)


def test_a_certificate_that_was_put_back_is_served_until_the_new_ca_has_settled(begun: World) -> None:
    pair = {key: begun.secret[key] for key in (CERT, KEY)}
    begun.secret = {}
    begun.steps()
    begun.secret |= pair
    begun.settled = UNCLAIMED_SECONDS
    assert begun.pause() == SETTLE_SECONDS - UNCLAIMED_SECONDS
    assert begun.rest() == ["certificate issued"]
    is_well(begun)


def test_a_caBundle_that_somebody_overwrote_is_put_right(begun: World) -> None:  # noqa: N802 - it is a field's name
    for foreign in (b"", b"nonsense", ca().cert_pem, begun.secret[CA] + ca().cert_pem):
        begun.bundles = [begun.secret[CA], foreign]
        assert begun.steps() == ["published"]
        is_well(begun)


def test_other_names_mean_another_certificate_of_the_same_ca(begun: World) -> None:
    before = begun.cas
    begun.names = ("other.svc",)
    assert begun.steps() == ["certificate issued"]
    assert begun.cas == before
    is_well(begun)


STRANGER = ca("a stranger")
OTHER_LEAF = leaf(STRANGER, *NAMES)
OF_RSA = made(is_ca=True, key=rsa_key())

GARBAGE: Mapping[str, Mapping[str, bytes]] = {
    "no certificate": {CERT: b""},
    "no key": {KEY: b""},
    "a certificate cut off": {CERT: OTHER_LEAF.cert_pem[:100]},
    "another key": {KEY: OTHER_LEAF.key_pem},
    "a stranger's certificate": {CERT: OTHER_LEAF.cert_pem, KEY: OTHER_LEAF.key_pem},
    "no CA": {CA: b""},
    "no CA key": {CA_KEY: b""},
    "another CA's key": {CA_KEY: STRANGER.key_pem},
    "a CA of RSA": {CA: OF_RSA.cert_pem, CA_KEY: OF_RSA.key_pem},
    "a leaf for a CA": {CA: OTHER_LEAF.cert_pem, CA_KEY: OTHER_LEAF.key_pem},
    "noise": dict.fromkeys((CERT, KEY, CA, CA_KEY), b"\x00\xff noise -----BEGIN"),
    "a CA of next year": {CA: made(is_ca=True, start=NOW + 365 * DAY, end=NOW + 3650 * DAY).cert_pem},
    "many CAs": {CA: STRANGER.cert_pem * 1000},
}


@pytest.mark.parametrize("what", GARBAGE)
def test_whatever_is_in_the_secret_it_ends_well_and_what_was_trusted_stays_trusted(begun: World, what: str) -> None:
    served = begun.leaf
    begun.secret |= GARBAGE[what]
    begun.steps()
    assert all(any(is_issued_by(served, each) for each in cas_in(bundle, NOW)) for bundle in begun.bundles)
    begun.rest()
    is_well(begun)


@pytest.mark.parametrize("days", [-4000, -400, -1, 80, 100, 549, 729, 731, 4000])
def test_after_a_clock_jump_and_after_the_jump_back_it_ends_well(begun: World, days: float) -> None:
    begun.forward(days)
    begun.steps()
    begun.rest()
    is_well(begun)
    begun.forward(-days)
    begun.steps()
    begun.rest()
    is_well(begun)


def test_where_everything_has_expired_nobody_waits(begun: World) -> None:
    begun.forward(1000)
    assert begun.steps() == ["CA created", "published", "certificate issued"]
    is_well(begun)


def test_an_expired_certificate_is_replaced_at_once(begun: World) -> None:
    begun.wish = "ca"
    begun.steps()
    begun.forward(90.5)
    assert begun.steps() == ["certificate issued"]
    is_well(begun)


def test_a_pair_of_another_tool_serves_on_until_ours_is_trusted() -> None:
    """As after a change from cert-manager, which leaves a Secret of the same name."""
    world = World()
    world.secret = {CERT: OTHER_LEAF.cert_pem, KEY: OTHER_LEAF.key_pem, CA: STRANGER.cert_pem}
    world.bundles = [STRANGER.cert_pem] * 2
    assert world.steps() == ["CA created", "published"]
    assert world.leaf == OTHER_LEAF.certificate
    assert STRANGER.certificate in cas_in(world.bundles[0], NOW)
    assert world.rest() == ["certificate issued"]
    is_well(world)


def test_without_any_configuration_the_certificate_is_made_all_the_same() -> None:
    world = World()
    world.bundles = []
    assert world.steps() == ["CA created", "certificate issued"]


def test_no_bundle_grows_without_end(begun: World) -> None:
    served = begun.leaf
    for _ in range(20):
        begun.wish = "ca"
        begun.steps()
    assert begun.trusted() == MAX_CAS
    assert any(is_issued_by(served, each) for each in begun.cas)
    begun.rest()
    is_well(begun)


def test_the_secrets_content_is_in_no_repr(begun: World) -> None:
    begun.wish = "leaf"
    assert b"PRIVATE".decode() not in repr(begun.state()) + repr(begun.next())


class Cluster(World):
    """The world with its lags: API servers that know older bundles yet, replicas that serve older leaves yet, leaders that come and go.

    Attributes:
        known: The bundles that some API server may still go by, each with the time at which it was replaced; the newest without.
        served: Leaves that some replica may still show, any of them for as long as it is valid, for a replica may be cut off; and since
            when each must verify everywhere.
    """

    LAG = 60.0

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.seen: tuple[bytes, float] = (b"", 0.0)
        self.known: list[tuple[list[bytes], float | None]] = [(list(self.bundles), None)]
        self.served: list[tuple[x509.Certificate, float]] = []

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)
        self.known = [each for each in self.known if each[1] is None or self.seconds < each[1] + self.LAG]

    def lead(self, *, crashes: bool) -> Step:
        """One look of a leader; one that crashes takes the step, and is followed by one who knows nothing of it."""
        wanted = self.secret.get(CA, b"")
        if any(each != wanted for each in self.bundles):
            self.seen = (b"", self.seconds)
        elif self.seen[0] != wanted:
            self.seen = (wanted, self.seconds)
        self.settled = self.seconds - self.seen[1]
        step = self.next()
        self.take(step)
        if crashes:
            self.seen = (b"", self.seconds)
        return step

    def half_publish(self) -> None:
        """A leader that dies between the two configurations."""
        step = self.next()
        if isinstance(step, Publish):
            self.replaced([step.bundle, self.bundles[1]])

    def take(self, step: Step) -> None:
        before = list(self.bundles)
        super().take(step)
        if self.bundles != before:
            after, self.bundles = self.bundles, before
            self.replaced(after)
        if isinstance(step, Write) and step.data.get(CERT):
            lag = 0.0 if self.valid() else self.LAG  # where nothing could be shown any more, nothing is lost by not waiting
            self.served.append((self.leaf, self.seconds + lag))

    def replaced(self, bundles: list[bytes]) -> None:
        self.known[-1] = (self.known[-1][0], self.seconds)
        self.bundles = bundles
        self.known.append((list(bundles), None))

    def valid(self) -> list[tuple[x509.Certificate, float]]:
        return [each for each in self.served if each[0].not_valid_before_utc <= self.now <= each[0].not_valid_after_utc]

    def trusts_all(self) -> bool:
        """Whether every leaf that may be shown verifies wherever it may be asked for, once a leaf verified at all."""
        valid = [shown for shown, since in self.valid() if since <= self.seconds]
        bundles = [bundle for known, _ in self.known for bundle in known]
        return all(any(is_issued_by(shown, each) for each in cas_in(bundle, self.now)) for bundle in bundles for shown in valid)


def _started() -> Cluster:
    cluster = Cluster()
    cluster.steps()
    cluster.wait(Cluster.LAG)
    return cluster


MOVES = st.lists(
    st.one_of(
        st.sampled_from(["look", "look", "crash", "half", "ca", "leaf", "delete", "garble key", "garble ca key"]),
        st.sampled_from([1.0, 5.0, 70.0, 130.0, 86400.0, 30 * 86400.0, 70 * 86400.0]),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(moves=MOVES)
@example(moves=["ca", 70 * 86400.0, "look", 30 * 86400.0])
def test_every_leaf_that_a_replica_may_show_verifies_wherever_it_is_asked_for_whatever_happens_when(moves: list[str | float]) -> None:
    cluster = _started()
    for move in moves:
        _happen(cluster, move)
        assert cluster.trusts_all(), move
    for _ in range(30):
        cluster.wait(10)
        cluster.lead(crashes=False)
        assert cluster.trusts_all()
    is_well(cluster)
    assert cluster.wish == ""


def _happen(cluster: Cluster, move: str | float) -> None:
    match move:
        case float():
            cluster.wait(move)
        case "look" | "crash":
            cluster.lead(crashes=move == "crash")
        case "half":
            cluster.half_publish()
        case "ca" | "leaf":
            cluster.wish = str(move)
        case "delete":
            cluster.secret = {}
        case "garble key":
            cluster.secret |= {KEY: b"garbage"}
        case _:
            cluster.secret |= {CA_KEY: STRANGER.key_pem}


@settings(max_examples=60)
@given(data=st.data())
def test_from_any_secret_and_any_bundles_at_any_time_it_ends_well_within_few_steps(data: st.DataObject) -> None:
    pieces = [b"", b"noise", STRANGER.cert_pem, STRANGER.key_pem, OTHER_LEAF.cert_pem, OTHER_LEAF.key_pem, *_of_a_first_start().values()]
    world = World()
    world.secret = {key: data.draw(st.sampled_from(pieces)) for key in data.draw(st.sets(st.sampled_from((CERT, KEY, CA, CA_KEY))))}
    world.bundles = data.draw(st.lists(st.sampled_from(pieces), max_size=3))
    world.now = NOW + data.draw(st.floats(-1000, 1000)) * DAY
    world.wish = data.draw(st.sampled_from(["", "leaf", "ca", "bundle", "?"]))
    world.steps()
    world.rest()
    is_well(world)


@functools.cache
def _of_a_first_start() -> dict[str, bytes]:
    world = World()
    world.steps()
    return world.secret


def test_each_renewal_that_can_be_requested_is_documented_as_a_command() -> None:
    page = (Path(__file__).parents[2] / "certs/README.md").read_text()
    assert [each for each in RENEWALS if f"annotate secret bindguard-tls {RENEW}={each} " not in page] == []


def test_no_clock_is_read() -> None:
    world = World()
    world.now = datetime(2031, 2, 3, tzinfo=NOW.tzinfo)
    world.steps()
    assert world.leaf.not_valid_before_utc == world.now - timedelta(minutes=5)
