"""What e2e tests do with a cluster that has Bindguard in it, and what they ask about it."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from tests.e2e.control_plane import ControlPlane
from tests.e2e.installation import KUBEVIRTS, MUTATING, SECRET, VALIDATING, VMS, Installation
from tests.e2e.objects import vm
from tests.runtime.server import Server, asking, eventually

CR = f"{KUBEVIRTS}/kubevirt"
UNPROCESSABLE = httpx.codes.UNPROCESSABLE_ENTITY


def start(cluster: ControlPlane, installed: Installation, stack: contextlib.ExitStack, names: list[str]) -> list[Server]:
    servers = [stack.enter_context(installed.replica(name)) for name in names]
    eventually(lambda: installed.balancer.ready() >= len(names))
    eventually(lambda: evaluated(cluster, vm("probe", "nobody-has-this")).status_code == UNPROCESSABLE)
    return servers


def evaluated(cluster: ControlPlane, obj: dict[str, Any]) -> httpx.Response:
    """The answer to a VM that is created and not kept."""
    return cluster.client.post(VMS + "?dryRun=All", json=obj)


def register(cluster: ControlPlane, *plugins: str | None, without: tuple[str, ...] = ()) -> None:
    binding: dict[str, Any] = {name: {"domainAttachmentType": "tap", "migration": {}} for name in plugins if name}
    cluster.merge(CR, {"spec": {"configuration": {"network": {"binding": binding | dict.fromkeys(without)}}}})


def bundles(cluster: ControlPlane) -> set[str]:
    """The caBundles of all webhooks."""
    configurations = [cluster.read(f"{kind}/bindguard") for kind in (VALIDATING, MUTATING)]
    return {webhook["clientConfig"].get("caBundle", "") for configuration in configurations for webhook in configuration["webhooks"]}


def leaf(cluster: ControlPlane) -> str:
    """The certificate in the Secret; empty as long as there is none."""
    answer = cluster.client.get(SECRET)
    return str(answer.json().get("data", {}).get("tls.crt", "")) if answer.is_success else ""


def is_renewed(cluster: ControlPlane, before: str) -> bool:
    return leaf(cluster) not in {"", before}


@contextlib.contextmanager
def steady_load(
    cluster: ControlPlane, objects: Callable[[int], dict[str, Any]] = lambda number: vm(f"load-{number}", "passt")
) -> Iterator[None]:
    """VMs created over and over while the block runs; every one must be accepted."""
    numbers = iter(range(10_000_000))
    clients: dict[int, httpx.Client] = {}

    def ask() -> None:
        thread = threading.get_ident()
        if thread not in clients:
            clients[thread] = cluster.another_client()
        answer = clients[thread].post(VMS + "?dryRun=All", json=objects(next(numbers)))
        assert answer.is_success, answer.text

    with asking(ask) as problems:
        yield
    for client in clients.values():
        client.close()
    assert problems == []
    assert next(numbers) > 20
