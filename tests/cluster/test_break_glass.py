import copy
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cluster.fake_api import FakeApi
from tests.cluster.named_objects import VALIDATING
from tests.cluster.patches import patched
from tests.cluster.stories import run
from webhook.cluster.api import JSON_PATCH, ApiServer
from webhook.cluster.break_glass import Author, Change, break_change, read, record_of, undo_change
from webhook.cluster.webhook_configurations import ARM, BREAK_GLASS, ConfigurationState, WebhookConfigurations
from webhook.errors import UnreadableError

ADMIN = Author("admin", "2026-11-27T02:00:00Z", "VMs cannot start")

Object = dict[str, Any]


def configuration(*policies: str, **annotations: str) -> Object:
    """A validating configuration with a webhook for each failure policy."""
    webhooks = [{"name": f"w{index}", "failurePolicy": policy, "sideEffects": "None"} for index, policy in enumerate(policies)]
    metadata: Object = {"name": "bindguard", "resourceVersion": "7"} | ({"annotations": annotations} if annotations else {})
    return {"kind": "ValidatingWebhookConfiguration", "metadata": metadata, "webhooks": webhooks}


def after(obj: Mapping[str, Any], change: Change) -> Object:
    """The object with the change made."""
    changed: Object = patched(copy.deepcopy(dict(obj)), list(change.operations), JSON_PATCH)
    return changed


def broken(obj: Mapping[str, Any], *, remove: bool = False, author: Author = ADMIN) -> Object:
    return after(obj, break_change(obj, author, remove=remove))


def policies(obj: Object) -> list[str]:
    return [webhook["failurePolicy"] for webhook in obj["webhooks"]]


def test_webhooks_that_fail_closed_fail_open_and_the_record_says_who_and_why() -> None:
    found = broken(configuration("Fail", "Ignore", "Fail"))
    assert policies(found) == ["Ignore", "Ignore", "Ignore"]
    record = record_of(found)
    assert record is not None
    assert (record.by, record.at, record.reason) == ADMIN
    assert record.failure_policies == {"w0": "Fail", "w2": "Fail"}


@pytest.mark.parametrize("remove", [False, True])
def test_undoing_restores_what_was_there(remove: bool) -> None:  # noqa: FBT001 - a parameter of the test
    before = configuration("Fail", "Ignore", other="x")
    undone = after(found := broken(before, remove=remove), undo_change(found))
    assert undone == before


def test_removed_webhooks_are_called_no_more_and_come_back_whole() -> None:
    before = configuration("Fail", "Ignore")
    found = broken(before, remove=True)
    assert found["webhooks"] == []
    assert after(found, undo_change(found))["webhooks"] == before["webhooks"]


def test_breaking_again_changes_nothing_and_says_who_did_it_first() -> None:
    change = break_change(broken(configuration("Fail")), ADMIN._replace(user="other"), remove=False)
    assert not change.operations
    assert change.lines == ["nothing: break-glass is in force since 2026-11-27T02:00:00Z by admin: VMs cannot start"]


def test_what_failed_open_can_be_removed_later_and_is_restored_as_it_was_at_first() -> None:
    before = configuration("Fail")
    removed = broken(broken(before), remove=True)
    assert removed["webhooks"] == []
    assert policies(after(removed, undo_change(removed))) == ["Fail"]


@pytest.mark.parametrize("remove", [False, True])
def test_what_somebody_has_restored_meanwhile_is_changed_again(remove: bool) -> None:  # noqa: FBT001 - a parameter of the test
    before = configuration("Fail", "Ignore")
    restored = {**broken(before, remove=remove), "webhooks": before["webhooks"]}
    again = broken(restored, remove=remove, author=ADMIN._replace(user="other"))
    assert policies(again) == ([] if remove else ["Ignore", "Ignore"])
    record = record_of(again)
    assert record is not None
    assert (record.by, record.failure_policies) == ("other", {"w0": "Fail"})
    assert policies(after(again, undo_change(again))) == ["Fail", "Ignore"]


@pytest.mark.parametrize("remove", [False, True])
def test_webhooks_of_an_odd_shape_are_changed_and_restored_too(remove: bool) -> None:  # noqa: FBT001 - a parameter of the test
    before = configuration("Fail")
    before["webhooks"] = [{}, {"name": 1, "failurePolicy": None}]
    found = broken(before, remove=remove)
    assert found["webhooks"] == ([] if remove else [{"failurePolicy": "Ignore"}, {"name": 1, "failurePolicy": "Ignore"}])
    assert policies(after(found, undo_change(found))) == ["Fail", "Fail"]


def test_a_webhook_that_the_server_is_to_arm_is_left_to_it() -> None:
    before = configuration("Ignore", "Fail", **{ARM: "w0"})
    found = broken(before)
    assert after(found, undo_change(found)) == before


def test_what_an_upgrade_has_restored_meanwhile_stays() -> None:
    found = broken(configuration("Fail"), remove=True)
    found["webhooks"] = [{"name": "new", "failurePolicy": "Ignore"}]
    undone = after(found, undo_change(found))
    assert undone["webhooks"] == [{"name": "new", "failurePolicy": "Ignore"}]
    assert BREAK_GLASS not in undone["metadata"]["annotations"]


def test_where_nothing_fails_closed_the_record_alone_keeps_the_server_from_arming() -> None:
    found = broken(configuration("Ignore"))
    assert policies(found) == ["Ignore"]
    assert record_of(found) is not None


def test_there_is_nothing_to_undo_without_a_record() -> None:
    change = undo_change(configuration("Fail"))
    assert (change.operations, change.lines) == ([], ["nothing: break-glass is not in force"])


@pytest.mark.parametrize("content", ["x", "[]", "{}", '{"by": 1, "at": "", "reason": ""}'])
def test_a_record_that_cannot_be_read_is_an_error_that_names_the_annotation(content: str) -> None:
    with pytest.raises(UnreadableError, match=r"ValidatingWebhookConfiguration bindguard: annotation bindguard\.io/break-glass"):
        undo_change(configuration("Ignore", **{BREAK_GLASS: content}))


def test_webhooks_that_do_not_fit_into_an_annotation_are_not_removed() -> None:
    large = configuration("Fail")
    large["webhooks"][0]["clientConfig"] = {"caBundle": "x" * 200_000}
    with pytest.raises(UnreadableError, match="break the glass without --remove"):
        break_change(large, ADMIN, remove=True)


def test_the_configurations_that_exist_are_read(api: FakeApi) -> None:
    api.store(VALIDATING, configuration("Fail"))

    async def story(server: ApiServer) -> list[str]:
        return [found["kind"] for found in await read(server, "bindguard")]

    assert run(api, story) == ["ValidatingWebhookConfiguration"]


def test_the_server_sees_that_the_glass_is_broken(api: FakeApi) -> None:
    async def story(server: ApiServer) -> ConfigurationState:
        [found] = await WebhookConfigurations(server, "bindguard").read()
        return found

    api.store(VALIDATING, configuration("Fail"))
    assert not run(api, story).glass_is_broken
    api.store(VALIDATING, broken(configuration("Fail")))
    assert run(api, story).glass_is_broken
