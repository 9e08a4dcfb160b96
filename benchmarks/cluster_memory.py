"""Resident memory in small and large clusters: a fake API server pages through as many VMIs as are asked for, and tells what was read."""

import functools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import httpx

from benchmarks.engine import review
from benchmarks.load import counted, post
from benchmarks.server import resident_megabytes
from benchmarks.table import line
from tests.admission import launchers
from tests.cluster.fake_api import Asked, FakeApi
from tests.cluster.kubevirt_crs import CR, TAP, kubevirt
from tests.runtime.server import Server

_REQUESTS = 100_000
_PODS = 500
_SIZES = (10, 100_000)
_VMIS = "/apis/kubevirt.io/v1/virtualmachineinstances"
_NAMESPACE = "/apis/kubevirt.io/v1/namespaces/shop/virtualmachineinstances"
_LISTS = frozenset({_VMIS, _NAMESPACE})
_PADDING = "#" * 7000


def main() -> None:
    """The same load in clusters that differ in their VMIs alone."""
    if shutil.which("h2load") is None:
        print("memory in a cluster: left out, needs h2load (Debian: nghttp2-client)")
        return
    for size in _SIZES:
        with tempfile.TemporaryDirectory() as directory, FakeApi() as api:
            api.store(CR, _kubevirt())
            api.answer = functools.partial(answer, size)
            _measure(Path(directory), api, size)


def _measure(directory: Path, api: FakeApi, size: int) -> None:
    (directory / "kubeconfig").write_text(json.dumps(_kubeconfig(api.url)))
    (directory / "review.json").write_bytes(review(2, padding=7000))
    with Server(directory, "--cluster", "--kubeconfig", "kubeconfig", "--self-signed", "--state-directory", "state") as server:
        before = resident_megabytes(server.process.pid)
        post(server.ready["admission"] + "/validate", directory / "review.json", _REQUESTS)
        with server.client() as client:
            unpatched = sum(not _is_patched(client, number % size) for number in range(_PODS))
        after = resident_megabytes(server.process.pid)
        metrics = server.operations("/metrics").text
    failed = _REQUESTS - counted(metrics, "bindguard_requests_total", endpoint="/validate", decision="allowed")
    reads, lists = len(api.asked("GET", _NAMESPACE + "/")), sum(asked.path in _LISTS for asked in api.requests)
    beside = f"{before:.0f} MB when ready; {failed + unpatched} failed; VMIs read {reads:,} times, listed {lists} times"
    line(
        f"memory with the watch, {size:,} VMIs, after {_REQUESTS:,} reviews and {_PODS:,} launcher pods",
        f"{after:.0f} MB",
        "<= 110 MB, the same",
        beside,
    )


def answer(size: int, asked: Asked) -> tuple[int, dict[str, Any]] | None:
    """VMIs `vmi-0` and so on: one by its name, or a page of all."""
    if asked.path.startswith(_NAMESPACE + "/"):
        return 200, _vmi(int(asked.path.rpartition("-")[2]))
    if asked.path not in _LISTS:
        return None
    begin = int(asked.query.get("continue", 0))
    end = min(size, begin + int(asked.query.get("limit", size)))
    metadata = {"resourceVersion": "1"} | ({"continue": str(end)} if end < size else {})
    return 200, {"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": [_vmi(number) for number in range(begin, end)]}


def _is_patched(client: httpx.Client, number: int) -> bool:
    identity = _vmi(number)["metadata"]
    owner = dict(launchers.OWNER) | {"name": identity["name"], "uid": identity["uid"]}
    pod = launchers.pod(owners=[owner], labels={"kubevirt.io/created-by": identity["uid"]})
    body = launchers.review(pod, userInfo={"username": launchers.KUBEVIRT})
    answered = client.post("/mutate?timeout=5s", content=body, headers={"content-type": "application/json"})
    return "patch" in answered.json()["response"]


def _kubevirt() -> dict[str, Any]:
    """Of a release that leaves the overhead to us, with the gate that it asks for."""
    cr = kubevirt({"p1": {**TAP, **launchers.PASST}}, version="v1.2.2")
    cr["spec"]["configuration"]["developerConfiguration"] = {"featureGates": ["NetworkBindingPlugins"]}
    return cr


def _vmi(number: int) -> dict[str, Any]:
    vmi = launchers.vmi("p1", uid=f"00000000-0000-0000-0000-{number:012}", annotations={"example.org/padding": _PADDING})
    vmi["metadata"]["name"] = f"vmi-{number}"
    return vmi


def _kubeconfig(url: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "fake",
        "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
        "clusters": [{"name": "fake", "cluster": {"server": url}}],
        "users": [{"name": "fake", "user": {}}],
    }
