"""A cluster as one value: what is stored, what API servers may still go by, and where each replica is. And all that can happen next.

What API servers trust is the set of all caBundles that any of them may still hold in its cache: the stored one, and each before it until
it has been replaced for as long as a new CA settles. So one state stands for any number of API servers, each as late as it likes.
"""

import base64
import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

from cryptography import x509

from tests.runtime.certificate.rotation.product import (
    KEYS,
    PATHS,
    SETTLED,
    Answer,
    Configured,
    Memory,
    PemPair,
    Product,
    Refused,
    Request,
    Served,
    Stored,
    at,
)
from webhook.tls.checks import is_issued_by
from webhook.tls.managed import RENEW, RENEWALS
from webhook.tls.secret_contents import CA, CA_KEY, CERT, KEY, cas_in, usable_contents

GARBAGE = b"garbage"
FOREIGN = b"foreign"
Excused = frozenset[bytes]
_NOBODY: Excused = frozenset()


class Copy(NamedTuple):
    """A caBundle that was replaced so many ticks ago, and that an API server may not yet know to be replaced.

    Attributes:
        excused: CAs whose leaves need not verify by it: nobody could have helped it.
    """

    bundle: bytes
    excused: Excused
    ticks: int = 0


class Trust(NamedTuple):
    """A configuration, and what was in it before."""

    stored: Configured
    excused: Excused = _NOBODY
    before: tuple[Copy, ...] = ()


class Look(NamedTuple):
    """A leader's look, at one of its requests.

    Attributes:
        begins: Whether it is the first one after an election.
    """

    begins: bool
    answers: tuple[Answer, ...] = ()
    fresh: int = 0


class Replica(NamedTuple):
    served: Served = Served()
    memory: Memory = Memory()
    look: Look | None = None
    leads: bool = False
    following: tuple[Answer, ...] = ()


class Left(NamedTuple):
    """How often each may still happen."""

    elections: int = 0
    faults: int = 0
    wishes: int = 0
    foreign: int = 0
    damage: int = 0
    seasons: int = 0


class State(NamedTuple):
    left: Left
    replicas: tuple[Replica, ...]
    secret: Stored | None = None
    trust: tuple[Trust, ...] = ()
    made: int = 0
    day: int = 0


class Rules(NamedTuple):
    """What a world rules out.

    Attributes:
        alone: One replica leads at a time; otherwise as many as like to, as if there were no election.
        punctual: A look has ended when another replica leads; otherwise it goes on as that of a process that sleeps does.
        generations: The API server counts how often a configuration was changed.
        wishes: What somebody may ask for.
        writes: Which caBundles somebody else may write.
        spoils: Which keys of the Secret somebody may spoil, who may always delete it.
    """

    alone: bool = True
    punctual: bool = False
    generations: bool = True
    wishes: tuple[str, ...] = RENEWALS
    writes: tuple[str, ...] = ("an old", "another", "no")
    spoils: tuple[str, ...] = (KEY, CA_KEY, CA)


class World:
    """What can happen to a state, and what must hold in it."""

    def __init__(self, product: Product, rules: Rules) -> None:
        self._product = product
        self._rules = rules

    def empty(self, replicas: int, left: Left) -> State:
        """Before a first start."""
        trust = tuple(Trust(Configured(kind, self._rules.generations)) for kind in range(2))
        return State(left, (Replica(),) * replicas, trust=trust)

    def after(self, state: State) -> Iterator[tuple[str, State]]:
        """Everything that can happen next, by name."""
        if not any(self._will_put_back(state, each) for each in state.replicas):
            yield "time passes", _later(state)
        for place, replica in enumerate(state.replicas):
            yield from ((f"replica {place} {what}", after) for what, after in self._by(state, place, replica))
        if state.left.faults:
            spent = _spent(state, "faults")
            for place in range(len(state.replicas)):
                yield f"replica {place} dies and begins anew", _replica(spent, place, Replica())
        if state.left.seasons:
            yield "two months pass", _much_later(_spent(state, "seasons"))
        yield from self._from_outside(state)

    def wrong(self, state: State) -> str | None:
        """A pair that a ready replica serves and some API server refuses; `None` when there is none."""
        for place, replica in enumerate(state.replicas):
            leaf = replica.served.shown
            if leaf is None or not _is_valid(leaf, state.day):
                continue
            for trust in state.trust:
                for copy in (Copy(trust.stored.bundle, trust.excused), *trust.before):
                    if _ca_of(leaf[0]) not in copy.excused and not _verifies(leaf[0], copy.bundle, state.day):
                        return f"replica {place} serves what a caBundle of {copy.ticks} ticks ago does not verify"
        return None

    def _by(self, state: State, place: int, replica: Replica) -> Iterator[tuple[str, State]]:
        if not replica.leads:
            if state.left.elections:
                yield "leads", self._looking(_spent(state, "elections"), place, begins=True)
        elif replica.look is None:
            yield "looks", self._looking(state, place, begins=False)
        if replica.look is not None:
            request = self._keep(state, replica.memory, replica.look)
            assert isinstance(request, Request)
            yield f"asks {_named(request)}", self._answered(*_served(state, request), place)
            if state.left.faults:
                yield f"is refused {_named(request)}", self._answered(_spent(state, "faults"), Refused(500), place)
                if request.body is not None:
                    done, _ = _served(_spent(state, "faults"), request)
                    yield f"does not hear of {_named(request)}", self._answered(done, Refused(500), place)
        yield from self._follows(state, place, replica)

    def _follows(self, state: State, place: int, replica: Replica) -> Iterator[tuple[str, State]]:
        request = self._product.follow(replica.served, replica.following, state.day)
        assert isinstance(request, Request)
        done, answer = _served(state, request)
        answers = (*replica.following, answer)
        found = self._product.follow(replica.served, answers, state.day)
        after = replica._replace(following=(), served=found) if isinstance(found, Served) else replica._replace(following=answers)
        if done is not state or after != replica:
            yield f"follows: {_named(request)}", _replica(done, place, after)

    def _will_put_back(self, state: State, replica: Replica) -> bool:
        """Whether it serves what the Secret has lost: it does not wait with that for a minute."""
        if replica.following:
            return True
        return state.secret is not None and isinstance(self._product.follow(replica.served, (state.secret,), state.day), Request)

    def _looking(self, state: State, place: int, *, begins: bool) -> State:
        """A look begins, up to its first answer; a look before it is over."""
        replicas = tuple(map(self._deposed, state.replicas)) if begins and self._rules.alone else state.replicas
        one = replicas[place]._replace(leads=True, look=Look(begins, fresh=state.made + 1))
        looking = state._replace(replicas=(*replicas[:place], one, *replicas[place + 1 :]))
        request = self._keep(looking, one.memory, Look(begins))
        assert isinstance(request, Request)
        return self._answered(*_served(looking, request), place)

    def _deposed(self, replica: Replica) -> Replica:
        return replica._replace(leads=False, look=None if self._rules.punctual else replica.look)

    def _answered(self, state: State, answer: Answer, place: int) -> State:
        replica = state.replicas[place]
        look = replica.look
        assert look is not None
        look = look._replace(answers=(*look.answers, answer), fresh=look.fresh if _is_decided(look) else state.made + 1)
        found = self._keep(state, replica.memory, look)
        if isinstance(found, Memory):
            return _replica(state, place, replica._replace(look=None, memory=found))
        return _replica(state, place, replica._replace(look=look))

    def _keep(self, state: State, memory: Memory, look: Look) -> Request | Memory:
        return self._product.keep(look.begins, memory, look.answers, look.fresh, state.day)

    def _from_outside(self, state: State) -> Iterator[tuple[str, State]]:
        secret = state.secret
        if state.left.wishes and secret is not None and not secret.wish:
            for wish in self._rules.wishes:
                if wish != "bundle" or _all_serve_it(state, secret):
                    asked = secret._replace(wish=wish, version=secret.version + 1)
                    yield f"somebody asks for another {wish}", _spent(state, "wishes")._replace(secret=asked)
        if state.left.damage and secret is not None:
            spent = _spent(state, "damage")
            yield "the Secret is deleted", spent._replace(secret=None)
            for key in self._rules.spoils:
                spoilt = tuple(GARBAGE if each == key else value for each, value in zip(KEYS, secret.data, strict=True))
                yield f"{key} is spoilt", spent._replace(secret=secret._replace(data=spoilt, version=secret.version + 1))
        if state.left.foreign:
            bundles = {"an old": _oldest(state), "another": FOREIGN, "no": b""}
            for kind in range(len(state.trust)):
                for what, bundle in ((what, bundles[what]) for what in self._rules.writes):
                    yield f"somebody writes {what} caBundle", _written(_spent(state, "foreign"), kind, bundle, _unhelped(state))


def normal(state: State) -> State:
    """The same state with the smallest resourceVersions, and the replicas, which are alike, in an order of their own."""
    versions: dict[int | None, set[int]] = {}
    for kind, version in _known(state):
        versions.setdefault(kind, set()).add(version)
    rank = {(kind, version): place for kind, found in versions.items() for place, version in enumerate(sorted(found), 1)}

    def ranked(answer: Answer) -> Answer:
        if not isinstance(answer, Stored | Configured):
            return answer
        return answer._replace(version=rank[answer.kind, answer.version])

    def renumbered(stored: Configured) -> Configured:
        return stored._replace(version=rank[stored.kind, stored.version])

    def remembered(replica: Replica) -> Replica:
        memory = replica.memory
        if memory.unclaimed:
            memory = memory._replace(unclaimed=rank[None, memory.unclaimed])
        if memory.seen is not None and state.trust[0].stored.counted:
            bundle, generations = memory.seen
            memory = memory._replace(seen=(bundle, tuple(rank[kind, generation] for kind, generation in enumerate(generations))))
        return replica._replace(memory=memory)

    if any(version != place for (_, version), place in rank.items()):
        replicas = [
            each._replace(
                look=each.look and each.look._replace(answers=tuple(map(ranked, each.look.answers))),
                following=tuple(map(ranked, each.following)),
            )
            if each.look or each.following
            else each
            for each in map(remembered, state.replicas)
        ]
        secret = state.secret and state.secret._replace(version=rank[None, state.secret.version])
        trust = tuple(Trust(renumbered(each.stored), each.excused, each.before) for each in state.trust)
        state = State(state.left, tuple(replicas), secret, trust, state.made, state.day)
    ordered = tuple(sorted(state.replicas, key=hash))
    return state if ordered == state.replicas else state._replace(replicas=ordered)


def _known(state: State) -> Iterator[tuple[int | None, int]]:
    """Every resourceVersion that is stored, or was answered and may still count, with the kind of its object."""
    for replica in state.replicas:
        answers = (*(replica.look.answers if replica.look else ()), *replica.following)
        yield from ((each.kind, each.version) for each in answers if isinstance(each, Stored | Configured))
        if replica.memory.seen is not None and state.trust[0].stored.counted:
            yield from enumerate(replica.memory.seen[1])
        if replica.memory.unclaimed:
            yield None, replica.memory.unclaimed
    yield from ((each.stored.kind, each.stored.version) for each in state.trust)
    if state.secret is not None:
        yield None, state.secret.version


def _replica(state: State, place: int, replica: Replica) -> State:
    return state._replace(replicas=(*state.replicas[:place], replica, *state.replicas[place + 1 :]))


def _spent(state: State, what: str) -> State:
    return state._replace(left=state.left._replace(**{what: getattr(state.left, what) - 1}))


def _is_decided(look: Look) -> bool:
    """Whether the Secret, the last that is read, has been: what comes then is no longer decided by the clock."""
    return len(look.answers) >= len(PATHS)


def _aged(memory: Memory, ticks: int) -> Memory:
    settled = min(SETTLED, memory.ticks + ticks) if memory.seen else 0
    return memory._replace(ticks=settled, unclaimed_ticks=min(1, memory.unclaimed_ticks + ticks) if memory.unclaimed else 0)


def _later(state: State) -> State:
    return state._replace(replicas=tuple(map(_older, state.replicas)), trust=tuple(map(_settling, state.trust)))


def _older(replica: Replica) -> Replica:
    look = replica.look
    if look is not None and _is_decided(look):
        return replica
    return replica._replace(memory=_aged(replica.memory, 1))


def _settling(trust: Trust) -> Trust:
    return trust._replace(before=tuple(each._replace(ticks=each.ticks + 1) for each in trust.before if each.ticks + 1 < SETTLED))


def _much_later(state: State) -> State:
    """No look lasts as long, and nothing that was replaced is remembered."""
    replicas = tuple(each._replace(look=None, following=(), memory=_aged(each.memory, SETTLED)) for each in state.replicas)
    return state._replace(day=state.day + 61, replicas=replicas, trust=tuple(each._replace(before=()) for each in state.trust))


def _named(request: Request) -> str:
    what = ("the validating configuration", "the mutating configuration", "the Secret")[PATHS.index(request.path)]
    return f"to read {what}" if request.body is None else f"to write {what}"


def _served(state: State, request: Request) -> tuple[State, Answer]:
    """What an API server does and answers."""
    kind = PATHS.index(request.path)
    if kind < len(state.trust):
        stored = state.trust[kind].stored
        if request.body is None:
            return state, stored
        test, *adds = request.body
        if test["value"] != str(stored.version):
            return state, Refused(422)
        assert [each["path"] for each in adds] == ["/webhooks/0/clientConfig/caBundle"]
        return _written(state, kind, base64.b64decode(adds[0]["value"]), _NOBODY), None
    secret = state.secret
    if request.body is None:
        return state, Refused(404) if secret is None else secret
    if request.body == {}:
        newest = max((version for kind, version in _known(state) if kind is None), default=0)
        return (state._replace(secret=Stored(version=newest + 1)), None) if secret is None else (state, Refused(409))
    return _changed(state, secret, request.body)


def _changed(state: State, secret: Stored | None, patch: Any) -> tuple[State, Answer]:
    if secret is None:
        return state, Refused(404)
    if patch["metadata"]["resourceVersion"] != str(secret.version):
        return state, Refused(409)
    new = {key: base64.b64decode(value) for key, value in patch["data"].items()}
    data = tuple(new.get(key, value) for key, value in zip(KEYS, secret.data, strict=True))
    wish = "" if RENEW in patch["metadata"].get("annotations", {}) else secret.wish
    after = state._replace(secret=Stored(data, wish, secret.version + 1), made=state.made + 1)
    if new.get(CERT) and not any(each.served.shown and _is_valid(each.served.shown, state.day) for each in state.replicas):
        return _nobody_was_served(after, _ca_of(new[CERT])), None
    return after, None


def _nobody_was_served(state: State, ca: bytes) -> State:
    """Where no replica could serve anything, nothing is lost while API servers do not know its CA yet."""
    trust = tuple(
        Trust(each.stored, each.excused | {ca}, tuple(copy._replace(excused=copy.excused | {ca}) for copy in each.before))
        for each in state.trust
    )
    return state._replace(trust=trust)


def _written(state: State, kind: int, bundle: bytes, excused: Excused) -> State:
    stored, old_excused, before = state.trust[kind]
    if bundle == stored.bundle:
        return state
    others = tuple(each for each in before if (each.bundle, each.excused) != (stored.bundle, old_excused))
    now = Trust(stored._replace(bundle=bundle, version=stored.version + 1), excused, (Copy(stored.bundle, old_excused), *others))
    return state._replace(trust=tuple(now if place == kind else each for place, each in enumerate(state.trust)))


def _unhelped(state: State) -> Excused:
    """CAs whose leaves are served or may be any moment, when somebody else writes a caBundle: nobody could prevent that it refuses them."""
    pairs = [pair for each in state.replicas for pair in each.served]
    leaves = [pair[0] for pair in pairs if pair is not None]
    if state.secret is not None:
        leaves.append(state.secret.value(CERT))
    signing = state.secret is not None and any(each.look is not None for each in state.replicas)
    return frozenset([_ca_of(each) for each in leaves if each] + ([_signer(state.secret, state.day)] if signing and state.secret else []))


def _all_serve_it(state: State, secret: Stored) -> bool:
    """What docs tell to wait for before that wish."""
    pair = secret.value(CERT), secret.value(KEY)
    return all(each.served == Served(pair, pair) for each in state.replicas)


@functools.cache
def _ca_of(leaf: bytes) -> bytes:
    """Which CA has signed it, by the identifier of that CA's key."""
    if not leaf.startswith(b"-----BEGIN"):
        return b""
    return x509.load_pem_x509_certificate(leaf).extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier or b""


@functools.cache
def _signer(secret: Stored, day: int) -> bytes:
    signer = usable_contents(dict(zip(KEYS, secret.data, strict=True)), at(day)).signer
    if signer is None:
        return b""
    return signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


@functools.cache
def _is_valid(pair: PemPair, day: int) -> bool:
    leaf = x509.load_pem_x509_certificate(pair[0])
    return bool(leaf.not_valid_before_utc <= at(day) <= leaf.not_valid_after_utc)


@functools.cache
def _verifies(leaf: bytes, bundle: bytes, day: int) -> bool:
    return any(is_issued_by(x509.load_pem_x509_certificate(leaf), each) for each in cas_in(bundle, at(day)))


def _oldest(state: State) -> bytes:
    """The CA that was trusted longest, alone: what somebody has kept who writes back what he once read."""
    text = state.trust[0].stored.bundle
    return b"-----BEGIN" + text.rpartition(b"-----BEGIN")[2] if text.startswith(b"-----BEGIN") else b""


def begun(world: World, replicas: int, left: Left) -> State:
    """After a first start: every replica serves the first certificate, one of them leads, and all has settled."""
    state = world.empty(replicas, Left(elections=1))
    moves = (
        "replica 0 leads",
        "replica 0 looks",
        *["replica 0 asks"] * len(PATHS),
        *(f"replica {each} follows" for each in range(replicas)),
    )
    for move in (*moves * 6, *["time passes"] * SETTLED):
        state = next((after for name, after in world.after(state) if name.startswith(move)), state)
    assert all(each.served.shown and each.look is None for each in state.replicas)
    return state._replace(left=left)
