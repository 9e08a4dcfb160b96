"""Everything at once: servers that are asked without a pause while certificates, registry and processes are replaced under them."""

import base64
import contextlib
import functools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.check.builders import KUBEVIRT, write
from tests.runtime.replicas import REGISTRY, Replicas, put, replicas
from tests.runtime.server import ROOT, asking, eventually
from webhook.admission.review import MUTATE, VALIDATE
from webhook.runtime.engine import engine, engine_settings

PLUGIN = "{domainAttachmentType: managedTap, migration: {}, computeResourceOverhead: {requests: {memory: 250Mi}}}"
ONE = KUBEVIRT.replace("{domainAttachmentType: managedTap, migration: {}}", PLUGIN)
OTHER = ONE.replace("250Mi", "300Mi") + f"        past: {PLUGIN}\n"
REGISTRIES = (ONE, OTHER)
JUDGING = {"registry": REGISTRY, "vmi_directory": "vmis", "overhead": "even-if-counted"}
VMI = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachineInstance",
    "metadata": {"name": "vmi-1", "namespace": "default", "uid": "00000000-0000-0000-0000-000000000001"},
    "spec": {"domain": {"devices": {"interfaces": [{"name": "default", "binding": {"name": "l2bridge"}}]}}},
}


class Asked(NamedTuple):
    """A review, and where it is asked."""

    endpoint: str
    body: bytes


class Verdict(NamedTuple):
    """What an answer decides; audit annotations are left out, which tell how old a registry is."""

    uid: str
    allowed: bool
    message: str
    patch: str


REVIEWS = [
    Asked(MUTATE if path.name.startswith("pod") else VALIDATE, path.read_bytes())
    for path in sorted((ROOT / "tests/data/reviews").glob("*.json"))
]


def verdict(answer: bytes) -> Verdict:
    response: dict[str, Any] = json.loads(answer)["response"]
    patch = base64.b64decode(response.get("patch", "")).decode()
    return Verdict(response["uid"], response["allowed"], response.get("status", {}).get("message", ""), patch)


def by_the_engine(directory: Path, registry: str) -> dict[Asked, Verdict]:
    """The right verdicts: those of the engine, with no server between."""
    put(directory / REGISTRY, registry)
    with contextlib.chdir(directory), engine(engine_settings(JUDGING)) as local:
        return {asked: verdict(local.ask(*asked)) for asked in REVIEWS}


class Load:
    """Reviews asked over and over: on connections that are kept, and each on one of its own.

    Attributes:
        given: Every verdict that was given.
    """

    def __init__(self, servers: Replicas, right: Sequence[dict[Asked, Verdict]]) -> None:
        self._servers = servers
        self._right = right
        self.given: list[Verdict] = []

    @contextlib.contextmanager
    def steady(self, *, clients: int) -> Iterator[list[list[BaseException]]]:
        """So many clients of each sort; what went wrong for each is in a list."""
        with contextlib.ExitStack() as stack:
            kept = [stack.enter_context(self._client()) for _ in range(clients)]
            asks: list[Callable[[], None]] = [functools.partial(self._ask, client) for client in kept] + [self._ask_anew] * clients
            yield [stack.enter_context(asking(ask, threads=1)) for ask in asks]

    def go_on_after(self, disturb: Callable[[], None]) -> None:
        """A disturbance, and some reviews before the next one of its sort."""
        disturb()
        until = len(self.given) + 30
        eventually(lambda: len(self.given) >= until)

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self._servers.address, verify=self._servers.trust, timeout=10)

    def _ask_anew(self) -> None:
        with self._client() as client:
            self._ask(client)

    def _ask(self, client: httpx.Client) -> None:
        asked = random.choice(REVIEWS)  # noqa: S311 - any of them will do
        moment = self._servers.moment()
        answer = client.post(f"{asked.endpoint}?timeout=10s", content=asked.body, headers={"content-type": "application/json"})
        assert answer.status_code == httpx.codes.OK, answer.text
        given, registries = verdict(answer.content), self._servers.in_force_since(moment)
        assert given in [self._right[registry][asked] for registry in registries]
        self.given.append(given)


def test_no_review_fails_while_certificates_registry_and_processes_are_replaced(tmp_path: Path) -> None:
    write(tmp_path, {"vmis/vmi.json": json.dumps(VMI)})
    right = [by_the_engine(tmp_path, registry) for registry in REGISTRIES]
    differing = {asked.endpoint for asked in REVIEWS if right[0][asked] != right[1][asked]}
    assert differing == {VALIDATE, MUTATE}

    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in JUDGING.items()]
    with replicas(tmp_path, *arguments, registries=REGISTRIES) as servers:
        load = Load(servers, right)
        with load.steady(clients=2) as problems, contextlib.ExitStack() as disturbing:
            for disturb in (servers.rotate, servers.rewrite, servers.hang_up):
                problems.append(disturbing.enter_context(asking(functools.partial(load.go_on_after, disturb), threads=1)))
            for _ in range(2):
                servers.replace()
            eventually(lambda: any(problems) or min(servers.counts[each] for each in ("rotated", "rewritten", "hung up")) >= 10)
    assert [problem for of_one in problems for problem in of_one] == []
    assert set(load.given) == {given for verdicts in right for given in verdicts.values()}
