"""The engine in-process: a review decoded and checked, growing specs, growing registries; against the standard library's JSON decoder."""

import functools
import json
import time
import timeit
from collections.abc import Callable

from benchmarks.corpus import launcher
from benchmarks.machine import median, row
from webhook.admission.answer import Answer
from webhook.admission.mutation import mutate
from webhook.admission.pods import OverheadMode, open_pod_review
from webhook.admission.review import open_review
from webhook.admission.rule_set import RuleSet
from webhook.admission.validation import validate
from webhook.plugins.plugin import ComputeResourceOverhead, Plugin
from webhook.plugins.registry import Registry
from webhook.rules import RULES
from webhook.rules.plan import plan

_RUNS = 7


def seconds_per_call(call: Callable[[], object], number: int) -> float:
    """The median of several timings of one call."""
    return median([timeit.timeit(call, number=number) / number for _ in range(_RUNS)])


def review(interfaces: int, *, padding: int = 0) -> bytes:
    """A VMI CREATE review with so many interfaces, the last on a plugin; `padding` bytes of cloud-init make it as big as real ones."""
    names = [f"net{number}" for number in range(interfaces)]
    spec = {
        "domain": {
            "devices": {
                "disks": [{"name": "root", "disk": {"bus": "virtio"}}],
                "interfaces": [
                    {"name": name, **({"masquerade": {}} if not i else {"binding": {"name": f"p{i}"}})} for i, name in enumerate(names)
                ],
            },
            "memory": {"guest": "1Gi"},
        },
        "networks": [{"name": name, **({"pod": {}} if not i else {"multus": {"networkName": name}})} for i, name in enumerate(names)],
        "volumes": [{"name": "root", "cloudInitNoCloud": {"userData": "#" * padding}}],
    }
    request = {
        "uid": "a00919e7-de41-4519-975f-deae23e5ef9d",
        "kind": {"group": "kubevirt.io", "version": "v1", "kind": "VirtualMachineInstance"},
        "resource": {"group": "kubevirt.io", "version": "v1", "resource": "virtualmachineinstances"},
        "name": "vmi",
        "namespace": "shop",
        "operation": "CREATE",
        "userInfo": {"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]},
        "object": {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "vmi"}, "spec": spec},
    }
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()


def rule_set(plugins: int) -> RuleSet:
    """All rules as in a cluster, against a registry of so many plugins."""
    overhead = ComputeResourceOverhead(requests={"memory": "500Mi"})
    plugin = Plugin(sidecar_image="quay.io/example/plugin:1", compute_resource_overhead=overhead)
    registry = Registry(plugins={f"p{number}": plugin for number in range(plugins)})
    return RuleSet(registry=registry, plan=plan(RULES, registry, {}, upstream_answers=True), version="1", read_at=time.monotonic())


def answered(body: bytes, by: RuleSet) -> Answer:
    """A VM is validated."""
    return validate(open_review(body), by)


def patched(pod: bytes, vmi: bytes, book: RuleSet) -> None:
    """A launcher pod gets its overhead."""
    if not (answer := mutate(open_pod_review(pod), vmi, book, OverheadMode.EVEN_IF_COUNTED)).patch:
        raise SystemExit(f"the launcher pod stays as it is: {answer.reason}")


def main() -> None:
    """One usual review, then growth in both directions."""
    body = review(2, padding=7000)
    ours = seconds_per_call(functools.partial(answered, body, rule_set(10)), 2000)
    base = seconds_per_call(functools.partial(json.loads, body), 2000)
    row(
        f"review of {len(body) / 1000:.1f} kB decoded and checked",
        f"{ours * 1e6:.1f} us",
        "<= 15 us",
        f"{ours / base:.2f} x json.loads alone",
    )
    pod, vmi = launcher(plugin="p1")
    spent = seconds_per_call(functools.partial(patched, pod, vmi, rule_set(10)), 1000)
    row(f"launcher pod of {len(pod) / 1000:.1f} kB decoded and patched", f"{spent * 1e6:.1f} us", "none", "without the reading of its VMI")
    for size in (10, 100, 1000):
        spent = seconds_per_call(functools.partial(answered, review(size), rule_set(size)), 20)
        row(f"{size:,} interfaces x {size:,} plugins", f"{spent / size * 1e6:.2f} us/interface", "linear")
