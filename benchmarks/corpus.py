"""What is checked: repositories made on the spot, the same bytes on every machine, and a launcher pod."""

import json
from pathlib import Path

_LAUNCHER = Path("tests/data/reviews/pod-create-virt-launcher-2.json")

_VM = """\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web-{number}
  namespace: shop
  labels:
    app.kubernetes.io/name: web
    kubevirt.io/os: fedora
spec:
  runStrategy: Always
  template:
    metadata:
      labels:
        kubevirt.io/domain: web-{number}
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
            - name: cloudinit
              disk:
                bus: virtio
          interfaces:
            - name: default
              masquerade: {{}}
              ports:
                - name: http
                  port: 80
            - name: blue
              model: virtio
              binding:
                name: l2bridge
      networks:
        - name: default
          pod: {{}}
        - name: blue
          multus:
            networkName: shop/blue
      terminationGracePeriodSeconds: 180
      volumes:
        - name: rootdisk
          dataVolume:
            name: web-{number}-root
        - name: cloudinit
          cloudInitNoCloud:
            userData: |
              #cloud-config
              hostname: web-{number}
              users:
                - name: admin
                  ssh_authorized_keys:
                    - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample admin@example
              packages: [nginx, qemu-guest-agent]
"""
_OTHER = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api-{number}
  namespace: shop
  labels:
    app.kubernetes.io/name: api
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: api
  template:
    metadata:
      labels:
        app.kubernetes.io/name: api
    spec:
      containers:
        - name: api
          image: registry.example/api:1.{number}
          ports:
            - name: http
              containerPort: 8080
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
"""
_REGISTRY = """\
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata:
  name: kubevirt
  namespace: kubevirt
spec:
  configuration:
    network:
      binding:
        l2bridge:
          domainAttachmentType: managedTap
          migration: {}
"""


def virtual_machine(number: int) -> str:
    """A VM of about 1.6 kB in which nothing is wrong."""
    return _VM.format(number=number)


def write_repository(directory: Path, *, files: int, documents: int, every: int) -> int:
    """Write `files` files of `documents` documents of which every `every`th is a VM, and a KubeVirt CR; the number of VMs."""
    vms = 0
    (directory / "kubevirt.yaml").write_text(_REGISTRY)
    for file in range(files):
        with (directory / f"manifests-{file:05}.yaml").open("w") as stream:  # piece by piece: a child's peak memory counts its parent's
            for number in range(file * documents, (file + 1) * documents):
                is_vm = number % every == 0
                vms += is_vm
                stream.write("---\n" + (virtual_machine(number) if is_vm else _OTHER.format(number=number)))
    return vms


def launcher(plugin: str = "passt") -> tuple[bytes, bytes]:
    """The review of a launcher pod, as an API server sent it, and its VMI, which uses a plugin."""
    review = json.loads(_LAUNCHER.read_bytes())
    [owner] = review["request"]["object"]["metadata"]["ownerReferences"]
    identity = {"name": owner["name"], "namespace": review["request"]["namespace"], "uid": owner["uid"]}
    devices = {"interfaces": [{"name": "default", "binding": {"name": plugin}}]}
    spec = {"domain": {"devices": devices}, "networks": [{"name": "default", "pod": {}}]}
    vmi = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "metadata": identity, "spec": spec}
    return json.dumps(review, separators=(",", ":")).encode(), json.dumps(vmi).encode()
