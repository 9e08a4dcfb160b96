"""Files to check, and a run of the engine over them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webhook.check.run import run
from webhook.check.settings_layers import Flags, settings_from
from webhook.report.findings import Report

VM = """\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: {name}
  namespace: shop
spec:
  template:
    spec:
      domain:
        devices:
          interfaces:
            - name: default
              binding:
                name: {plugin}
      networks:
        - name: default
          pod: {{}}
"""
KUBEVIRT = """\
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata: {name: kubevirt, namespace: kubevirt}
spec:
  configuration:
    network:
      binding:
        l2bridge: {domainAttachmentType: managedTap, migration: {}}
"""
HYPERCONVERGED = """\
apiVersion: hco.kubevirt.io/v1beta1
kind: HyperConverged
metadata: {name: kubevirt-hyperconverged, namespace: kubevirt-hyperconverged}
spec:
  networkBinding:
    macvtap: {domainAttachmentType: tap}
"""


def vm(plugin: str = "l2bridge", name: str = "web") -> str:
    """A VM whose only interface is on a plugin."""
    return VM.format(plugin=plugin, name=name)


def write(directory: Path, files: Mapping[str, str | bytes]) -> None:
    """Files by their relative names; who reads meanwhile reads the old one or the new one, never half of it."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.new")
        new.write_bytes(content if isinstance(content, bytes) else content.encode())
        new.replace(path)


def checked(directory: Path, *paths: str, jobs: int = 1, **flags: Any) -> Report:
    """What a run over these paths inside `directory` tells; all of it without paths."""
    given = tuple(str(directory / path) for path in paths) or (str(directory),)
    return run(settings_from(Flags(paths=given, jobs=jobs, **flags), directory=directory), lambda *_: None)


def rules_found(report: Report) -> list[str]:
    """The names of the rules that found something, in order."""
    return [occurrence.finding.rule for occurrence in report.occurrences]
