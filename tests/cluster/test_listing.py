"""Listings: discovery, pages, and what befalls them on the way."""

import tracemalloc

import msgspec
import pytest

from tests.cluster.clocks import Time
from tests.cluster.fake_api import Asked, FakeApi, Object
from tests.cluster.stories import run
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.discovery import Discovery, Served
from webhook.cluster.listing import pages
from webhook.errors import UnreadableError

PATH = "/apis/kubevirt.io/v1/virtualmachineinstances"


def names(api: FakeApi, limit: int = 2, time: Time | None = None) -> list[str]:
    async def listed(server: ApiServer) -> list[str]:
        found = pages(server, PATH, limit=limit, clock=(time or Time()).clock)
        return [msgspec.json.decode(item)["metadata"]["name"] async for page in found for item in page.items]

    found: list[str] = run(api, listed)
    return found


def page(start: int, end: int, token: str = "") -> tuple[int, Object]:
    items = [{"metadata": {"namespace": "n", "name": f"vmi-{number:06}"}} for number in range(start, end)]
    return 200, {"metadata": {"continue": token}, "items": items}


def expired(token: str | None) -> tuple[int, Object]:
    return 410, {"kind": "Status", "metadata": {"continue": token} if token else {}, "message": "too old"}


def scripted(api: FakeApi, *answers: tuple[int, Object]) -> None:
    left = iter(answers)
    api.answer = lambda _asked: next(left)


def test_an_empty_list_has_no_items(api: FakeApi) -> None:
    scripted(api, (200, {"metadata": {}, "items": None}))
    assert names(api) == []


def test_pages_follow_the_token(api: FakeApi) -> None:
    scripted(api, page(0, 2, "a"), page(2, 4, "b"), page(4, 5))
    assert names(api) == [f"vmi-{number:06}" for number in range(5)]
    assert [each.query.get("continue") for each in api.requests] == [None, "a", "b"]


def test_an_expired_token_is_replaced_by_that_of_the_answer(api: FakeApi) -> None:
    scripted(api, page(0, 2, "a"), expired("newer"), page(2, 3))
    assert names(api) == ["vmi-000000", "vmi-000001", "vmi-000002"]
    assert [each.query.get("continue") for each in api.requests] == [None, "a", "newer"]


def test_without_a_new_token_the_listing_begins_again_and_gives_nothing_twice(api: FakeApi) -> None:
    scripted(api, page(0, 2, "a"), expired(None), page(0, 2, "b"), page(2, 3))
    assert names(api) == ["vmi-000000", "vmi-000001", "vmi-000002"]


def test_a_listing_that_expires_again_and_again_ends(api: FakeApi) -> None:
    scripted(api, page(0, 2, "a"), expired("b"), expired("c"), expired("d"))
    with pytest.raises(ApiError, match="410"):
        names(api)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("asks", "waited"), [("", [0.5, 2.0]), ("1", [1.0, 2.0])])
def test_what_passes_is_waited_for_and_for_as_long_as_the_server_asks(api: FakeApi, status: int, asks: str, waited: list[float]) -> None:
    api.retry_after = asks
    scripted(api, page(0, 2, "a"), (status, {}), (status, {}), page(2, 3))
    time = Time()
    assert len(names(api, time=time)) == 3
    assert time.waited == waited


def test_a_refusal_is_not_asked_for_again(api: FakeApi) -> None:
    scripted(api, (403, {"message": "no"}))
    with pytest.raises(ApiError, match="403"):
        names(api)


@pytest.mark.parametrize("body", ["[]", '{"items": [{}]', '{"items": 5}', "<html>"])
def test_an_answer_that_is_no_list_is_told(api: FakeApi, body: str) -> None:
    api.fail("/", body)
    with pytest.raises(UnreadableError, match="cannot be read"):
        names(api)


def test_memory_is_that_of_a_page_whatever_the_cluster_holds(api: FakeApi) -> None:
    def answer(asked: Asked) -> tuple[int, Object]:
        start = int(asked.query.get("continue", 0))
        code, found = page(start, start + 200, str(start + 200) if start + 200 < total else "")
        for item in found["items"]:
            item["padding"] = "x" * 500
        return code, found

    def peak() -> int:
        async def counted(server: ApiServer) -> int:
            return sum([len(found.items) async for found in pages(server, PATH, limit=200)])

        tracemalloc.start()
        assert run(api, counted) == total
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    api.answer = answer
    total = 400
    small = peak()
    total = 8000
    assert peak() < small * 2


def test_discovery_gives_the_first_version_that_is_served(api: FakeApi) -> None:
    api.answer = lambda asked: {
        "/apis/pool.kubevirt.io": (200, {"versions": [{"version": "v1alpha1"}, {"version": "v1beta1"}]}),
        "/apis/pool.kubevirt.io/v1beta1": (200, {"resources": [{"name": "virtualmachinepools/status", "kind": "VirtualMachinePool"}]}),
        "/apis/pool.kubevirt.io/v1alpha1": (200, {"resources": [{"name": "virtualmachinepools", "kind": "VirtualMachinePool"}]}),
    }.get(asked.path)

    async def found(server: ApiServer) -> tuple[Served, Served]:
        discovery = Discovery(server)
        pool = await discovery.served("pool.kubevirt.io", "VirtualMachinePool", ("v1beta1", "v1alpha1"))
        return pool, await discovery.served("nowhere.io", "Nothing", ("v1",))

    pool, nothing = run(api, found)
    assert pool.resource is not None
    assert pool.resource.path("shop") == "/apis/pool.kubevirt.io/v1alpha1/namespaces/shop/virtualmachinepools"
    assert nothing == Served(None, ())
