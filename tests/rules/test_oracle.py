"""Verdicts are those of KubeVirt's own admission code, on objects that went the way of a real CREATE in nine releases."""

from collections import Counter
from collections.abc import Mapping

import pytest

from .oracle import FILES, denying, plan_for, records

BEYOND: Mapping[str, str] = {
    "no-binding": "before 1.9 KubeVirt admits an interface without binding",
    "several-bindings": "before 1.9 KubeVirt admits an interface with several core bindings",
    "unregistered-plugin": "KubeVirt admits it, and the VM never starts",
    "empty-plugin-name": "KubeVirt admits it, and the VM never starts",
    "plugin-attaches-nothing": "KubeVirt admits it, and the guest has no NIC",
    "plugin-hard-coded-name": "KubeVirt admits it, and the sidecar fails: the VM never starts",
    "plugin-without-pod-network": "KubeVirt admits it, and the sidecar fails: the VM never starts",
    "invalid-network-reference": "KubeVirt admits it, and no such NetworkAttachmentDefinition can be found: the VM never starts",
    "invalid-vm-network-cidr": "KubeVirt admits it, and virt-handler fails: the VM never starts",
    "duplicate-pci-address": "KubeVirt admits it, and libvirt refuses the domain: the VM never starts",
    "invalid-probe": "the API server refuses the launcher pod",
    "invalid-subdomain": "the API server refuses the launcher pod",
    "invalid-port": "off the pod network the API server refuses the launcher pod",
    "invalid-port-name": "off the pod network the API server refuses the launcher pod",
    "duplicate-port-name": "across interfaces the API server refuses the launcher pod",
    "unknown-port-protocol": "off the pod network the API server refuses the launcher pod",
    "discontinued-binding": "what a replica set or pool creates is refused",
    "default-binding-not-permitted": "what a replica set or pool creates is refused",
}
"""Rules that deny what KubeVirt accepts, on purpose."""


@pytest.mark.skipif(not FILES, reason="KubeVirt's recorded answers are not beside this checkout")
def test_no_verdict_differs_but_on_purpose() -> None:
    differing: Counter[str] = Counter()
    for record in records():
        if record.causes and not record.denied:
            differing[f"{record.file}: let pass: {record.causes}"] += 1
        if not record.causes and not record.denied <= BEYOND.keys():
            differing[f"{record.file}: denied by {sorted(record.denied)}"] += 1
    assert not differing


@pytest.mark.parametrize(
    ("version", "port", "denied"),
    [("v1.8.4", 65535, set()), ("v1.8.4", 65536, set()), ("v1.9.0", 65535, set()), ("v1.9.0", 65536, {"invalid-port"})],
)
def test_a_port_is_accepted_as_that_release_accepts_it(version: str, port: int, denied: set[str]) -> None:
    devices = {"interfaces": [{"name": "default", "masquerade": {}, "ports": [{"port": port}]}]}
    spec = {"domain": {"devices": devices}, "networks": [{"name": "default", "pod": {}}]}
    assert denying({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "spec": spec}, plan_for(version, {})) == denied
