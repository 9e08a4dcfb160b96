"""`bindguard break-glass` as a process against a fake API server; tests/e2e has it against a real one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bindguard import bindguard
from tests.cluster import kubeconfigs
from tests.cluster.fake_api import Asked, FakeApi
from tests.cluster.named_objects import MUTATING, VALIDATING
from webhook.cluster.webhook_configurations import BREAK_GLASS

REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
EVENTS = "/api/v1/namespaces/default/events"


@pytest.fixture
def cluster() -> Iterator[FakeApi]:
    with FakeApi() as api:
        api.store(VALIDATING, {"metadata": {"name": "bindguard"}, "webhooks": [{"name": "validate.bindguard.io", "failurePolicy": "Fail"}]})
        yield api


@pytest.fixture
def kubeconfig(cluster: FakeApi, tmp_path: Path) -> Path:
    return Path(kubeconfigs.kubeconfig(tmp_path, cluster.url, {}))


def policy(cluster: FakeApi) -> Any:
    return cluster.objects[VALIDATING]["webhooks"][0]["failurePolicy"]


def events(cluster: FakeApi) -> list[Any]:
    return [json.loads(asked.body) for asked in cluster.requests if (asked.method, asked.path) == ("POST", EVENTS)]


def test_the_glass_is_broken_and_mended(cluster: FakeApi, kubeconfig: Path) -> None:
    cluster.answer = lambda asked: (201, {"status": {"userInfo": {"username": "admin"}}}) if asked.path == REVIEWS else None
    done = bindguard("break-glass", "--reason", "outage", "--yes", "--kubeconfig", kubeconfig)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode() == (
        f"{cluster.url}, as admin:\n"
        "  ValidatingWebhookConfiguration bindguard: set failurePolicy Ignore on webhook validate.bindguard.io\n"
        "done; restore it with: bindguard break-glass --undo\n"
    )
    assert policy(cluster) == "Ignore"
    [event] = events(cluster)
    assert (event["reason"], event["type"], event["involvedObject"]["kind"]) == ("BreakGlass", "Warning", "ValidatingWebhookConfiguration")
    assert event["message"] == "admin: set failurePolicy Ignore on webhook validate.bindguard.io; outage"
    undone = bindguard("break-glass", "--undo", "--yes", "--kubeconfig", kubeconfig)
    assert undone.returncode == 0, undone.stderr
    assert policy(cluster) == "Fail"
    assert BREAK_GLASS not in cluster.objects[VALIDATING]["metadata"]["annotations"]
    assert [event["reason"] for event in events(cluster)] == ["BreakGlass", "BreakGlassUndone"]


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(cluster: FakeApi, kubeconfig: Path) -> None:
    done = bindguard("break-glass", "--reason", "drill", "--remove", "--dry-run", "--kubeconfig", kubeconfig)
    assert done.returncode == 0
    assert b"remove webhook validate.bindguard.io: the API server no longer calls it" in done.stdout
    assert policy(cluster) == "Fail"
    assert not events(cluster)


def test_without_a_terminal_or_yes_nothing_is_changed(cluster: FakeApi, kubeconfig: Path) -> None:
    done = bindguard("break-glass", "--reason", "outage", "--kubeconfig", kubeconfig)
    assert (done.returncode, done.stderr) == (2, b"bindguard: there is no terminal to ask at: give --yes\n")
    assert policy(cluster) == "Fail"


def test_an_event_that_may_not_be_written_is_said_and_the_change_stands(cluster: FakeApi, kubeconfig: Path) -> None:
    cluster.fail(EVENTS, 403, times=9)
    done = bindguard("break-glass", "--reason", "outage", "--yes", "--kubeconfig", kubeconfig)
    assert done.returncode == 0
    assert b"no Event was written" in done.stderr
    assert b"create Events in namespace default" in done.stderr
    assert policy(cluster) == "Ignore"


def test_a_change_that_is_forbidden_names_the_permission(cluster: FakeApi, kubeconfig: Path) -> None:
    cluster.answer = lambda asked: (403, {"message": "no"}) if asked.method == "PATCH" else None
    done = bindguard("break-glass", "--reason", "outage", "--yes", "--kubeconfig", kubeconfig)
    assert done.returncode == 3
    assert b"let the user of this program get and patch ValidatingWebhookConfiguration bindguard" in done.stderr


def test_a_configuration_that_the_server_changes_at_the_same_time_is_changed_all_the_same(cluster: FakeApi, kubeconfig: Path) -> None:
    changes = iter(range(2))

    def changed_first(asked: Asked) -> None:
        if asked.method == "PATCH" and next(changes, None) is not None:
            cluster.store(VALIDATING, cluster.objects[VALIDATING])

    cluster.answer = changed_first
    done = bindguard("break-glass", "--reason", "outage", "--yes", "--kubeconfig", kubeconfig)
    assert done.returncode == 0, done.stderr
    assert policy(cluster) == "Ignore"
    assert len(events(cluster)) == 1


def test_where_one_configuration_cannot_be_changed_the_other_is(cluster: FakeApi, kubeconfig: Path) -> None:
    cluster.store(MUTATING, {"metadata": {"name": "bindguard"}, "webhooks": [{"name": "mutate.bindguard.io", "failurePolicy": "Fail"}]})
    refused = {"message": "no"}
    cluster.answer = lambda asked: (403, refused) if (asked.method, asked.path) == ("PATCH", VALIDATING) else None
    done = bindguard("break-glass", "--reason", "outage", "--yes", "--kubeconfig", kubeconfig)
    assert done.returncode == 3
    assert b"ValidatingWebhookConfiguration bindguard" in done.stderr
    assert b"done" not in done.stdout
    assert cluster.objects[MUTATING]["webhooks"][0]["failurePolicy"] == "Ignore"


def test_a_reason_is_kept_as_one_printable_line(cluster: FakeApi, kubeconfig: Path) -> None:
    done = bindguard("break-glass", "--reason", "a\nb\x1b[2J\udcff", "--yes", "--kubeconfig", kubeconfig)
    assert done.returncode == 0, done.stderr
    record = json.loads(cluster.objects[VALIDATING]["metadata"]["annotations"][BREAK_GLASS])
    assert record["reason"] == r"a\nb\x1b[2J\udcff"


def test_where_nothing_is_installed_that_is_said(cluster: FakeApi, kubeconfig: Path) -> None:
    cluster.remove(VALIDATING)
    done = bindguard("break-glass", "--reason", "outage", "--yes", "--kubeconfig", kubeconfig)
    assert done.returncode == 3
    assert b"there is no webhook configuration bindguard" in done.stderr


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), b"--reason is missing"),
        (("--reason", " "), b"--reason is missing"),
        (("--reason", "x" * 501), b"--reason has 501 characters"),
        (("--reason", "x", "--configuration", "../pods"), b'--configuration "../pods": no webhook configuration can have such a name'),
        (("--undo", "--remove"), b"--undo restores everything"),
        (("--undo", "--reason", "x"), b"--undo restores everything"),
    ],
)
def test_flags_that_do_not_fit_are_refused(flags: tuple[str, ...], said: bytes) -> None:
    done = bindguard("break-glass", *flags)
    assert done.returncode == 2
    assert said in done.stderr
