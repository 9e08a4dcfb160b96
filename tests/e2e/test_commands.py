"""`check`, `registry` and all that reads a cluster, against a real API server: what they say, and how they end."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bindguard import bindguard
from tests.e2e.access import auditor, expired, kubeconfig
from tests.e2e.control_plane import ControlPlane
from tests.e2e.installation import KUBEVIRTS
from tests.e2e.objects import vm
from tests.report.readers import read_commands, read_json, read_xml, read_yaml
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE, EXIT_USAGE
from webhook.tls.selfsigned import make_ca

CR = f"{KUBEVIRTS}/kubevirt"
DEPOT, SHOP = 1190, 10
BAD = 7
FORMATS = ("text", "json", "yaml", "junit", "sarif", "github", "gitlab")

Object = dict[str, Any]


@pytest.fixture(scope="module")
def stocked(cluster: ControlPlane) -> ControlPlane:
    """More VMs than a page has; some have a plugin that nobody registered."""
    for namespace in ("depot", "shop"):
        cluster.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    machines = [_machine(f"vm-{number:04}", "slip" if number < BAD else "l2bridge", "depot") for number in range(DEPOT)]
    machines += [_machine(f"vm-{number}", "slip" if number == 0 else "l2bridge", "shop") for number in range(SHOP)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: cluster.create(_vms(each["metadata"]["namespace"]), each), machines))
    return cluster


@pytest.fixture
def admin(cluster: ControlPlane, tmp_path: Path) -> Path:
    """A kubeconfig of somebody who may do everything."""
    return kubeconfig(cluster, tmp_path)


def _vms(namespace: str) -> str:
    return f"/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachines"


def _machine(name: str, plugin: str, namespace: str) -> Object:
    return vm(name, plugin) | {"metadata": {"name": name, "namespace": namespace}}


def evaluated(kubeconfig: Path, *arguments: str) -> tuple[int, Any]:
    """Exit code and report of `check`."""
    done = bindguard("check", "--kubeconfig", kubeconfig, "-o", "json", *arguments, directory=kubeconfig.parent)
    return done.returncode, read_json(done.stdout.decode())


def _lists(cluster: ControlPlane) -> int:
    """How often VMs have been listed, as the API server counts."""
    lines = cluster.client.get("/metrics").text.splitlines()
    counted = (line for line in lines if line.startswith("apiserver_request_total{") and 'resource="virtualmachines"' in line)
    return sum(int(float(line.rpartition(" ")[2])) for line in counted if 'verb="LIST"' in line)


def test_what_exists_is_evaluated_page_by_page_and_each_once(stocked: ControlPlane, admin: Path) -> None:
    before = _lists(stocked)
    code, report = evaluated(admin, "--from-cluster")
    assert (code, report["summary"]["checked"]) == (EXIT_FINDINGS, DEPOT + SHOP + 1)
    places = [(each["object"]["namespace"], each["object"]["name"]) for each in report["findings"]]
    assert places == [*(("depot", f"vm-{number:04}") for number in range(BAD)), ("shop", "vm-0")]
    assert _lists(stocked) - before == (DEPOT + SHOP) // 200


@pytest.mark.usefixtures("stocked")
def test_only_a_namespace_that_is_named_is_evaluated(admin: Path) -> None:
    code, report = evaluated(admin, "--from-cluster", "--namespace", "shop")
    assert (code, len(report["findings"]), report["summary"]["checked"]) == (EXIT_FINDINGS, 1, SHOP)


@pytest.mark.usefixtures("stocked")
def test_a_namespace_that_is_not_there_is_wrong_usage(cluster: ControlPlane, admin: Path) -> None:
    done = bindguard("check", "--kubeconfig", admin, "--from-cluster", "-n", "shpo")
    assert (done.returncode, done.stderr.decode()) == (
        EXIT_USAGE,
        f"bindguard: --namespace shpo: {cluster.url} has no such namespace\n",
    )


def test_kinds_that_may_not_be_listed_are_told_and_the_others_evaluated(stocked: ControlPlane, tmp_path: Path) -> None:
    code, report = evaluated(kubeconfig(stocked, tmp_path, token=auditor(stocked)), "--from-cluster")
    assert (code, len(report["findings"])) == (EXIT_UNREADABLE, BAD + 1)
    assert [each["file"] for each in report["unreadable"]] == [
        "cluster:VirtualMachinePool",
        "cluster:VirtualMachineInstanceReplicaSet",
        "cluster:VirtualMachineInstance",
    ]
    assert "--verb=list --resource=virtualmachinepools.pool.kubevirt.io" in report["unreadable"][0]["message"]


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("output", FORMATS)
def test_every_format_tells_the_same_of_a_cluster(admin: Path, output: str) -> None:
    done = bindguard("check", "--kubeconfig", admin, "--from-cluster", "-o", output, directory=admin.parent)
    assert done.returncode == EXIT_FINDINGS
    assert FOUND_IN[output](done.stdout.decode()) == [f"depot/VirtualMachine/vm-{number:04}" for number in range(BAD)] + [
        "shop/VirtualMachine/vm-0"
    ]


def _of_cluster(files: Iterator[str]) -> list[str]:
    return [file.removeprefix("cluster:") for file in files]


def _in_text(text: str) -> list[str]:
    assert f"{BAD + 1} findings ({BAD + 1} deny, 0 warn) in {BAD + 1} objects; {DEPOT + SHOP + 1} objects checked in the cluster" in text
    return _of_cluster(line.rpartition(":")[0].split(":1", 1)[0] for line in text.splitlines() if line.startswith("cluster:"))


def _in_sarif(text: str) -> list[str]:
    results = read_json(text)["runs"][0]["results"]
    uris = (each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results)
    return _of_cluster(uri.replace("%3A", ":") for uri in uris)


FOUND_IN: Mapping[str, Callable[[str], list[str]]] = {
    "text": _in_text,
    "json": lambda text: _of_cluster(each["file"] for each in read_json(text)["findings"]),
    "yaml": lambda text: _of_cluster(each["file"] for each in read_yaml(text)["findings"]),
    "junit": lambda text: _of_cluster(suite.attrib["name"] for suite in read_xml(text) if suite.find("testcase/failure") is not None),
    "sarif": _in_sarif,
    "github": lambda text: _of_cluster(given["file"] for name, given, _ in read_commands(text) if name == "error"),
    "gitlab": lambda text: _of_cluster(each["location"]["path"] for each in read_json(text)),
}


def _register(cluster: ControlPlane, plugin: str, definition: Object | None) -> None:
    cluster.merge(CR, {"spec": {"configuration": {"network": {"binding": {plugin: definition}}}}})


def test_a_file_is_evaluated_by_what_was_registered_a_moment_ago(stocked: ControlPlane, admin: Path) -> None:
    (admin.parent / "vm.json").write_text(json.dumps(vm("new", "fresh")))
    codes = []
    for definition in ({"domainAttachmentType": "tap", "migration": {}}, None):
        _register(stocked, "fresh", definition)
        codes.append(evaluated(admin, "--context", "here", "vm.json")[0])
    assert codes == [EXIT_CLEAN, EXIT_FINDINGS]


@pytest.mark.usefixtures("stocked")
def test_an_exported_registry_gives_the_verdicts_of_the_live_one(admin: Path) -> None:
    plugins = ("passt", "Passt", "l2bridge", "nobody-has-this")
    for number, plugin in enumerate(plugins):
        (admin.parent / f"vm-{number}.yaml").write_text(json.dumps(vm(f"vm-{number}", plugin)))
    done = bindguard("registry", "export", "--kubeconfig", admin, "--output-file", admin.parent / "registry.yml")
    assert done.returncode == EXIT_CLEAN, done.stderr.decode()
    files = [f"vm-{number}.yaml" for number in range(len(plugins))]
    live = evaluated(admin, "--context", "here", *files)
    kept = bindguard("check", "--registry", "registry.yml", "-o", "json", *files, directory=admin.parent)
    assert (kept.returncode, read_json(kept.stdout.decode())["findings"]) == (live[0], live[1]["findings"])
    assert len(live[1]["findings"]) >= 2


def _strange_ca() -> str:
    return make_ca(now=datetime.now(UTC), days=1).certificate_pem().decode()


COMMANDS = {"doctor": ("doctor",), "check": ("check", "--from-cluster"), "registry export": ("registry", "export")}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("ca", "its certificate is not signed by the CA of the kubeconfig"),
        ("token", "log in again"),
        ("server", "check the server's address in the kubeconfig"),
    ],
)
def test_a_cluster_that_cannot_be_asked_is_one_line_that_says_what_to_do(
    stocked: ControlPlane, tmp_path: Path, command: str, wrong: str, said: str
) -> None:
    values: Mapping[str, Callable[[], str]] = {
        "ca": _strange_ca,
        "token": lambda: expired(stocked),
        "server": lambda: "https://127.0.0.1:1",
    }
    told = refused(EXIT_UNREADABLE, *COMMANDS[command], "--kubeconfig", kubeconfig(stocked, tmp_path, **{wrong: values[wrong]()}))
    assert said in told


@pytest.mark.parametrize("command", COMMANDS)
def test_a_context_that_is_not_there_is_one_line_with_those_that_are(admin: Path, command: str) -> None:
    assert 'contexts in it: "here"' in refused(EXIT_USAGE, *COMMANDS[command], "--kubeconfig", admin, "--context", "elsewhere")


def refused(code: int, *arguments: str | Path) -> str:
    """The one line of a command that ends with this code."""
    done = bindguard(*arguments)
    told = done.stderr.decode()
    assert (done.returncode, done.stdout, told.count("\n")) == (code, b"", 1), told
    return told


def test_an_api_server_that_keeps_silent_ends_the_doctor_with_one_line(stocked: ControlPlane, admin: Path) -> None:
    with stocked.frozen():
        assert "nothing came for 10 s" in refused(EXIT_UNREADABLE, "doctor", "--kubeconfig", admin)
