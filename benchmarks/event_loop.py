"""How long the event loop works before it looks at its timers again, while 20 clients send bodies: the longest wait of everybody else.

In processor time, which other work on the machine changes little. A timer of 2 ms runs in the server's event loop.
"""

import asyncio
import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import structlog
import uvloop

from benchmarks.load import quantile
from benchmarks.machine import row
from benchmarks.worst_object import Shape, crowded, made, rule_set
from webhook.admission.pods import OverheadMode
from webhook.http.large import SWITCH_SECONDS
from webhook.http.limited_listener import LimitedListener
from webhook.http.limits import Limits
from webhook.http.metrics import Metrics
from webhook.http.review_engine import Engine
from webhook.http.router import Router
from webhook.runtime.vmi_directory import NoVMIs
from webhook.tls.pair import PairFiles
from webhook.tls.provider import CertificateProvider

_TIMER_SECONDS = 0.002
_SECONDS = 3.0
_CROWDS: dict[str, tuple[Shape, int]] = {
    "plain text of 28 kB": ({"text": 1}, 28_000),
    "plain text of 3 MB": ({"text": 1}, 3_000_000),
    "near misses of 3 MB": ({"near miss": 1, "port": 1}, 3_000_000),
}


def main(*, seconds: float = _SECONDS) -> None:
    """One row for each kind of body, each measured for so many seconds."""
    sys.setswitchinterval(SWITCH_SECONDS)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "webhook", "certs", "generate", "--dir", name, "--name", "127.0.0.1"]
        subprocess.run(command, check=True, capture_output=True)
        source = CertificateProvider(PairFiles(cert=str(Path(name, "tls.crt")), key=str(Path(name, "tls.key"))))
        for what, (shape, size) in _CROWDS.items():
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                taken = [each * 1000 for each in runner.run(_turns(source, made(shape, size), seconds))]
            figure = f"p50 {quantile(taken, 0.5):.1f} p99 {quantile(taken, 0.99):.1f} ms"
            row(f"event loop, 20 clients, {what}", figure, "p99 <= 10 ms", f"longest {max(taken):.1f} ms")


async def _turns(source: CertificateProvider, body: bytes, seconds: float) -> list[float]:
    """Seconds of processor time between two looks at the timer."""
    known = rule_set()
    engine = Engine(rule_set=lambda: known, vmis=NoVMIs(), mode=OverheadMode.OFF)
    front = Router(engine, limits=Limits(), metrics=Metrics("0"))
    listener = LimitedListener(front, host="127.0.0.1", port=0, ssl_context_factory=source.context_for_listener)
    await listener.start()
    crowd = crowded(listener.port, body)
    crowd.__enter__()
    taken = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = time.thread_time()
        await asyncio.sleep(_TIMER_SECONDS)
        taken.append(time.thread_time() - before)
    await asyncio.to_thread(crowd.__exit__, None, None, None)
    await listener.stop(1)
    return taken


if __name__ == "__main__":
    main()
