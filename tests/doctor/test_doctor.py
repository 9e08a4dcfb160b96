"""`bindguard doctor` as a tired admin meets it: a process, an API server, an exit code."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.check.cluster import Cluster
from tests.cli.bindguard import bindguard
from tests.cluster.fake_api import FakeApi
from tests.doctor.builders import DEPLOYMENT, SECRET, SLICES, VALIDATING, VMS, Installation, proxy
from webhook.cluster.caller import SUBJECT_REVIEWS
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE, EXIT_USAGE


@pytest.fixture
def installation() -> Iterator[Installation]:
    with FakeApi() as api:
        yield Installation(api)


def kubeconfig(installation: Installation, directory: Path) -> str:
    answer = installation.api.answer
    path = Cluster(installation.api).kubeconfig(directory)
    installation.api.answer = answer
    return path


def test_a_healthy_installation_ends_with_0(installation: Installation, tmp_path: Path) -> None:
    done = bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path), "--fail-on", "warn")
    assert done.returncode == EXIT_CLEAN, done.stdout.decode()
    assert b"0 failed, 0 warnings, 0 not checked" in done.stdout


def test_it_reads_reviews_access_and_runs_dry_and_nothing_is_stored(installation: Installation, tmp_path: Path) -> None:
    bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path))
    assert {each.method for each in installation.api.requests} == {"GET", "POST"}
    creations = [each for each in installation.api.asked("POST") if not each.path.endswith("reviews")]
    assert [(each.path, each.query["dryRun"]) for each in creations] == [(VMS, "All"), (VMS, "All")]


def test_a_vm_is_created_dry_in_the_namespace_that_is_named(installation: Installation, tmp_path: Path) -> None:
    bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path), "--dry-run-namespace", "shop")
    assert len(installation.api.asked("POST", VMS.replace("default", "shop"))) == 2


def test_where_no_webhook_is_asked_about_vms_none_is_created_dry(installation: Installation, tmp_path: Path) -> None:
    installation.told[f"{VALIDATING}/bindguard"] = 404
    done = bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path))
    assert installation.api.asked("POST", VMS) == []
    assert b"dry-run" not in done.stdout


def test_failures_come_first_with_what_to_do(installation: Installation, tmp_path: Path) -> None:
    installation.told[DEPLOYMENT]["status"] = {}
    done = bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path))
    assert done.returncode == EXIT_FINDINGS
    first, what, remedy = done.stdout.decode().splitlines()[:3]
    assert first == "FAIL  deployment"
    assert "none of 2 replicas is ready" in what
    assert remedy.startswith("      do: kubectl -n bindguard describe deployment bindguard")


def test_a_pod_that_is_not_ready_says_why_though_it_answers_503(installation: Installation, tmp_path: Path) -> None:
    body = {"ready": False, "checks": {"validity": {"ready": False, "reason": "the certificate has expired"}}}
    installation.told[proxy("bindguard-a", "readyz")] = (503, body)
    done = bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path), environment={"COLUMNS": "140"})
    assert b"bindguard-a: not ready: validity: the certificate has expired" in done.stdout


def test_what_may_not_be_read_is_told_and_the_rest_is_looked_at(installation: Installation, tmp_path: Path) -> None:
    installation.told[SECRET] = 403
    installation.denied = {"selfsubjectaccessreviews", "subjectaccessreviews"}
    done = bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path), "-o", "json")
    checks = {each["check"]: each for each in json.loads(done.stdout)["checks"]}
    assert checks["certificate"]["verdict"] == "unknown"
    assert checks["deployment"]["verdict"] == "ok"
    assert checks["server-permissions"]["verdict"] == "fail"
    assert json.loads(done.stdout)["summary"]["unknown"] >= 2


def test_the_service_account_of_the_pods_asks_about_itself(installation: Installation, tmp_path: Path) -> None:
    username = "system:serviceaccount:bindguard:bindguard"
    installation.told[SUBJECT_REVIEWS] = {"status": {"userInfo": {"username": username}}}
    installation.denied = {"subjectaccessreviews"}
    done = bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path), "-o", "json")
    assert {each["check"]: each["verdict"] for each in json.loads(done.stdout)["checks"]}["server-permissions"] == "ok"
    assert not installation.api.asked("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews")


@pytest.mark.parametrize("flag", ["--namespace", "--configuration", "--service-account", "--secret", "--lease", "--dry-run-namespace"])
def test_a_name_that_no_object_can_have_is_refused(flag: str) -> None:
    done = bindguard("doctor", flag, "../x")
    assert (done.returncode, done.stderr) == (EXIT_USAGE, f'bindguard: {flag} "../x": no object can have such a name\n'.encode())


def test_where_nothing_may_be_read_it_is_a_page_and_not_a_book(installation: Installation, tmp_path: Path) -> None:
    installation.denied = {"selfsubjectaccessreviews"}
    for path in list(installation.told):
        installation.told[path] = 403
    installation.told[VMS] = (403, {"message": 'User "x" cannot create resource "virtualmachines" in API group "kubevirt.io"'})
    done = bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path), environment={"COLUMNS": "80"})
    assert done.returncode == EXIT_CLEAN
    assert len(done.stdout.splitlines()) < 60
    assert b"do: try again" not in done.stdout


def test_the_endpoints_of_an_old_cluster_are_read_too(installation: Installation, tmp_path: Path) -> None:
    installation.told[SLICES.replace("/v1/", "/v1beta1/")] = installation.told.pop(SLICES)
    done = bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path), "-o", "json")
    assert {"endpoints": "ok"}.items() <= {each["check"]: each["verdict"] for each in json.loads(done.stdout)["checks"]}.items()


@pytest.mark.parametrize(("fault", "remedy"), [(401, b"log in again"), ("cut", b"check the server's address")])
def test_an_api_server_that_cannot_be_asked_ends_with_3(
    installation: Installation, tmp_path: Path, fault: int | str, remedy: bytes
) -> None:
    installation.api.mend()
    installation.api.fail("/", fault, times=9999)
    done = bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path))
    assert done.returncode == EXIT_UNREADABLE
    assert remedy in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_context_that_is_not_there_is_told_with_those_that_are(installation: Installation, tmp_path: Path) -> None:
    done = bindguard("doctor", "--kubeconfig", kubeconfig(installation, tmp_path), "--context", "nope")
    assert done.returncode == EXIT_USAGE
    assert b'contexts in it: "here"' in done.stderr
