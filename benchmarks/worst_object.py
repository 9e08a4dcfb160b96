"""The object that costs the most for its size, found by search; and what others notice of 20 clients who send it.

A shape says how much of an object each part takes; the search begins at random shapes and keeps what costs more, against a plain object of
as many bytes in the same run. Then a server answers ordinary reviews at a fixed rate, alone and beside clients who send the worst shape as
fast as answers come, each on a connection of its own.
"""

import contextlib
import json
import multiprocessing
import random
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from benchmarks.engine import review
from benchmarks.load import Send, paced, quantile
from benchmarks.machine import row
from benchmarks.server import bindguard, free_port, serving
from webhook.admission.review import open_review
from webhook.admission.rule_set import RuleSet
from webhook.admission.validation import validate
from webhook.admission.verdict import encode
from webhook.plugins.plugin import Plugin
from webhook.plugins.registry import Registry
from webhook.rules import RULES
from webhook.rules.plan import plan

_SEED, _STEPS, _STARTS = 1, 30, 10
_SEARCHED = (8_000, 28_000)
_LARGER = (3_000_000,)
"""The worst shape of the largest size that is searched, at these sizes too."""
_PLUGINS = [f"p{number}-network-plugin" for number in range(200)]
_CLIENTS, _RATE, _SECONDS, _ROUNDS = 20, 100, 2, 3
_POD_NETWORK = {"name": "pod", "pod": {}}

Json: TypeAlias = dict[str, Any]
Shape: TypeAlias = Mapping[str, float]
"""How much of the bytes each part takes, relative to the other parts."""

_NICS: Mapping[str, Callable[[int], Json]] = {
    "registered": lambda n: {"name": f"n{n}", "binding": {"name": _PLUGINS[n % 200]}},
    "near miss": lambda n: {"name": f"n{n}", "binding": {"name": f"p{n}-network-plugim"}},
    "near miss of 63 letters": lambda n: {"name": f"n{n}", "binding": {"name": f"{n:x>63}"}},
    "unregistered": lambda n: {"name": f"n{n}", "binding": {"name": "?"}},
    "empty": lambda n: {},  # noqa: ARG005 - it has no name
    "bridge": lambda n: {"name": f"n{n}", "bridge": {}},
    "every binding": lambda n: {"name": f"n{n}", "bridge": {}, "sriov": {}, "passt": {}, "slirp": {}, "masquerade": {}},
    "wrong values": lambda n: {"name": f"n{n}", "bridge": {}, "model": f"virtioo{n}", "state": "upp", "macAddress": "x", "pciAddress": "y"},
    "wrong type": lambda n: {"name": n},
}
_NETWORKS: Mapping[str, Callable[[int], Json]] = {
    "multus": lambda n: {"name": f"n{n}", "multus": {"networkName": "x"}},
    "near miss of an interface": lambda n: {"name": f"n{n}x", "multus": {"networkName": "x"}},
    "no source": lambda n: {},  # noqa: ARG005 - it has no name
    "claim": lambda n: {"name": f"n{n}", "resourceClaim": {"claimName": f"c{n}", "requestName": "r"}},
    "default": lambda n: {"name": f"n{n}", "multus": {"networkName": "x", "default": True}},
}
_PORTS: Mapping[str, Callable[[int], Json]] = {
    "port": lambda n: {"port": n % 65536},
    "named port": lambda n: {"name": f"A{n % 7}", "port": 1, "protocol": "tcp"},
    "no port": lambda n: {},  # noqa: ARG005 - it has no number
}
_RANGES: Mapping[str, Callable[[int], Json]] = {"range": lambda n: {"start": n % 60000 + 1, "end": n % 60000 + 9}}
_OPTIONS: Mapping[str, Callable[[int], Json]] = {"option": lambda n: {"option": n % 300}}
_PARTS = {**_NICS, **_NETWORKS, **_PORTS, **_RANGES, **_OPTIONS}
_OTHERS = ("text", "update")


class Worst(NamedTuple):
    """What a search has found."""

    shape: Shape
    body: bytes
    milliseconds: float
    times: float


def made(shape: Shape, size: int) -> bytes:
    """The review of a VMI of this shape, with about so many bytes."""
    is_update = shape.get("update", 0) > 0
    whole = sum(share for part, share in shape.items() if part != "update") or 1
    room = size / (2 if is_update else 1)

    def of(parts: Mapping[str, Callable[[int], Json]], first: int = 0) -> list[Json]:
        return [
            make(first + number)
            for part, make in parts.items()
            for number in range(int(shape.get(part, 0) / whole * room / len(_compact(make(1000)))))
        ]

    def spec(first: int) -> Json:
        nic = {"name": "pod", "masquerade": {}, "ports": of(_PORTS), "portRanges": of(_RANGES)}
        nic |= {"dhcpOptions": {"privateOptions": of(_OPTIONS)}}
        text = "#" * int(shape.get("text", 0) / whole * room)
        networks = [_POD_NETWORK, *of(_NETWORKS, first)]
        return {"domain": {"devices": {"interfaces": [nic, *of(_NICS, first)]}}, "networks": networks, "volumes": [{"text": text}]}

    objects = {"object": {"metadata": {"name": "vmi"}, "spec": spec(0)}}
    if is_update:
        objects["oldObject"] = {"metadata": {"name": "vmi"}, "spec": spec(1)}
    told = json.loads(review(1))
    told["request"] |= {"operation": "UPDATE" if is_update else "CREATE", "dryRun": True, **objects}
    return _compact(told)


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def searched(size: int, by: RuleSet, chance: random.Random) -> Worst:
    """The worst shape of this size that the search comes to."""
    shapes = [{chance.choice([*_PARTS]): 1.0, chance.choice([*_PARTS, *_OTHERS]): 1.0} for _ in range(_STARTS)]
    best = max((weighed(shape, size, by) for shape in shapes), key=lambda worst: worst.milliseconds)
    for _ in range(_STEPS):
        share = chance.choice([0, 0.1, 1, 10])
        found = weighed({**best.shape, chance.choice([*_PARTS, *_OTHERS]): share}, size, by)
        best = max(best, found, key=lambda worst: worst.milliseconds)
    return best


def weighed(shape: Shape, size: int, by: RuleSet) -> Worst:
    """What this shape costs at this size, beside plain text."""
    body = made(shape, size)
    taken = milliseconds(body, by) * min(1, size / len(body))
    return Worst(shape, body, taken, taken / milliseconds(made({"text": 1}, size), by))


def milliseconds(body: bytes, by: RuleSet) -> float:
    """What the answer takes, the fastest of three."""
    taken = []
    for _ in range(3):
        started = time.process_time()
        review = open_review(body)
        encode(review.request, validate(review, by), by, now=time.monotonic())
        taken.append((time.process_time() - started) * 1000)
    return min(taken)


def rule_set() -> RuleSet:
    """All rules as in a cluster, by the registry that the server has too."""
    registry = Registry(plugins={name: Plugin(sidecar_image="image", domain_attachment_type="tap") for name in _PLUGINS})
    return RuleSet(registry=registry, plan=plan(RULES, registry, {}, upstream_answers=True), version="1", read_at=time.monotonic())


@contextlib.contextmanager
def connected(port: int, body: bytes) -> Iterator[Send]:
    """A TLS connection on which this review is sent again and again."""
    head = f"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    request = head.encode() + body
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw) as connection, connection.makefile("rb") as answers:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def send(_: int) -> str:
            connection.sendall(request)
            status = answers.readline().decode().strip()
            lines = list(iter(answers.readline, b"\r\n"))
            answers.read(next(int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")))
            return "" if " 200 " in status else status

        yield send


def _send_until(over: Event, port: int, body: bytes) -> None:
    def work() -> None:
        with connected(port, body) as send:
            while not over.is_set():
                send(0)

    for thread in [threading.Thread(target=work, daemon=True) for _ in range(_CLIENTS)]:
        thread.start()
    over.wait()


@contextlib.contextmanager
def crowded(port: int, body: bytes) -> Iterator[None]:
    """Clients in a process of their own who send this review as fast as they get answers."""
    over = multiprocessing.Event()
    process = multiprocessing.Process(target=_send_until, args=(over, port, body), daemon=True)
    process.start()
    try:
        time.sleep(1)
        yield
    finally:
        over.set()
        process.join(30)


def ordinary(port: int, body: bytes) -> tuple[float, float]:
    """p50 and p99 of ordinary reviews, in milliseconds, at a fixed rate."""
    with paced(lambda: connected(port, body), rate=_RATE, threads=8) as load:
        time.sleep(_SECONDS)
    if load.problems:
        raise SystemExit(f"ordinary reviews fail: {load.problems[:3]}")
    return quantile(load.milliseconds, 0.5), quantile(load.milliseconds, 0.99)


def main() -> None:
    """Search, then measure beside what was found."""
    by, chance = rule_set(), random.Random(_SEED)  # noqa: S311 - a search that can be repeated
    found = {size: searched(size, by, chance) for size in _SEARCHED}
    shape = found[_SEARCHED[-1]].shape
    found |= {size: weighed(shape, size, by) for size in _LARGER}
    update = weighed({**shape, "update": 1}, _SEARCHED[-1], by)
    row(f"the same as an UPDATE of {_SEARCHED[-1] / 1000:,.0f} kB", f"{update.milliseconds:.1f} ms", f"{update.times:.0f} x plain text")
    for size, worst in found.items():
        parts = ", ".join(f"{part} {share:g}" for part, share in worst.shape.items() if share)
        row(f"worst object of {size / 1000:,.0f} kB", f"{worst.milliseconds:.1f} ms", f"{worst.times:.0f} x plain text", parts)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        registry = directory / "kubevirt.json"
        binding = {plugin: {"sidecarImage": "image", "domainAttachmentType": "tap"} for plugin in _PLUGINS}
        configuration = {"network": {"binding": binding}}
        registry.write_bytes(_compact({"apiVersion": "kubevirt.io/v1", "kind": "KubeVirt", "spec": {"configuration": configuration}}))
        command = [bindguard(0, directory, directory)[0], "certs", "generate", "--dir", str(directory), "--name", "127.0.0.1"]
        subprocess.run(command, check=True, capture_output=True)
        port = free_port()
        server = bindguard(port, directory / "tls.crt", directory / "tls.key")
        server[server.index("--registry") + 1] = str(registry)
        with serving(server, port):
            _measure(port, found)


def _measure(port: int, found: Mapping[int, Worst]) -> None:
    body = review(2, padding=7000).replace(b'"p1"', f'"{_PLUGINS[1]}"'.encode())
    crowds = {"plain text of 28 kB": made({"text": 1}, 28_000)} | {
        f"worst of {size / 1000:,.0f} kB": worst.body for size, worst in found.items()
    }
    ordinary(port, body)
    for what, crowd in crowds.items():
        pairs = []
        for _ in range(_ROUNDS):
            alone = ordinary(port, body)
            with crowded(port, crowd):
                pairs.append((alone, ordinary(port, body)))
        alone, beside = sorted(pairs, key=lambda pair: pair[1][1] / pair[0][1])[_ROUNDS // 2]
        figure = f"p99 {beside[1] / alone[1]:.1f} x alone"
        told = f"p50 {alone[0]:.2f} -> {beside[0]:.2f} ms, p99 {alone[1]:.2f} -> {beside[1]:.2f} ms"
        row(f"beside {_CLIENTS} clients, {what}", figure, "<= 5 x", told)


if __name__ == "__main__":
    main()
