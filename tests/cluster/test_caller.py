import pytest

from tests.cluster.fake_api import FakeApi
from tests.cluster.stories import run
from webhook.cluster.caller import SUBJECT_REVIEWS, user


def test_the_caller_has_the_name_that_the_api_server_says(api: FakeApi) -> None:
    api.answer = lambda asked: (201, {"status": {"userInfo": {"username": "admin"}}}) if asked.path == SUBJECT_REVIEWS else None
    assert run(api, user) == "admin"


@pytest.mark.parametrize("answer", ["x", "[]", '{"status": {"userInfo": {"username": 1}}}', b"\xff".decode("latin-1")])
def test_a_user_that_the_api_server_does_not_name_is_empty(api: FakeApi, answer: str) -> None:
    api.fail(SUBJECT_REVIEWS, answer)
    assert run(api, user) == ""
