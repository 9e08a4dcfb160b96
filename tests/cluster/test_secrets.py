import pytest

from tests.cluster.fake_api import FakeApi
from tests.cluster.named_objects import APPLY, SECRET, applying, secret
from tests.cluster.stories import run
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.secrets import NamedSecret, Secret


def named(server: ApiServer) -> NamedSecret:
    return NamedSecret(server, namespace="ns", name="bindguard-tls")


async def read(server: ApiServer) -> Secret:
    found = await named(server).read()
    assert found is not None
    return found


def test_a_secret_is_read_as_bytes_and_shows_none_of_them(api: FakeApi) -> None:
    api.store(SECRET, secret(tls_crt=b"\x00cert", tls_key=b"private"))
    found = run(api, read)
    assert found.data == {"tls.crt": b"\x00cert", "tls.key": b"private"}
    assert "private" not in repr(found)


def test_a_missing_secret_is_none_and_one_without_data_is_empty(api: FakeApi) -> None:
    assert run(api, lambda server: named(server).read()) is None
    api.store(SECRET, {"metadata": {"annotations": {"a": "b"}}})
    found = run(api, read)
    assert (found.data, found.annotations) == ({}, {"a": "b"})


def test_writing_sets_the_keys_it_is_given_and_touches_nothing_else(api: FakeApi) -> None:
    api.store(
        SECRET, secret(tls_crt=b"old", tls_key=b"kept") | {"metadata": {"labels": {"a": "b"}, "annotations": {"wish": "x", "c": "d"}}}
    )

    async def story(server: ApiServer) -> None:
        await named(server).write(await read(server), {"tls.crt": b"new"}, without_annotation="wish")

    run(api, story)
    found = run(api, read)
    assert found.data == {"tls.crt": b"new", "tls.key": b"kept"}
    metadata = api.objects[SECRET]["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == ({"a": "b"}, {"c": "d"})


def test_a_secret_that_has_changed_since_it_was_read_is_not_written(api: FakeApi) -> None:
    api.store(SECRET, secret(tls_crt=b"old"))

    async def story(server: ApiServer) -> None:
        found = await read(server)
        api.store(SECRET, secret(tls_crt=b"another leader's"))
        await named(server).write(found, {"tls.crt": b"new"})

    with pytest.raises(ApiError) as refused:
        run(api, story)
    assert refused.value.reason == "conflict"
    assert run(api, read).data == {"tls.crt": b"another leader's"}


def test_one_is_made_by_server_side_apply_which_can_be_granted_by_name(api: FakeApi) -> None:
    applying(api)
    run(api, lambda server: named(server).make())
    [asked] = api.requests
    assert (asked.method, asked.path, asked.query) == ("PATCH", SECRET, {"fieldManager": "bindguard"})
    assert asked.headers["Content-Type"] == APPLY


def test_one_that_is_there_already_is_left_alone(api: FakeApi) -> None:
    applying(api)
    api.store(SECRET, secret(tls_crt=b"theirs"))
    run(api, lambda server: named(server).make())
    assert run(api, read).data == {"tls.crt": b"theirs"}


@pytest.mark.parametrize(
    "body", ["no JSON", "[]", '{"data": {"tls.crt": "!"}}', '{"data": 1}', '{"metadata": {"annotations": 1}}', "\ud800"]
)
def test_what_is_no_secret_is_told_as_such(api: FakeApi, body: str) -> None:
    api.fail(SECRET, body.encode(errors="replace").decode())
    with pytest.raises(ApiError, match="Secret ns/bindguard-tls: cannot be understood") as refused:
        run(api, read)
    assert refused.value.reason == "unreadable"


@pytest.mark.parametrize(("fault", "reason"), [(403, "forbidden"), (500, "unavailable"), ("cut", "unavailable")])
def test_a_secret_that_cannot_be_read_is_not_taken_for_missing(api: FakeApi, fault: int | str, reason: str) -> None:
    api.fail(SECRET, fault)
    with pytest.raises(ApiError) as refused:
        run(api, read)
    assert refused.value.reason == reason
