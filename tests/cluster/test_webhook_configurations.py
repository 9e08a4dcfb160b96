import pytest

from tests.cluster.fake_api import FakeApi
from tests.cluster.named_objects import MUTATING, VALIDATING, bundles, configuration
from tests.cluster.stories import run
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.webhook_configurations import ConfigurationState, WebhookConfigurations


async def read(server: ApiServer) -> tuple[ConfigurationState, ...]:
    return await WebhookConfigurations(server, "bindguard").read()


def test_both_kinds_are_read_and_one_that_is_missing_is_left_out(api: FakeApi) -> None:
    assert run(api, read) == ()
    api.store(MUTATING, configuration(b"one", None))
    api.store(VALIDATING, {"metadata": {}, "webhooks": None})
    validating, mutating = run(api, read)
    assert (validating.kind, validating.bundles) == ("ValidatingWebhookConfiguration", ())
    assert (mutating.kind, mutating.bundles) == ("MutatingWebhookConfiguration", (b"one", b""))


def test_publishing_touches_the_ca_bundles_that_differ_and_nothing_else(api: FakeApi) -> None:
    before = api.store(VALIDATING, configuration(b"other", b"right", None))

    async def story(server: ApiServer) -> None:
        [found] = await read(server)
        await WebhookConfigurations(server, "bindguard").publish(found, b"right")

    run(api, story)
    assert bundles(api, VALIDATING) == [b"right"] * 3
    after = api.objects[VALIDATING]
    assert after["metadata"]["labels"] == before["metadata"]["labels"]
    assert [each["name"] for each in after["webhooks"]] == ["w0", "w1", "w2"]
    assert [each["clientConfig"]["url"] for each in after["webhooks"]] == ["https://a"] * 3


def test_a_configuration_that_has_changed_since_it_was_read_is_not_changed(api: FakeApi) -> None:
    api.store(VALIDATING, configuration(b"old"))

    async def story(server: ApiServer) -> None:
        [found] = await read(server)
        api.store(VALIDATING, configuration(b"another leader's"))
        await WebhookConfigurations(server, "bindguard").publish(found, b"new")

    with pytest.raises(ApiError) as refused:
        run(api, story)
    assert refused.value.reason == "conflict"
    assert bundles(api, VALIDATING) == [b"another leader's"]


def test_a_patch_that_is_refused_for_itself_is_no_conflict(api: FakeApi) -> None:
    api.store(VALIDATING, configuration(b"old"))

    async def story(server: ApiServer) -> None:
        [found] = await read(server)
        api.fail(VALIDATING, 422)
        await WebhookConfigurations(server, "bindguard").publish(found, b"new")

    with pytest.raises(ApiError) as refused:
        run(api, story)
    assert refused.value.reason == "invalid"


def test_who_else_has_written_a_ca_bundle_is_known_by_his_field_manager(api: FakeApi) -> None:
    api.store(VALIDATING, configuration(b"a", manager="argocd-controller"))
    api.store(MUTATING, configuration(b"a", manager="bindguard"))
    validating, mutating = run(api, read)
    assert (validating.other_writer, mutating.other_writer) == ("argocd-controller", "")


@pytest.mark.parametrize("body", ["no JSON", "[]", '{"webhooks": [{"clientConfig": {"caBundle": "!"}}]}', '{"webhooks": 1}'])
def test_what_is_no_configuration_is_told_as_such(api: FakeApi, body: str) -> None:
    api.fail(VALIDATING, body)
    with pytest.raises(ApiError, match="ValidatingWebhookConfiguration bindguard: cannot be understood"):
        run(api, read)


def test_a_configuration_tells_how_often_its_webhooks_were_changed(api: FakeApi) -> None:
    api.store(VALIDATING, {"metadata": {"generation": 7}, "webhooks": []})
    api.store(MUTATING, {"metadata": {}, "webhooks": []})
    assert [each.generation for each in run(api, read)] == [7, 0]
