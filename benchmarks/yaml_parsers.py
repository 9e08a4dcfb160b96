"""How long one document takes: our readers beside libyaml's, and beside Rust parsers where they are installed. Figures per document."""

import functools
import importlib
import io
import time
from collections.abc import Callable

import yaml

from webhook.manifests.block_reader import read_block
from webhook.manifests.composer import Composer
from webhook.manifests.documents import read_documents
from webhook.manifests.locations import locate
from webhook.manifests.model import Document, DocumentFormat
from webhook.manifests.yaml import parse

INTERFACES = "".join(
    f"            - name: net{i}\n              model: virtio\n              binding:\n                name: passt\n" for i in range(6)
)
NETWORKS = "".join(f"        - name: net{i}\n          multus:\n            networkName: shop/blue\n" for i in range(6))
VM = f"""apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web-01
  namespace: shop
  labels:
    app.kubernetes.io/name: web
  annotations:
    description: "the front end, tier one"
spec:
  runStrategy: Always
  template:
    spec:
      evictionStrategy: LiveMigrate
      domain:
        cpu:
          cores: 2
        memory:
          guest: 4Gi
        devices:
          rng: {{}}
          disks:
            - name: rootdisk
              disk:
                bus: virtio
          interfaces:
{INTERFACES}      networks:
{NETWORKS}      volumes:
        - name: cloudinit
          cloudInitNoCloud:
            userData: |
              #cloud-config
              hostname: web-01
              packages:
                - nginx
                - qemu-guest-agent
"""
RAW = VM.encode()
DOCUMENT = Document("vm.yaml", 1, RAW, DocumentFormat.YAML)
ELSE = b"---\n" + RAW.replace(b"kubevirt.io", b"example.org")


def best(call: Callable[[], object], times: int = 200) -> float:
    """Microseconds of one call, the best of seven runs."""
    runs = []
    for _ in range(7):
        started = time.perf_counter()
        for _ in range(times):
            call()
        runs.append((time.perf_counter() - started) / times * 1e6)
    return min(runs)


def others() -> dict[str, Callable[[], object]]:
    """Parsers in Rust, with YAML 1.2's meaning; Bindguard does not need them."""
    found: dict[str, Callable[[], object]] = {}
    for module, function in (("ryaml", "loads"), ("yaml12", "parse_yaml")):
        try:
            loads = getattr(importlib.import_module(module), function)
        except ImportError:
            continue
        found[f"{module}.{function}"] = functools.partial(loads, VM)
    return found


def main() -> None:
    print(f"one virtual machine of {len(RAW)} bytes, microseconds:")
    calls: dict[str, Callable[[], object]] = {
        "yaml.CSafeLoader": lambda: yaml.load(VM, yaml.CSafeLoader),
        "libyaml's events alone": lambda: list(yaml.parse(VM, yaml.CBaseLoader)),
        "compose": lambda: Composer(yaml.CBaseLoader(VM).get_event).compose(),
        "block": lambda: read_block(RAW),
        "parse": lambda: parse(DOCUMENT),
        "locate": lambda: locate(DOCUMENT, [("spec", "template", "spec", "domain", "devices", "interfaces", 1, "binding", "name")]),
        **others(),
    }
    for name, call in calls.items():
        print(f"  {name:24}{best(call):8.1f}")
    many = ELSE * 5000
    micros = best(lambda: list(read_documents(io.BytesIO(many), "x.yaml", needle=b"kubevirt.io")), 1)
    print(f"documents skipped: {len(many) / micros:.0f} MB/s, {5000 / micros * 1e6:.0f} documents/s")


if __name__ == "__main__":
    main()
