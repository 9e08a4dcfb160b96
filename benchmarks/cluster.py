"""Bindguard in a cluster: a real API server, two replicas as the chart installs them, and a balancer in place of a Service.

Needs what tests/e2e needs: kube-apiserver and etcd (`KUBEBUILDER_ASSETS`), and helm; without them it is said and left out.
"""

import base64
import contextlib
import copy
import functools
import itertools
import re
import signal
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from benchmarks import cluster_memory
from benchmarks.engine import review
from benchmarks.load import Client, Load, Send, counted, paced, quantile
from benchmarks.table import head, line
from tests.chart.helm import Helm, find_helm
from tests.e2e.balancer import Balancer
from tests.e2e.control_plane import ControlPlane, find_programs, running
from tests.e2e.installation import MUTATING, SECRET, VALIDATING, VMS, Installation, prepare
from tests.e2e.objects import vm
from tests.e2e.verbs import bundles, evaluated, is_renewed, leaf, register, start
from tests.runtime.server import Server

RATE = 200
REGISTERED = review(2, padding=7000).replace(b'"p1"', b'"l2bridge"')
UNREGISTERED = review(2, padding=7000)

_ROUNDS = 200
_UNREGISTRATIONS = 20
_AWAY_SECONDS = 60
_AWAY_RATE = 50
_BLOCKS, _BLOCK = 12, 100
_NEW_CONNECTION_EVERY = 10
_PATIENCE_SECONDS = 120
_JSON = {"content-type": "application/json"}


def main() -> None:
    """All of them."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        programs, helm = find_programs(directory), find_helm(directory)
        if programs is None or helm is None:
            print("cluster: left out, needs kube-apiserver and etcd in the directory named by KUBEBUILDER_ASSETS, and helm")
            return
        with running(programs, directory) as plane, Balancer() as balancer:
            prepare(plane)
            installed = Installation(plane, directory, balancer, Helm(helm, directory).render(kubernetes="1.25.0"))
            installed.drain_seconds = 5.0  # as in a cluster: in the tests' haste a busy machine loses requests
            installed.install()
            head(f"In a cluster, kube-apiserver {plane.read('/version')['gitVersion']}")
            _measure(plane, installed)
    cluster_memory.main()


def _measure(plane: ControlPlane, installed: Installation) -> None:
    with contextlib.ExitStack() as stack:
        replicas = start(plane, installed, stack, ["first", "second"])
        registration(plane, replicas)
        unregistration(plane, replicas)
        rotation(plane, installed, replicas)
        api_server_away(plane, installed)
    replacement(plane, installed)
    with contextlib.ExitStack() as stack:
        added_latency(plane, *start(plane, installed, stack, ["alone"]))


def registration(plane: ControlPlane, replicas: Sequence[Server]) -> None:
    """A plugin is registered, and the next request uses it."""
    before, denied = _spared(replicas), 0
    for number in range(_ROUNDS):
        name = f"fresh-{number % 2}"
        register(plane, name, without=(f"fresh-{1 - number % 2}",))
        denied += not evaluated(plane, vm("eager", name)).is_success
    spared = f"{_spared(replicas) - before} spared by the confirming read"
    line(f"registered, then a VM created at once, {_ROUNDS} rounds", f"{denied} false denials", "0", spared)


def _spared(replicas: Sequence[Server]) -> int:
    pages = (replica.operations("/metrics").text for replica in replicas)
    return sum(counted(page, "bindguard_registry_confirms_total", outcome="spared") for page in pages)


def unregistration(plane: ControlPlane, replicas: Sequence[Server]) -> None:
    """A plugin that all replicas know is unregistered, and used until it is denied."""
    milliseconds = []
    for _ in range(_UNREGISTRATIONS):
        register(plane, "leaving")
        _wait(lambda: all("leaving" in replica.operations("/registry").text for replica in replicas))
        register(plane, without=("leaving",))
        gone = time.perf_counter()
        while evaluated(plane, vm("late", "leaving")).is_success:
            pass
        milliseconds.append((time.perf_counter() - gone) * 1000)
    figure = f"median {statistics.median(milliseconds):.0f} ms, longest {max(milliseconds):.0f} ms"
    line(f"unregistered to first denial, {_UNREGISTRATIONS} times", figure, "<= 1 s", "the denied request included")


def rotation(plane: ControlPlane, installed: Installation, replicas: Sequence[Server]) -> None:
    """Leaf and CA are renewed under load, of VMs created in the API server, and of reviews sent to the webhook's address."""
    for which in ("leaf", "ca"):
        for way, client, trust in _ways(plane, installed):
            with paced(client, rate=RATE) as load:
                time.sleep(2)
                _renew(plane, replicas, which, trust)
                time.sleep(3)
            _tell(f"{which if which == 'leaf' else 'CA'} renewed, {way}", load)


def _renew(plane: ControlPlane, replicas: Sequence[Server], which: str, trust: Callable[[], None]) -> None:
    before, reloads = leaf(plane), [len(replica.all_told("certificate reloaded")) for replica in replicas]
    plane.merge(SECRET, {"metadata": {"annotations": {"bindguard.io/renew": which}}})

    def is_served() -> bool:
        trust()
        told = [len(replica.all_told("certificate reloaded")) for replica in replicas]
        return is_renewed(plane, before) and all(now > then for now, then in zip(told, reloads, strict=True))

    _wait(is_served)


def replacement(plane: ControlPlane, installed: Installation) -> None:
    """Two replicas are replaced one after the other, as a rolling update does."""
    for turn, (way, client, _) in enumerate(_ways(plane, installed)):
        with contextlib.ExitStack() as old, contextlib.ExitStack() as new:
            leaving = start(plane, installed, old, [f"old-{turn}-{number}" for number in range(2)])
            with paced(client, rate=RATE) as load:
                for number, each in enumerate(leaving):
                    new.enter_context(installed.replica(f"new-{turn}-{number}"))
                    _wait(lambda: installed.balancer.ready() >= 2)
                    each.signal(signal.SIGTERM)
                    each.exit_code()
                time.sleep(2)
            _tell(f"two replicas replaced, {way}", load)


def api_server_away(plane: ControlPlane, installed: Installation) -> None:
    """Every other review names a plugin that is registered; the others are denied, and tell how old the registry is."""
    context, _ = _trusting(plane)
    ages: list[int] = []

    def evaluate_object(number: int, response: Mapping[str, Any]) -> bool:
        told = re.search(r"of (\d+) s ago", response.get("status", {}).get("message", ""))
        ages.extend(int(age) for age in (told.groups() if told is not None else ()))
        return bool(response["allowed"]) is (number % 2 == 0) and (number % 2 == 0 or told is not None)

    plane.stop()
    try:
        with paced(_straight(installed, context, evaluate_object, (REGISTERED, UNREGISTERED)), rate=_AWAY_RATE) as load:
            time.sleep(_AWAY_SECONDS)
    finally:
        plane.start()
    name = f"API server away for {_AWAY_SECONDS} s, one review in two denied"
    line(name, load.figure, "0", f"last reported age of the registry {max(ages, default=0)} s; {load.rate_and_latency}{_first(load)}")


def added_latency(plane: ControlPlane, replica: Server) -> None:
    """VMs created one at a time with and without the webhook configurations, in turns; they name the replica itself, not the balancer."""
    configurations = {kind: _for_replica(plane.read(f"{kind}/bindguard"), replica) for kind in (VALIDATING, MUTATING)}
    milliseconds: dict[bool, list[float]] = {True: [], False: []}
    for kind in configurations:
        plane.client.delete(f"{kind}/bindguard")
    for block in range(2 * _BLOCKS):
        asked = block % 2 == 0
        for kind, configuration in configurations.items():
            _ = plane.create(kind, configuration) if asked else plane.client.delete(f"{kind}/bindguard")
        _wait(functools.partial(_answers, plane, denied=asked))
        milliseconds[asked] += [_create_milliseconds(plane, number) for number in range(_BLOCK)]
    (with50, with99), (bare50, bare99) = ([quantile(milliseconds[asked], share) for share in (0.5, 0.99)] for asked in (True, False))
    beside = f"with: p50 {with50:.2f}, p99 {with99:.2f} ms; without: p50 {bare50:.2f}, p99 {bare99:.2f} ms"
    figure = f"p50 {with50 - bare50:+.2f} ms, p99 {with99 - bare99:+.2f} ms"
    line(f"added to a dry-run VM create, {_BLOCKS * _BLOCK:,} of each", figure, "p50 <= 2 ms", beside)


def _answers(plane: ControlPlane, *, denied: bool) -> bool:
    return evaluated(plane, vm("probe", "nobody-has-this")).is_success is not denied


def _for_replica(stored: Mapping[str, Any], replica: Server) -> dict[str, Any]:
    ours = copy.deepcopy(dict(stored))
    ours["metadata"] = {key: value for key, value in ours["metadata"].items() if key in {"name", "labels", "annotations"}}
    for webhook in ours["webhooks"]:
        webhook["clientConfig"]["url"] = f"{replica.ready['admission']}/{webhook['clientConfig']['url'].rpartition('/')[2]}"
    return ours


def _create_milliseconds(plane: ControlPlane, number: int) -> float:
    began = time.perf_counter()
    answer = evaluated(plane, vm(f"timed-{number}", "passt"))
    spent = time.perf_counter() - began
    if not answer.is_success:
        raise SystemExit(f"nothing to measure: {answer.text}")
    return spent * 1000


def _ways(plane: ControlPlane, installed: Installation) -> Iterator[tuple[str, Client, Callable[[], None]]]:
    """How load comes to the replicas, by what client, and what must be called for it while CAs change."""
    yield f"{RATE} dry-run VM creates/s in the API server", _creating(plane), lambda: None
    context, follow = _trusting(plane)
    straight = _straight(installed, context, lambda _, response: response["allowed"], (REGISTERED,))
    yield f"{RATE} reviews/s over TLS, each tenth on a new connection", straight, follow


def _creating(plane: ControlPlane) -> Client:
    @contextlib.contextmanager
    def client() -> Iterator[Send]:
        with plane.another_client() as api:
            yield lambda number: _problem(api.post(f"{VMS}?dryRun=All", json=vm(f"load-{number}", "passt")))

    return client


def _straight(
    installed: Installation, context: ssl.SSLContext, evaluate_object: Callable[[int, Mapping[str, Any]], bool], bodies: Sequence[bytes]
) -> Client:
    url = f"https://127.0.0.1:{installed.balancer.port}/validate?timeout=5s"

    @contextlib.contextmanager
    def client() -> Iterator[Send]:
        with httpx.Client(verify=context, timeout=30) as http:

            def send(number: int) -> str:
                last = {"connection": "close"} if number % _NEW_CONNECTION_EVERY == 0 else {}
                answer = http.post(url, content=bodies[number % len(bodies)], headers=_JSON | last)
                return _problem(answer) or ("" if evaluate_object(number, answer.json()["response"]) else answer.text)

            yield send

    return client


def _trusting(plane: ControlPlane) -> tuple[ssl.SSLContext, Callable[[], None]]:
    """What trusts the CAs of the webhook configurations, and what makes it trust those that have come since."""
    context = ssl.create_default_context()

    def follow() -> None:
        for bundle in bundles(plane):
            context.load_verify_locations(cadata=base64.b64decode(bundle).decode())

    follow()
    return context, follow


def _problem(answer: httpx.Response) -> str:
    return "" if answer.is_success else f"{answer.status_code} {answer.text}"


def _tell(name: str, load: Load) -> None:
    line(name, load.figure, "0", load.rate_and_latency + _first(load))


def _first(load: Load) -> str:
    return "".join(f"; {problem[:300]}" for problem in itertools.islice(dict.fromkeys(load.problems), 2))


def _wait(condition: Callable[[], bool]) -> None:
    """Rarely enough to disturb nothing that is measured meanwhile."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("what was waited for has not come")
        time.sleep(0.1)
