"""At most one candidate leads: in every state that candidates can reach with one Lease, within the bounds below.

The steps are the product's own: `_try` and `_release` of the election run as they are, one request at a time. Between two requests any
number of units of 5 s may pass, a candidate may die, and a request may be refused, or be done and its answer lost. What is proved, and what
is not, is told in certs/README.md. Each proof prints how many states it has seen (`pytest -s`).
"""

import functools
import json
import types
from collections import deque
from collections.abc import Coroutine, Generator, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
import structlog

from webhook.cluster import leases
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.clock import Clock

TICK_SECONDS = 5.0
CALL_TICKS = 2
"""A call takes no longer: one that takes longer has nobody lead."""
OLD = CALL_TICKS + 4
"""Ticks after which a Lease that has not changed has expired, at whatever request of a call one looks at it."""
NOW = 1000.0


class Lease(NamedTuple):
    """A Lease as it is stored. Version 0 is that of what a candidate has written itself."""

    holder: str = ""
    seconds: int = 15
    version: int = 0


class Call(NamedTuple):
    """A call of a candidate, at one of its requests.

    Attributes:
        releases: Whether it gives the Lease back, and does not take or renew it.
        ticks: How long ago it began.
        answers: Leases or HTTP status, each with the ticks since it came.
        sent: The answer that is on its way; `None` while the request is.
    """

    releases: bool
    ticks: int = 0
    answers: tuple[tuple[Lease | int, int], ...] = ()
    sent: Lease | int | None = None


class Candidate(NamedTuple):
    """What a candidate remembers.

    Attributes:
        seen: The Lease that it has seen last.
        seen_ticks: For how long that has not changed.
        left: For how many ticks it still leads; none when not above 0.
    """

    name: str
    seen: Lease | None = None
    seen_ticks: int = OLD
    left: int = -OLD
    call: Call | None = None


class State(NamedTuple):
    """The Lease, the candidates, how many have been started, and how many faults may still happen."""

    lease: Lease | None
    candidates: tuple[Candidate, ...]
    started: int
    faults: int


class Request(NamedTuple):
    """What is asked of the API server."""

    method: str
    body: str = ""


@types.coroutine
def _asked(request: Request) -> Generator[Request, Any, Any]:
    return (yield request)


class _Server(ApiServer):
    """In place of a connection: each request stops the coroutine until somebody has the answer."""

    def __init__(self) -> None:
        """No credentials, no connection."""

    async def get(self, *_: Any, **__: Any) -> bytes:
        lease = await _answered(Request("GET"))
        spec = {"holderIdentity": lease.holder or None, "leaseDurationSeconds": lease.seconds, "renewTime": str(lease.version)}
        return json.dumps({"metadata": {"resourceVersion": str(lease.version)}, "spec": spec}).encode()

    async def patch(self, path: str, obj: Any, **_: Any) -> bytes:  # noqa: ARG002 - there is one Lease
        spec = obj["spec"]
        body = {"holder": spec.holder_identity, "seconds": spec.lease_duration_seconds, "version": obj["metadata"]["resourceVersion"]}
        await _answered(Request("PATCH", json.dumps(body)))
        return b"{}"

    async def apply(self, *_: Any, **__: Any) -> bytes:
        await _answered(Request("APPLY"))
        return b"{}"


async def _answered(request: Request) -> Lease:
    answer: Lease | int = await _asked(request)
    if isinstance(answer, int):
        reasons: dict[int, Any] = {404: "not-found", 409: "conflict"}
        raise ApiError("refused", status=answer, reason=reasons.get(answer, "unavailable"))
    return answer


class World:
    """What can happen next, by the election as it is or with a line of it changed on purpose."""

    def __init__(self, change: tuple[str, str] | None = None) -> None:
        self._module = _module(change) if change is not None else leases
        self.run = functools.cache(self._run)

    def after(self, state: State) -> Iterator[State]:
        """Every state that can come next."""
        if all(each.call is None or each.call.ticks < CALL_TICKS for each in state.candidates):
            yield state._replace(candidates=tuple(map(_older, state.candidates)))
        for place, one in enumerate(state.candidates):
            for lease, after, faults in self._moves(state, one):
                candidates = (*state.candidates[:place], after, *state.candidates[place + 1 :])
                yield state._replace(lease=lease, candidates=candidates, faults=state.faults - faults)
            if state.faults:
                new = Candidate(f"c{state.started}")
                candidates = (*state.candidates[:place], new, *state.candidates[place + 1 :])
                yield State(state.lease, candidates, state.started + 1, state.faults - 1)

    def _moves(self, state: State, one: Candidate) -> Iterator[tuple[Lease | None, Candidate, int]]:
        if one.call is None:
            yield state.lease, self._next(one._replace(call=Call(releases=False))), 0
            if one.left > 0:
                yield state.lease, self._next(one._replace(call=Call(releases=True))), 0
            return
        if one.call.sent is not None:
            yield state.lease, self._hears(one.call, one, one.call.sent), 0
        else:
            request, _ = self.run(one)
            assert isinstance(request, Request)
            lease, answer = _served(state, request)
            yield lease, one._replace(call=one.call._replace(sent=answer)), 0
        if state.faults:
            yield state.lease, self._hears(one.call, one, 500), 1

    def _hears(self, call: Call, one: Candidate, answer: Lease | int) -> Candidate:
        return self._next(one._replace(call=call._replace(answers=(*call.answers, (answer, 0)), sent=None)))

    def _next(self, one: Candidate) -> Candidate:
        found, _ = self.run(one)
        return found if isinstance(found, Candidate) else one

    def leads(self, one: Candidate) -> bool:
        return one.left > 0 if one.call is None else self.run(one)[1]

    def _run(self, one: Candidate) -> tuple[Request | Candidate, bool]:
        """The next request of the candidate's call, or the candidate after it; and whether it leads then."""
        call, clock = one.call, [NOW]
        assert call is not None
        election = self._module.Election(
            _Server(), namespace="ns", name="bindguard", identity=one.name, clock=Clock(now=lambda: clock[0], wall=lambda: 0.0)
        )
        if one.seen is not None:
            version = str(one.seen.version) if one.seen.version else election._micro_time()
            election._seen = self._module.ElectionRecord(one.seen.holder or None, one.seen.seconds, None, version)
        election._seen_at, election._leads_until = NOW - one.seen_ticks * TICK_SECONDS, NOW + one.left * TICK_SECONDS
        clock[0] = NOW - call.ticks * TICK_SECONDS
        request = _stepped(election._release() if call.releases else election._try(5), call, clock)
        clock[0] = NOW
        return (_remembered(one, election) if request is None else request), election.leads


def _stepped(coroutine: Coroutine[Any, Any, Any], call: Call, clock: list[float]) -> Request | None:
    try:
        request: Request = coroutine.send(None)
        for answer, ticks in call.answers:
            clock[0] = NOW - ticks * TICK_SECONDS
            request = coroutine.send(answer)
    except StopIteration:
        return None
    finally:
        coroutine.close()
    return request


def _remembered(one: Candidate, election: Any) -> Candidate:
    spec = election._seen
    time = spec.renew_time or ""
    seen = Lease(spec.holder_identity or "", spec.lease_duration_seconds or 0, int(time) if time.isdigit() else 0)
    left = max(-OLD, int((max(election._leads_until, 0.0) - NOW) / TICK_SECONDS))
    return Candidate(one.name, seen, min(OLD, int((NOW - election._seen_at) / TICK_SECONDS)), left)


def _served(state: State, request: Request) -> tuple[Lease | None, Lease | int]:
    """What the API server stores and answers."""
    lease, newest = state.lease, max(_versions(state), default=0) + 1
    if request.method == "GET":
        return lease, 404 if lease is None else lease
    if request.method == "APPLY":
        return (Lease(version=newest), Lease()) if lease is None else (lease, 409)
    body = json.loads(request.body)
    if lease is None:
        return None, 404
    if body["version"] not in ("", str(lease.version)):
        return lease, 409
    return Lease(body["holder"], body["seconds"], newest), Lease()


def _versions(state: State) -> set[int]:
    found = [state.lease, *(each.seen for each in state.candidates)]
    found += [answer for each in state.candidates for answer in _answers(each)]
    return {each.version for each in found if each is not None and each.version}


def _answers(one: Candidate) -> list[Lease]:
    """The Leases that its call was answered with, and will be."""
    answers = [*(answer for answer, _ in one.call.answers), one.call.sent] if one.call else []
    return [answer for answer in answers if isinstance(answer, Lease)]


def _older(one: Candidate) -> Candidate:
    call = one.call
    if call is not None:
        call = call._replace(ticks=call.ticks + 1, answers=tuple((answer, ticks + 1) for answer, ticks in call.answers))
    return one._replace(seen_ticks=min(OLD, one.seen_ticks + 1), left=max(-OLD, one.left - 1), call=call)


def normal(state: State) -> State:
    """The same state without what makes no difference, and with the smallest versions."""
    candidates = tuple(_forgetting(one, state.lease) for one in state.candidates)
    state = state._replace(candidates=candidates)
    rank = {version: place for place, version in enumerate(sorted(_versions(state)), 1)}

    def ranked(lease: Lease | int | None) -> Any:
        return lease._replace(version=rank.get(lease.version, 0)) if isinstance(lease, Lease) else lease

    def renamed(one: Candidate) -> Candidate:
        answers = tuple((ranked(answer), ticks) for answer, ticks in one.call.answers) if one.call else ()
        call = one.call and one.call._replace(answers=answers, sent=ranked(one.call.sent))
        return one._replace(seen=ranked(one.seen), call=call)

    return state._replace(lease=ranked(state.lease), candidates=tuple(map(renamed, state.candidates)))


def _forgetting(one: Candidate, lease: Lease | None) -> Candidate:
    """What a candidate has seen matters only of another's Lease, and only while that is stored, or was answered in this call."""
    if one.left <= 0 and not (one.call and one.call.releases):
        one = one._replace(left=-OLD)
    if one.seen is None or one.seen.holder in ("", one.name) or one.seen not in (lease, *_answers(one)):
        one = one._replace(seen=None, seen_ticks=OLD)
    return one


class Explored(NamedTuple):
    """How many states there are, and one in which two lead, if there is one."""

    states: int
    wrong: State | None


def explored(world: World, *, candidates: int, faults: int, most: int = 1_000_000) -> Explored:
    first = State(None, tuple(Candidate(f"c{place}") for place in range(candidates)), candidates, faults)
    known, ahead = {first}, deque([first])
    while ahead:
        for after in map(normal, world.after(ahead.popleft())):
            if after in known:
                continue
            known.add(after)
            if sum(map(world.leads, after.candidates)) > 1:
                return Explored(len(known), after)
            ahead.append(after)
        assert len(known) <= most, "more states than there should be: is something counted up without end?"
    return Explored(len(known), None)


def _module(change: tuple[str, str]) -> Any:
    """The election with its source changed."""
    assert leases.__file__ is not None
    with open(leases.__file__) as file:  # noqa: PTH123 - a module's own source
        source = file.read()
    assert source.count(change[0]) == 1, f"the election has no longer, or more than once: {change[0]}"
    module = types.ModuleType("changed_leases")
    exec(compile(source.replace(*change), leases.__file__, "exec"), vars(module))  # noqa: S102 - our own source
    return module


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


def test_at_most_one_leads_in_every_state() -> None:
    found = explored(World(), candidates=2, faults=1)
    print(f"two candidates: {found.states} states")  # noqa: T201 - how much was looked at
    assert found.wrong is None, found.wrong
    assert found.states > 1000


FAULTS: Mapping[str, tuple[str, str]] = {
    "the time to lead counts from the answer": ("asked_at + RENEW_SECONDS", "self._clock.now() + RENEW_SECONDS"),
    "a Lease expires after a third of its time": ("self._seen_at + min(", "self._seen_at - LEASE_SECONDS * 2 / 3 + min("),
    "a Lease is taken from whoever holds it": ('in (self.identity, None, "") or', "not in (self.identity,) or"),
    "a write does not say what it has read": ('{"spec": spec}, version, metadata', '{"spec": spec}, "", metadata'),
    "what was seen long ago counts for a renewed Lease": ("self._seen, self._seen_at = spec, self._clock.now()", "self._seen = spec"),
    "a leader leads on while it gives the Lease back": (
        '            return\n        self._leads_until = float("-inf")\n',
        "            return\n",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_step_that_is_broken_on_purpose_is_found(name: str) -> None:
    found = explored(World(FAULTS[name]), candidates=2, faults=0)
    print(f"{name}: after {found.states} states")  # noqa: T201 - how soon it was found
    assert found.wrong is not None
