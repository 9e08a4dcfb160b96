"""Webhooks fail closed only once somebody answers them, and the configurations belong to the namespace."""

from collections.abc import Iterator

import pytest
import structlog

from tests.cluster.clocks import Time
from tests.cluster.fake_api import FakeApi, Object
from tests.cluster.named_objects import MUTATING, SECRET, VALIDATING, applying, configuration
from tests.cluster.stories import run
from tests.tls.builders import NAME, NOW
from webhook.cluster.api import ApiServer
from webhook.cluster.secrets import NamedSecret
from webhook.cluster.webhook_configurations import ARM, BREAK_GLASS, WebhookConfigurations
from webhook.runtime.certificate.controller import ARM_SECONDS, CertificateController

NAMESPACE = "/api/v1/namespaces/ns"
OWNER = {"apiVersion": "v1", "kind": "Namespace", "name": "ns", "uid": "u-ns"}


def unarmed(*names: str, arm: str | None) -> Object:
    """A configuration whose webhooks have these names and fail open."""
    found = configuration(*(None for _ in names))
    for webhook, name in zip(found["webhooks"], names, strict=True):
        webhook |= {"name": name, "failurePolicy": "Ignore"}
    if arm is not None:
        found["metadata"]["annotations"] = {ARM: arm, "other": "kept"}
    return found


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as running:
        applying(running)
        running.store(VALIDATING, unarmed("validate", "advice", arm="validate"))
        running.store(MUTATING, unarmed("mutate", arm=None))
        running.store(NAMESPACE, {"metadata": {"name": "ns", "uid": "u-ns"}})
        yield running


def policies(api: FakeApi, path: str) -> list[str]:
    return [webhook["failurePolicy"] for webhook in api.objects[path]["webhooks"]]


def owners(api: FakeApi, path: str) -> list[Object]:
    return list(api.objects[path]["metadata"].get("ownerReferences", []))


def look(api: FakeApi, *, seconds: float, serves: bool = True) -> list[bool]:
    """Run a controller for a time; returns after each of its steps whether it found the glass broken."""
    found: list[bool] = []

    async def story(server: ApiServer) -> None:
        clock = Time(wall=NOW.timestamp())
        end = clock.now + seconds
        controller = CertificateController(
            NamedSecret(server, namespace="ns", name="bindguard-tls"),
            WebhookConfigurations(server, "bindguard"),
            names=(NAME,),
            namespace="ns",
            serves=lambda: serves,
            settle_seconds=0,
            clock=clock.clock,
        )
        while clock.now < end:
            clock.now += max(await controller.look(), 0.01)
            found.append(controller.glass_is_broken)

    run(api, story)
    return found


def test_a_webhook_is_armed_once_its_certificate_has_been_trusted_for_a_while_and_the_others_are_not(api: FakeApi) -> None:
    look(api, seconds=5 * ARM_SECONDS)
    assert policies(api, VALIDATING) == ["Fail", "Ignore"]
    assert policies(api, MUTATING) == ["Ignore"]
    assert api.objects[VALIDATING]["metadata"]["annotations"] == {"other": "kept"}


def test_nothing_is_armed_and_it_is_logged_once_while_the_glass_is_broken(api: FakeApi) -> None:
    broken = unarmed("validate", "advice", arm="validate")
    broken["metadata"]["annotations"][BREAK_GLASS] = "{}"
    api.store(VALIDATING, broken)
    with structlog.testing.capture_logs() as logs:
        found = look(api, seconds=5 * ARM_SECONDS)
    assert policies(api, VALIDATING) == ["Ignore", "Ignore"]
    assert found[-1]
    assert [line["configurations"] for line in logs if line["event"] == "break-glass is in force"] == [("ValidatingWebhookConfiguration",)]
    api.store(VALIDATING, unarmed("validate", "advice", arm="validate"))
    assert not look(api, seconds=5 * ARM_SECONDS)[-1]
    assert policies(api, VALIDATING) == ["Fail", "Ignore"]


def test_nothing_is_armed_before(api: FakeApi) -> None:
    look(api, seconds=ARM_SECONDS / 2)
    assert SECRET in api.objects
    assert policies(api, VALIDATING) == ["Ignore", "Ignore"]


def test_nothing_is_armed_by_a_server_that_does_not_serve(api: FakeApi) -> None:
    look(api, seconds=5 * ARM_SECONDS, serves=False)
    assert policies(api, VALIDATING) == ["Ignore", "Ignore"]


def test_a_webhook_that_somebody_turned_back_is_left_so(api: FakeApi) -> None:
    look(api, seconds=5 * ARM_SECONDS)
    api.objects[VALIDATING]["webhooks"][0]["failurePolicy"] = "Ignore"
    look(api, seconds=5 * ARM_SECONDS)
    assert policies(api, VALIDATING) == ["Ignore", "Ignore"]


def test_the_namespace_owns_both_configurations_beside_whoever_owned_them(api: FakeApi) -> None:
    other = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u-x"}
    api.objects[MUTATING]["metadata"]["ownerReferences"] = [other]
    look(api, seconds=2 * ARM_SECONDS)
    assert (owners(api, VALIDATING), owners(api, MUTATING)) == ([OWNER], [other, OWNER])


def test_a_namespace_that_cannot_be_read_is_reported_once_and_stops_nothing(api: FakeApi) -> None:
    del api.objects[NAMESPACE]
    with structlog.testing.capture_logs() as lines:
        look(api, seconds=5 * ARM_SECONDS)
    assert [line["event"] for line in lines].count("configuration not adopted") == 1
    assert policies(api, VALIDATING) == ["Fail", "Ignore"]
