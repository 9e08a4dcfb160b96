"""Load for servers: requests at a fixed rate from threads, or as fast as h2load can; and the server's own count of them."""

import contextlib
import itertools
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, TypeAlias

from prometheus_client.parser import text_string_to_metric_families

Send: TypeAlias = Callable[[int], str]
"""Sends the request of this number; what is wrong with the answer, or nothing."""
Client: TypeAlias = Callable[[], AbstractContextManager[Send]]
"""Opens what one thread sends by."""


class Load:
    """What was sent; whole when the block of `paced` has been left."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.milliseconds: list[float] = []
        self.seconds = 0.0

    @property
    def figure(self) -> str:
        return f"{len(self.problems):,} of {len(self.milliseconds):,} failed"

    @property
    def rate_and_latency(self) -> str:
        """What rate was reached, and how long answers took."""
        p50, p99 = (quantile(self.milliseconds, share) for share in (0.5, 0.99))
        return f"{len(self.milliseconds) / self.seconds:.0f} requests/s reached, p50 {p50:.1f} ms, p99 {p99:.1f} ms"


@contextlib.contextmanager
def paced(client: Client, *, rate: float, threads: int = 24) -> Iterator[Load]:
    """Send while the block runs. A request is late when all threads wait for answers, and its time counts from when it was due."""
    load, numbers, over, started = Load(), itertools.count(), threading.Event(), time.perf_counter()

    def work() -> None:
        with client() as send:
            for number in numbers:
                due = started + number / rate
                if over.wait(max(0.0, due - time.perf_counter())):
                    return
                load.problems += filter(None, [_sent(send, number)])
                load.milliseconds.append((time.perf_counter() - due) * 1000)

    running = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for each in running:
        each.start()
    try:
        yield load
    finally:
        over.set()
        for each in running:
            each.join(60)
        load.seconds = time.perf_counter() - started


def _sent(send: Send, number: int) -> str:
    try:
        return send(number)
    except Exception as error:  # noqa: BLE001 - whatever it is, the request has failed
        return f"{type(error).__name__}: {error}"


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so many are not above."""
    return sorted(values)[int(share * (len(values) - 1))]


class Answered(NamedTuple):
    """How many requests of h2load got a 2xx, and how many did not."""

    well: int
    failed: int


def post(url: str, body: Path, requests: int, *, connections: int = 8) -> Answered:
    """Send a body so often on keep-alive connections, as fast as answers come."""
    command = [
        "h2load",
        "--h1",
        f"-c{connections}",
        "-t1",
        "-n",
        str(requests),
        "-d",
        str(body),
        "-H",
        "content-type: application/json",
        url,
    ]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"^status codes: (\d+) 2xx", output, re.MULTILINE)
    well = int(found.group(1)) if found is not None else 0
    return Answered(well, requests - well)


def counted(metrics: str, name: str, **labels: str) -> int:
    """The sum of a counter's series that carry these labels, in what /metrics shows."""
    families = text_string_to_metric_families(metrics)
    samples = (sample for family in families for sample in family.samples if sample.name == name)
    return int(sum(sample.value for sample in samples if labels.items() <= sample.labels.items()))
