"""`bindguard doctor` against a real API server with an installation in it: well, and with one thing broken at a time."""

import base64
import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.helm import Objects
from tests.cli.bindguard import bindguard
from tests.e2e.access import auditor, kubeconfig
from tests.e2e.control_plane import ControlPlane
from tests.e2e.installation import KUBEVIRTS, LEASE, MUTATING, NAMESPACE, SECRET, VALIDATING, Installation, until_armed
from tests.e2e.objects import kubevirt
from tests.e2e.workload import CONFIG_MAP, ENDPOINTS, Workload, own_address
from tests.report.readers import read_json
from tests.runtime.server import Server, eventually
from tests.tls import builders as tls
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS

PAGE = Path(__file__).parents[2] / "docs/doctor.md"
CR = f"{KUBEVIRTS}/kubevirt"
ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/bindguard"
SERVICE = f"/api/v1/namespaces/{NAMESPACE}/services/bindguard"
INSTANCE = "app.kubernetes.io/instance"
BY_URL = {"validating-configuration": "warn", "mutating-configuration": "warn"}
"""What differs from a cluster: the webhooks are called by URL."""

Object = dict[str, Any]


@pytest.fixture(scope="module")
def replicas(cluster: ControlPlane, installed: Installation, rendered: Objects) -> Iterator[list[Server]]:
    """Two replicas, and pods for them, as far as the doctor looks."""
    if own_address().startswith("127."):
        pytest.skip("this machine has loopback addresses alone, which the API server's proxy refuses")
    workload = Workload(cluster, rendered)
    workload.install()
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(installed.replica(name)) for name in ("a", "b")]
        eventually(lambda: _leaders(servers) == 1)
        until_armed(cluster)
        with workload.running(servers):
            yield servers


@pytest.fixture
def admin(cluster: ControlPlane, tmp_path: Path) -> Path:
    """A kubeconfig of somebody who may do everything."""
    return kubeconfig(cluster, tmp_path)


def _leaders(servers: list[Server]) -> int:
    return sum(server.metric("bindguard_certificate_leader") == 1 for server in servers)


def examined(kubeconfig: Path) -> tuple[int, dict[str, str], str]:
    """The doctor's exit code, all that is not well with the verdict, and all that is found and to be done."""
    done = bindguard("doctor", "--kubeconfig", kubeconfig, "-o", "json")
    checks = read_json(done.stdout.decode())["checks"]
    told = " ".join(f"{each['found']}; {each['remedy']}" for each in checks if each["verdict"] != "ok")
    return done.returncode, {each["check"]: each["verdict"] for each in checks if each["verdict"] != "ok"}, told


@contextlib.contextmanager
def stranger(cluster: ControlPlane, replicas: list[Server], *, ago: timedelta = timedelta()) -> Iterator[None]:
    """Somebody who hangs holds the Lease, renewed some time ago: for a minute no replica mends anything."""
    renewed = (datetime.now(UTC) - ago).isoformat(timespec="microseconds").replace("+00:00", "Z")
    cluster.merge(LEASE, {"spec": {"holderIdentity": "stranger", "leaseDurationSeconds": 60, "renewTime": renewed}})
    eventually(lambda: _leaders(replicas) == 0)
    try:
        yield
    finally:
        cluster.client.delete(LEASE)
        eventually(lambda: _leaders(replicas) == 1)


@contextlib.contextmanager
def without(cluster: ControlPlane, path: str) -> Iterator[None]:
    """An object is deleted, and comes back as it was."""
    before = cluster.read(path)
    assert cluster.client.delete(path).is_success
    try:
        yield
    finally:
        before["metadata"] = {
            key: value for key, value in before["metadata"].items() if key in ("name", "namespace", "labels", "annotations")
        }
        cluster.create(path.rpartition("/")[0], before)
        if "status" in before:
            cluster.merge(f"{path}/status", {"status": before["status"]})


@contextlib.contextmanager
def changed(cluster: ControlPlane, path: str, key: str, change: Callable[[Any], Any]) -> Iterator[None]:
    """One field of an object is another for as long as the block runs."""
    before = cluster.read(path)[key]
    cluster.merge(path, {key: change(json.loads(json.dumps(before)))})
    try:
        yield
    finally:
        cluster.merge(path, {key: before})


@contextlib.contextmanager
def second_kubevirt(cluster: ControlPlane) -> Iterator[None]:
    path = KUBEVIRTS.replace("/kubevirt/", f"/{NAMESPACE}/")
    cluster.create(path, kubevirt() | {"metadata": {"name": "second"}})
    cluster.merge(f"{path}/second/status", {"status": kubevirt()["status"]})
    try:
        yield
    finally:
        cluster.client.delete(f"{path}/second")


def _without_bundles(webhooks: list[Object]) -> list[Object]:
    return [each | {"clientConfig": {**each["clientConfig"], "caBundle": ""}} for each in webhooks]


def _on_trial(webhooks: list[Object]) -> list[Object]:
    return [each | {"namespaceSelector": {**each["namespaceSelector"], "matchLabels": {"bindguard": "try"}}} for each in webhooks]


def _by_service(rendered: Objects, kind: str) -> Callable[[list[Object]], list[Object]]:
    """The chart's own way to call a webhook, with the caBundle that is there."""
    of_chart = [each["clientConfig"] for each in rendered.one(kind)["webhooks"]]

    def change(webhooks: list[Object]) -> list[Object]:
        return [
            each | {"clientConfig": {**client, "caBundle": each["clientConfig"]["caBundle"]}}
            for each, client in zip(webhooks, of_chart, strict=True)
        ]

    return change


def _by_url(base: str) -> Callable[[list[Object]], list[Object]]:
    """Webhooks that are called at another address."""
    return lambda webhooks: [
        each | {"clientConfig": {"url": f"{base}/validate", "caBundle": each["clientConfig"]["caBundle"]}} for each in webhooks
    ]


@contextlib.contextmanager
def called_by_service(cluster: ControlPlane, rendered: Objects) -> Iterator[None]:
    """The webhooks are called through the Service, as in a cluster."""
    with (
        changed(cluster, f"{VALIDATING}/bindguard", "webhooks", _by_service(rendered, "ValidatingWebhookConfiguration")),
        changed(cluster, f"{MUTATING}/bindguard", "webhooks", _by_service(rendered, "MutatingWebhookConfiguration")),
    ):
        yield


@pytest.mark.usefixtures("replicas")
def test_the_doctor_finds_nothing_in_a_healthy_installation(cluster: ControlPlane, rendered: Objects, admin: Path) -> None:
    with called_by_service(cluster, rendered):
        done = bindguard("doctor", "--context", "here", "--kubeconfig", admin, "--fail-on", "warn")
    told = done.stdout.decode()
    assert done.returncode == EXIT_CLEAN, told
    assert "0 failed, 0 warnings, 0 not checked" in " ".join(told.split())
    assert "bindguard-a, bindguard-b: the stored certificate" in told
    assert "last-review" in told
    assert "a good VM is admitted, and a VM whose interface names no plugin is denied by Bindguard" in " ".join(told.split())


FAULTS: Mapping[str, tuple[Callable[[ControlPlane], AbstractContextManager[None]], dict[str, str], str]] = {
    "a caBundle is emptied": (
        lambda cluster: changed(cluster, f"{VALIDATING}/bindguard", "webhooks", _without_bundles),
        {"ca-bundle": "fail", "dry-run": "fail"},
        "validate.bindguard.io, advice.validate.bindguard.io: no caBundle",
    ),
    "the Secret is deleted": (lambda cluster: without(cluster, SECRET), {"certificate": "fail"}, "bindguard-tls does not exist"),
    "the validating configuration is deleted": (
        lambda cluster: without(cluster, f"{VALIDATING}/bindguard"),
        {"validating-configuration": "fail"},
        "does not call Bindguard for VMs; run helm upgrade again",
    ),
    "the mutating configuration is deleted": (
        lambda cluster: without(cluster, f"{MUTATING}/bindguard"),
        {"mutating-configuration": "fail"},
        "MutatingWebhookConfiguration bindguard does not exist",
    ),
    "a rule of the role is removed": (
        lambda cluster: changed(cluster, ROLE, "rules", lambda rules: rules[1:]),
        {"server-permissions": "fail"},
        "may not list/watch kubevirts.kubevirt.io, by which it learns what is registered",
    ),
    "the Service selects other pods": (
        lambda cluster: changed(cluster, SERVICE, "spec", lambda spec: {"selector": {**spec["selector"], INSTANCE: "other"}}),
        {"service": "fail"},
        "which none of 2 pods has",
    ),
    "the configuration of a trial is left in place": (
        lambda cluster: changed(cluster, f"{VALIDATING}/bindguard", "webhooks", _on_trial),
        {"validating-configuration": "warn", "dry-run": "unknown"},
        "it is not called for namespaces without the label bindguard=try",
    ),
    "the KubeVirt CR is deleted": (lambda cluster: without(cluster, CR), {"kubevirt": "warn"}, "has no KubeVirt CR"),
    "a second CR counts": (second_kubevirt, {"kubevirt": "fail"}, "2 KubeVirt CRs are active (bindguard/second, kubevirt/kubevirt)"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_doctor_names_what_is_broken_and_nothing_else(cluster: ControlPlane, replicas: list[Server], admin: Path, fault: str) -> None:
    broken, verdicts, said = FAULTS[fault]
    with stranger(cluster, replicas), broken(cluster):
        code, found, told = examined(admin)
    own = {check: verdict for check, verdict in found.items() if BY_URL.get(check) != verdict or check in verdicts}
    assert (code, own) == (EXIT_FINDINGS if "fail" in verdicts.values() else EXIT_CLEAN, verdicts), told
    assert said in told


def _by_new_connections(webhooks: list[Object]) -> list[Object]:
    """The same caBundles in other bytes: the API server keeps connections by them, and one that is open needs no endpoint."""

    def padded(bundle: str) -> str:
        return base64.b64encode(base64.b64decode(bundle) + b"\n").decode()

    return [each | {"clientConfig": {**each["clientConfig"], "caBundle": padded(each["clientConfig"]["caBundle"])}} for each in webhooks]


def test_the_doctor_finds_that_the_api_server_reaches_no_pod(
    cluster: ControlPlane, replicas: list[Server], rendered: Objects, admin: Path
) -> None:
    with (
        stranger(cluster, replicas),
        called_by_service(cluster, rendered),
        changed(cluster, ENDPOINTS, "subsets", lambda _: []),
        changed(cluster, f"{VALIDATING}/bindguard", "webhooks", _by_new_connections),
    ):
        code, found, told = examined(admin)
    assert (code, found) == (EXIT_FINDINGS, {"dry-run": "fail"}), told
    assert 'no endpoints available for service "bindguard"; no ready pod is behind the Service' in told


@pytest.mark.usefixtures("replicas")
def test_the_doctor_finds_that_nothing_listens_where_the_api_server_calls(cluster: ControlPlane, admin: Path) -> None:
    with changed(cluster, f"{VALIDATING}/bindguard", "webhooks", _by_url("https://127.0.0.1:9")):
        code, found, told = examined(admin)
    assert (code, found["dry-run"]) == (EXIT_FINDINGS, "fail"), told
    assert "connection refused; nothing listens where the API server calls" in told


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.usefixtures("replicas")
def test_the_doctor_finds_that_the_api_server_shows_no_client_certificate(
    cluster: ControlPlane, installed: Installation, admin: Path, tmp_path: Path, version: str
) -> None:
    (tmp_path / "client-ca.crt").write_bytes(tls.ca().cert_pem)
    with (
        installed.replica("strict", clientCa=str(tmp_path / "client-ca.crt"), tlsMinimum=version) as server,
        changed(cluster, f"{VALIDATING}/bindguard", "webhooks", _by_url(server.ready["admission"])),
    ):
        code, found, told = examined(admin)
    assert (code, found["dry-run"]) == (EXIT_FINDINGS, "fail"), told
    assert "the API server fails to call validate.bindguard.io" in told
    assert "clientCa" in told


@pytest.mark.usefixtures("replicas")
def test_in_an_audit_the_doctor_is_content_with_a_warning(cluster: ControlPlane, installed: Installation, admin: Path) -> None:
    def audited(data: Object) -> Object:
        return {"bindguard.yaml": json.dumps(yaml.safe_load(data["bindguard.yaml"]) | {"rules": {"*": "warn"}})}

    with (
        installed.replica("audit", rules={"*": "warn"}) as server,
        changed(cluster, f"{VALIDATING}/bindguard", "webhooks", _by_url(server.ready["admission"])),
        changed(cluster, CONFIG_MAP, "data", audited),
    ):
        done = bindguard("doctor", "--kubeconfig", admin, "-o", "json")
    [result] = [each for each in read_json(done.stdout.decode())["checks"] if each["check"] == "dry-run"]
    assert (result["verdict"], "admitted with a warning, as its rule is set to warn" in result["found"]) == ("ok", True), result


def test_a_lease_that_nobody_renews_is_a_failure(cluster: ControlPlane, replicas: list[Server], admin: Path) -> None:
    with stranger(cluster, replicas, ago=timedelta(hours=1)):
        code, found, told = examined(admin)
    assert (code, found) == (EXIT_FINDINGS, {"lease": "fail"} | BY_URL)
    assert "stranger renewed Lease bindguard/bindguard last 60 min ago" in told


def test_no_mutating_configuration_is_missed_where_no_overhead_is_wanted(
    cluster: ControlPlane, replicas: list[Server], admin: Path
) -> None:
    off = changed(cluster, CONFIG_MAP, "data", lambda data: {"bindguard.yaml": data["bindguard.yaml"].replace("auto", '"off"')})
    with stranger(cluster, replicas), off, without(cluster, f"{MUTATING}/bindguard"):
        code, found, _told = examined(admin)
    assert (code, found) == (EXIT_CLEAN, {"validating-configuration": "warn"})


@pytest.mark.usefixtures("replicas")
def test_with_the_service_account_of_the_pods_the_doctor_sees_what_docs_doctor_says(installed: Installation) -> None:
    done = bindguard("doctor", "--kubeconfig", installed.directory / "kubeconfig", "-o", "json")
    verdicts = {each["check"]: each["verdict"] for each in read_json(done.stdout.decode())["checks"]}
    verdicts.pop("server-permissions")  # checked by Kubernetes 1.28 and later only
    seen = {check for check, verdict in verdicts.items() if verdict != "unknown"}
    row = re.search(r"^\| the service account of the pods \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert row is not None
    assert (sorted(seen), sorted(verdicts.keys() - seen)) == (sorted(_named(row[1])), sorted(_named(row[2])))
    assert done.returncode == EXIT_CLEAN


def _named(cell: str) -> list[str]:
    return re.findall(r"`([\w-]+)`", cell)


@pytest.mark.usefixtures("replicas")
def test_a_kubeconfig_is_read_from_a_pipe_as_kubectl_exec_hands_it_in(admin: Path) -> None:
    done = bindguard("doctor", "--kubeconfig", "/dev/stdin", "-o", "json", stdin=admin.read_bytes())
    assert done.returncode == EXIT_CLEAN, done.stderr.decode()
    assert {each["check"]: each["verdict"] for each in read_json(done.stdout.decode())["checks"]}["dry-run"] == "ok"


@pytest.mark.usefixtures("replicas")
def test_the_doctor_of_somebody_who_may_little_says_what_it_could_not_look_at(cluster: ControlPlane, tmp_path: Path) -> None:
    code, found, told = examined(kubeconfig(cluster, tmp_path, token=auditor(cluster)))
    assert (code, set(found.values())) == (EXIT_CLEAN, {"unknown"})
    assert "get deployments.apps bindguard in namespace bindguard" in told
