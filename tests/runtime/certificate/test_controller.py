"""The leader's work on a Secret and two configurations: faults at every request, other writers, other leaders. The clock is the test's."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import structlog

from tests.cluster.clocks import Time
from tests.cluster.fake_api import Asked, FakeApi
from tests.cluster.named_objects import MUTATING, SECRET, VALIDATING, applying, bundles, configuration, secret
from tests.cluster.stories import run, until
from tests.tls.builders import NAME, NOW
from webhook.cluster.api import ApiServer
from webhook.cluster.secrets import NamedSecret
from webhook.cluster.webhook_configurations import WebhookConfigurations
from webhook.runtime.certificate.controller import LOOK_SECONDS, CertificateController
from webhook.tls.managed import RENEW, SETTLE_SECONDS, UNCLAIMED_SECONDS
from webhook.tls.secret_contents import SecretContents, cas_in, usable_contents


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as running:
        applying(running)
        running.store(VALIDATING, configuration(None))
        running.store(MUTATING, configuration(None, None))
        yield running


def at_now() -> Time:
    return Time(wall=NOW.timestamp())


def controller(
    server: ApiServer, clock: Time | None = None, *, settle_seconds: float = SETTLE_SECONDS, unfit: Callable[[], str | None] = lambda: None
) -> CertificateController:
    named = NamedSecret(server, namespace="ns", name="bindguard-tls")
    configurations = WebhookConfigurations(server, "bindguard")
    time = (clock or at_now()).clock
    return CertificateController(named, configurations, names=(NAME,), unfit=unfit, settle_seconds=settle_seconds, clock=time)


async def settle(one: CertificateController, clock: Time, looks: int = 80) -> None:
    """Look as often as the keeper wishes to."""
    for _ in range(looks):
        clock.now += await one.look()


def data(api: FakeApi) -> dict[str, bytes]:
    return {key: base64.b64decode(value) for key, value in api.objects[SECRET]["data"].items()}


def held(api: FakeApi) -> SecretContents:
    return usable_contents(data(api), NOW)


def assert_well(api: FakeApi) -> None:
    """One CA signs, has signed the leaf, and is what every webhook trusts first."""
    found = held(api)
    assert found.signer is not None
    assert found.leaf is not None
    assert found.issuer == found.signer.certificate
    for path in (VALIDATING, MUTATING):
        assert set(bundles(api, path)) == {data(api)["ca.crt"]}


def begun(api: FakeApi, clock: Time | None = None) -> None:
    run(api, lambda server: settle(controller(server, clock), clock or at_now(), 5))
    assert_well(api)


def wish(api: FakeApi, value: str) -> None:
    stored = api.objects[SECRET]
    api.store(SECRET, {**stored, "metadata": {**stored["metadata"], "annotations": {RENEW: value}}})


def test_a_first_start_makes_everything_without_a_pause(api: FakeApi) -> None:
    async def story(server: ApiServer) -> list[float]:
        one = controller(server)
        return [await one.look() for _ in range(5)]

    assert run(api, story) == [0, 0, 0, 0, LOOK_SECONDS]
    assert_well(api)
    assert api.asked("POST") == api.asked("PUT") == []


def test_an_api_server_that_asks_to_be_left_alone_is(api: FakeApi) -> None:
    api.retry_after = "29"
    api.fail("/", 429)
    with structlog.testing.capture_logs():
        assert run(api, lambda server: controller(server).look()) == 29


def test_failures_are_retried_after_a_doubled_pause_up_to_half_a_minute_and_after_a_success_at_once(api: FakeApi) -> None:
    begun(api)

    async def story(server: ApiServer) -> tuple[list[float], float, float]:
        one = controller(server)
        api.fail("/", 500, times=1000)
        pauses = [await one.look() for _ in range(12)]
        api.mend()
        well = await one.look()
        api.fail("/", 500)
        return pauses, well, await one.look()

    with structlog.testing.capture_logs() as logs:
        assert run(api, story) == ([1, 2, 4, 8, 16, *[30] * 7], LOOK_SECONDS, 1)
    assert [line["event"] for line in logs] == ["certificate controller cannot continue"] * 2


def test_an_unexpected_error_is_logged_once_with_its_traceback_and_retried(api: FakeApi) -> None:
    def unfit() -> str | None:
        raise ValueError("odd")

    async def story(server: ApiServer) -> tuple[list[float], str | None]:
        one = controller(server, unfit=unfit)
        return [await one.look() for _ in range(3)], one.problem

    with structlog.testing.capture_logs() as logs:
        assert run(api, story) == ([1, 2, 4], "ValueError: odd")
    assert [line["event"] for line in logs if line.get("exc_info")] == ["certificate controller failed"]


def test_a_secret_that_a_chart_made_empty_will_do(api: FakeApi) -> None:
    api.store(SECRET, {"metadata": {"labels": {"a": "b"}}, "type": "Opaque"})
    begun(api)
    assert api.objects[SECRET]["metadata"]["labels"] == {"a": "b"}


def test_where_all_is_well_nothing_is_written(api: FakeApi) -> None:
    begun(api)
    before = len(api.asked("PATCH"))
    begun(api)
    assert len(api.asked("PATCH")) == before


def test_a_new_ca_signs_only_when_it_has_been_published_for_long_enough(api: FakeApi) -> None:
    begun(api)
    first = data(api)["tls.crt"]
    wish(api, "ca")

    async def story(server: ApiServer) -> None:
        clock = at_now()
        one = controller(server, clock)
        began = clock.now
        while data(api)["tls.crt"] == first:
            assert all(len(cas_in(bundle, NOW)) == 2 for bundle in bundles(api, VALIDATING)) or clock.now == began
            clock.now += await one.look()
        assert clock.now >= began + SETTLE_SECONDS

    run(api, story)
    assert_well(api)
    assert RENEW not in api.objects[SECRET]["metadata"].get("annotations", {})


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("fault", [500, 409])
def test_whichever_request_is_refused_and_whoever_goes_on_it_ends_well(api: FakeApi, number: int, fault: int) -> None:
    before = api.answer
    api.answer = lambda asked: (fault, {}) if len(api.requests) == number + 1 else before(asked)
    _led_by_one_after_the_other(api)


@pytest.mark.parametrize("number", range(1, 5))
def test_whichever_write_is_done_but_not_answered_and_whoever_goes_on_it_ends_well(
    api: FakeApi, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, writes = api.write, iter(range(1, 1000))

    def unanswered(*asked: Any) -> Any:
        done = write(*asked)
        return (500, {}) if next(writes) == number else done

    monkeypatch.setattr(api, "write", unanswered)
    _led_by_one_after_the_other(api)


def _led_by_one_after_the_other(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        clock = at_now()
        for _ in range(5):
            await settle(controller(server, clock, settle_seconds=5), clock, 2)
        await settle(controller(server, clock, settle_seconds=5), clock, 5)

    with structlog.testing.capture_logs():
        run(api, story)
    assert_well(api)


def test_a_ca_bundle_that_is_overwritten_is_repaired_at_once_and_the_writer_named_once(api: FakeApi) -> None:
    begun(api)

    async def story(server: ApiServer) -> float:
        clock = at_now()
        one = controller(server, clock)
        await settle(one, clock, 2)
        began = clock.now
        while one.repairs < 5:
            if set(bundles(api, VALIDATING)) == {data(api)["ca.crt"]}:
                api.store(VALIDATING, configuration(b"foreign", manager="argocd-controller"))
            clock.now += await one.look()
        return clock.now - began

    with structlog.testing.capture_logs() as logs:
        seconds = run(api, story)
    repaired = [line for line in logs if line["event"] == "caBundle repaired"]
    assert [line["overwritten_by"] for line in repaired] == ["argocd-controller"]
    assert seconds >= 5 + 10 + 20 + 40
    assert_well(api)


def test_a_webhook_without_a_ca_bundle_is_completed_at_once_however_often_others_were_repaired(api: FakeApi) -> None:
    """As after one `helm upgrade` after the other, and beside a webhook that somebody else insists on."""
    begun(api)

    async def story(server: ApiServer) -> None:
        clock = at_now()
        one = controller(server, clock)
        await settle(one, clock, 2)
        while clock.now < 1000 + 60:
            api.store(MUTATING, configuration(b"foreign", b"foreign"))
            clock.now += await one.look()
        api.store(MUTATING, configuration(b"foreign", None))
        for _ in range(3):
            await one.look()
            assert bundles(api, MUTATING) == [b"foreign", data(api)["ca.crt"]]
            api.store(MUTATING, configuration(b"foreign", None))
            clock.now += LOOK_SECONDS

    with structlog.testing.capture_logs():
        run(api, story)


def test_who_takes_a_ca_bundle_away_whenever_it_is_written_is_not_answered_without_a_pause(api: FakeApi) -> None:
    begun(api)

    async def story(server: ApiServer) -> int:
        clock = at_now()
        one = controller(server, clock)
        await settle(one, clock, 2)
        while clock.now < 1000 + 100:
            api.store(MUTATING, configuration(None, None))
            clock.now += await one.look()
        return one.repairs

    with structlog.testing.capture_logs() as logs:
        assert 100 / LOOK_SECONDS - 2 <= run(api, story) <= 100 / LOOK_SECONDS + 2
    assert [line["event"] for line in logs].count("caBundle repaired") == 1


def test_a_configuration_that_is_missing_is_told_once_and_filled_when_it_comes(api: FakeApi) -> None:
    api.remove(MUTATING)

    async def story(server: ApiServer) -> None:
        clock = at_now()
        one = controller(server, clock)
        await settle(one, clock, 10)
        api.store(MUTATING, configuration(None))
        await settle(one, clock, 3)

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    assert [line["missing"] for line in logs if line["event"] == "no webhook configuration"] == [("MutatingWebhookConfiguration",)]
    assert_well(api)


def test_one_configuration_that_may_not_be_changed_does_not_hold_up_the_other_but_the_certificate(api: FakeApi) -> None:
    def answer(asked: Asked) -> Any:
        return (403, {"message": "no"}) if asked.method == "PATCH" and asked.path == VALIDATING else before(asked)

    before, api.answer = api.answer, answer

    async def story(server: ApiServer) -> CertificateController:
        clock = at_now()
        one = controller(server, clock)
        await settle(one, clock, 20)
        return one

    with structlog.testing.capture_logs() as logs:
        one = run(api, story)
    assert "HTTP 403: no" in (one.problem or "")
    assert [line["event"] for line in logs].count("certificate controller cannot continue") == 1
    assert set(bundles(api, MUTATING)) == {data(api)["ca.crt"]}
    assert data(api)["tls.crt"] == b""
    api.answer = before
    begun(api)


@pytest.mark.parametrize("path", [SECRET, VALIDATING])
def test_a_leader_that_slept_while_another_took_over_changes_nothing(api: FakeApi, path: str) -> None:
    """It has read everything, and writes only after the other has rotated the CA."""
    begun(api)
    if path == SECRET:
        wish(api, "ca")
    else:
        api.store(VALIDATING, configuration(b"foreign"))

    async def story(server: ApiServer) -> tuple[float, str | None]:
        one = controller(server)
        return await one.look(), one.problem

    with interrupted(api, path, lambda: rotated(api)):
        assert run(api, story) == (1, None)
    assert_well(api)


def interrupted(api: FakeApi, path: str, meanwhile: Callable[[], None], *, method: str = "PATCH") -> Any:
    """Before the next write to the path, or read of it, is done, something else happens."""
    before = api.answer

    class Interruption:
        def __enter__(self) -> None:
            api.answer = self.answer

        def __exit__(self, *_: object) -> None:
            assert api.answer == before, "it was never interrupted"

        def answer(self, asked: Asked) -> Any:
            if asked.method == method and asked.path == path:
                api.answer = before
                meanwhile()
            return before(asked)

    return Interruption()


def rotated(api: FakeApi) -> None:
    """Another leader makes another CA and sees it through."""
    wish(api, "ca")

    async def story() -> None:
        clock = at_now()
        server = api.connection()
        await settle(controller(server, clock), clock, 40)
        await server.close()

    asyncio.run(story())
    assert_well(api)


def test_a_secret_that_is_spoilt_again_and_again_is_not_made_anew_again_and_again(api: FakeApi) -> None:
    api.store(SECRET, secret())

    async def story(server: ApiServer) -> int:
        clock = at_now()
        one, made = controller(server, clock), set()
        while clock.now < 1000 + 300:
            clock.now += max(await one.look(), 0.1)
            made.add(data(api).get("ca.crt", b""))
            api.store(SECRET, secret(tls_crt=b"spoilt", tls_key=b"spoilt"))
        return len(made)

    assert 3 < run(api, story) < 9


def test_a_leader_whose_clock_has_jumped_changes_nothing_though_all_seems_to_have_expired(api: FakeApi) -> None:
    begun(api)
    before = data(api)
    reasons = ["the clock is 3000 days ahead"]

    async def story(server: ApiServer) -> None:
        clock = at_now()
        one = controller(server, clock, unfit=lambda: reasons[0] if reasons else None)
        clock.now += 3000 * 86400
        await settle(one, clock, 5)
        assert one.problem == "the clock is 3000 days ahead"
        clock.now -= 3000 * 86400
        reasons.clear()
        await settle(one, clock, 2)
        assert one.problem is None

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    assert [line["event"] for line in logs] == ["certificate controller cannot continue"]
    assert data(api) == before
    assert_well(api)


def rotating(api: FakeApi) -> None:
    """A new CA is in the Secret and in every caBundle, and has signed nothing yet."""
    begun(api)
    wish(api, "ca")
    run(api, lambda server: settle(controller(server), at_now(), 3))
    assert set(bundles(api, VALIDATING)) == {data(api)["ca.crt"]}
    assert held(api).issuer == cas_in(data(api)["ca.crt"], NOW)[1]


def nearly_settled(api: FakeApi) -> tuple[Time, Callable[[ApiServer], Awaitable[CertificateController]]]:
    """A clock, and what makes a keeper that has seen a rotation settle by it for nearly as long as it must."""
    rotating(api)
    clock = at_now()

    async def watched(server: ApiServer) -> CertificateController:
        one = controller(server, clock)
        while clock.now < 1000 + SETTLE_SECONDS - 2 * LOOK_SECONDS:
            clock.now += await one.look()
        return one

    return clock, watched


def test_a_ca_bundle_that_was_different_for_a_moment_must_settle_anew(api: FakeApi) -> None:
    """API servers may have read it in that moment, and keep it for as long as any other."""
    clock, watched = nearly_settled(api)

    async def story(server: ApiServer) -> float:
        one, leaf, began = await watched(server), data(api)["tls.crt"], clock.now
        api.store(VALIDATING, configuration(data(api)["ca.crt"][:-1]))
        while data(api)["tls.crt"] == leaf:
            clock.now += await one.look()
        return clock.now - began

    with structlog.testing.capture_logs():
        assert run(api, story) >= SETTLE_SECONDS
    assert_well(api)


def test_a_ca_bundle_that_was_different_between_two_looks_must_settle_anew(api: FakeApi) -> None:
    """It is right again when it is looked at; only its generation tells."""
    clock, watched = nearly_settled(api)

    async def story(server: ApiServer) -> float:
        one, leaf, began = await watched(server), data(api)["tls.crt"], clock.now
        stored = api.objects[VALIDATING]
        api.store(VALIDATING, {**stored, "metadata": {**stored["metadata"], "generation": 9}})
        while data(api)["tls.crt"] == leaf:
            clock.now += await one.look()
        return clock.now - began

    assert run(api, story) >= SETTLE_SECONDS
    assert_well(api)


def test_what_was_seen_to_settle_before_another_led_must_settle_anew(api: FakeApi) -> None:
    """Nobody knows what the caBundles were meanwhile."""
    clock, watched = nearly_settled(api)

    async def story(server: ApiServer) -> float:
        one, leaf, began = await watched(server), data(api)["tls.crt"], clock.now
        leads_again = asyncio.create_task(one.work())
        await until(lambda: data(api)["tls.crt"] != leaf)
        leads_again.cancel()
        return clock.now - began

    assert run(api, story) >= SETTLE_SECONDS
    assert_well(api)


@pytest.mark.parametrize("path", [VALIDATING, MUTATING, SECRET])
def test_the_secret_is_never_older_than_the_configurations_that_are_changed_by_it(api: FakeApi, path: str) -> None:
    """A leader that sleeps before one of its reads, while another rotates the CA, must not publish what the other has replaced."""
    begun(api)
    api.store(VALIDATING, configuration(b"foreign"))
    with structlog.testing.capture_logs(), interrupted(api, path, lambda: rotated(api), method="GET"):
        run(api, lambda server: controller(server).look())
    assert_well(api)


def test_where_nobody_puts_a_lost_certificate_back_each_new_leader_waits_for_seconds_only(api: FakeApi) -> None:
    begun(api)
    api.remove(SECRET)

    async def story(server: ApiServer) -> float:
        clock = at_now()
        await settle(controller(server, clock), clock, 4)  # this leader dies
        one, began = controller(server, clock), clock.now
        while not held(api).leaf:
            clock.now += await one.look()
        return clock.now - began

    with structlog.testing.capture_logs():
        assert UNCLAIMED_SECONDS <= run(api, story) <= UNCLAIMED_SECONDS + LOOK_SECONDS
    assert_well(api)


def test_an_annotation_that_nobody_understands_is_told_once_and_left(api: FakeApi) -> None:
    begun(api)
    wish(api, "everything")
    with structlog.testing.capture_logs() as logs:
        run(api, lambda server: settle(controller(server), at_now(), 5))
    assert [line["found"] for line in logs if line["event"] == "annotation not understood"] == ["everything"]
    assert api.objects[SECRET]["metadata"]["annotations"] == {RENEW: "everything"}


def test_nothing_that_is_logged_holds_a_key(api: FakeApi) -> None:
    with structlog.testing.capture_logs() as logs:
        begun(api)
    assert [line["event"] for line in logs] == [
        "Secret created",
        "CA created",
        "caBundle published",
        "caBundle published",
        "certificate issued",
    ]
    assert "PRIVATE" not in str(logs)
