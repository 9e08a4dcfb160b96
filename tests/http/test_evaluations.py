"""How often a review is evaluated, counted by a rule of the rule set, through a server: once by each state of the registry."""

import asyncio
import threading
from typing import Any

import msgspec
import pytest

from tests.admission import launchers, reviews
from tests.admission.reviews import BAD, GOOD, vm_object, vmi_object
from tests.builders import interface
from tests.http.serving import PATIENCE, VMIs, ask, pod_review, post, read_answer, rule_set, serving, vmi_review
from webhook.admission.confirmation import UnconfirmedError
from webhook.admission.rule_set import RuleSet
from webhook.http.large import MAX_VALUES
from webhook.plugins.registry import Registry
from webhook.rules import RULES
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes
from webhook.rules.plan import plan
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


class Counting:
    """A rule set with one rule more, which finds nothing.

    Attributes:
        evaluated: For each interface that the rule was asked about, whether that was in a task, and so not in the lane.
        book: The rule set.
        newer: What a confirming read brings; `None` when it fails.
    """

    def __init__(self) -> None:
        self.evaluated: list[bool] = []
        self.book = self.made()
        self.newer: RuleSet | None = self.book

    def made(self) -> RuleSet:
        """A rule set with rules of its own."""
        rule = InterfaceRule(name="counting", group=Group.NETWORKS, check=self._check)
        known = rule_set()
        return msgspec.structs.replace(known, plan=plan([*RULES, rule], known.registry, {}, upstream_answers=True))

    async def confirm(self, until: float) -> RuleSet:  # noqa: ARG002 - it does not wait
        if self.newer is None:
            raise UnconfirmedError
        return self.newer

    def _check(self, _interface: Interface, _vmi: VMI, _registry: Registry) -> Mistakes:
        self.evaluated.append(_is_in_task())
        return ()


def _is_in_task() -> bool:
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False


@pytest.fixture
def counting() -> Counting:
    return Counting()


def answered(counting: Counting, body: bytes) -> dict[str, Any]:
    """The response to a review at a known URL; what is counted of the first one, which makes it known, is forgotten."""
    with serving(book=lambda: counting.book, confirm=counting.confirm) as server, server.connect() as connection:
        assert ask(connection, post(vmi_review()))[0] == 200
        counting.evaluated.clear()
        status, _, told = ask(connection, post(body))
        assert status == 200
        assert server.sample("bindguard_request_duration_seconds_count", endpoint="/validate") == 2
    response: dict[str, Any] = told["response"]
    return response


CREATED = reviews.review(vmi_object(BAD))
UPDATED = reviews.review(vm_object(BAD), vm_object(GOOD))
IN_LANE = False


def test_what_is_allowed_is_evaluated_once_in_the_fast_path(counting: Counting) -> None:
    assert answered(counting, vmi_review())["allowed"] is True
    assert counting.evaluated == [IN_LANE]


def test_a_denial_is_evaluated_once_where_the_registry_is_the_same(counting: Counting) -> None:
    counting.newer = msgspec.structs.replace(counting.book, version="another", read_at=counting.book.read_at + 1)
    response = answered(counting, CREATED)
    assert (response["allowed"], response["auditAnnotations"]["registry"]) == (False, "another")
    assert response["auditAnnotations"]["confirmation"] == "denied"
    assert counting.evaluated == [IN_LANE]


def test_a_denial_is_evaluated_once_more_by_a_registry_that_differs(counting: Counting) -> None:
    counting.newer = counting.made()
    assert answered(counting, CREATED)["allowed"] is False
    assert counting.evaluated == [IN_LANE, True]


def test_a_denial_that_could_not_be_confirmed_is_evaluated_once(counting: Counting) -> None:
    counting.newer = None
    assert answered(counting, CREATED)["auditAnnotations"]["confirmation"] == "failed"
    assert counting.evaluated == [IN_LANE]


def test_of_an_update_each_object_is_evaluated_once_and_once_more_by_a_registry_that_differs(counting: Counting) -> None:
    assert answered(counting, UPDATED)["allowed"] is False
    assert counting.evaluated == [IN_LANE] * 2
    counting.newer = counting.made()
    assert answered(counting, UPDATED)["allowed"] is False
    assert counting.evaluated == [IN_LANE] * 2 + [True] * 2


def test_an_update_that_changes_nothing_is_evaluated_once(counting: Counting) -> None:
    assert answered(counting, reviews.review(vm_object(BAD), vm_object(BAD)))["allowed"] is True
    assert counting.evaluated == [IN_LANE]


def test_of_requests_that_come_together_the_first_is_answered_in_the_fast_path_and_the_others_wait_their_turn(counting: Counting) -> None:
    """Else one client that sends thousands at once would be answered before everybody else."""
    with serving(book=lambda: counting.book) as server, server.connect() as connection:
        assert ask(connection, post(vmi_review()))[0] == 200
        counting.evaluated.clear()
        connection.sendall(post(vmi_review()) * 3)
        with connection.makefile("rb") as stream:
            assert [read_answer(stream)[0] for _ in range(3)] == [200] * 3
    assert counting.evaluated == [IN_LANE, True, True]


def test_a_launcher_pod_leaves_the_fast_path_with_what_is_known_of_it_and_its_vmi_is_read_once() -> None:
    books: list[bool] = []
    vmis = VMIs(reviews_of_web())

    def book() -> RuleSet:
        books.append(_is_in_task())
        return rule_set()

    with serving(book=book, vmis=vmis, pods=Action.DENY) as server, server.connect() as connection:
        assert ask(connection, post(vmi_review()))[0] == 200
        books.clear()
        status, _, told = ask(connection, post(pod_review()))
    assert (status, told["response"]["allowed"]) == (200, False)
    assert books == [IN_LANE] * 2
    assert vmis.asked.acquire(blocking=False)
    assert not vmis.asked.acquire(blocking=False)


def reviews_of_web() -> bytes:
    return msgspec.json.encode(launchers.vmi())


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (vmi_review(uid=""), 400)])
def test_a_body_that_is_no_review_is_read_once(counting: Counting, body: bytes, status: int) -> None:
    taken: list[bool] = []

    def book() -> RuleSet:
        taken.append(_is_in_task())
        return counting.book

    with serving(book=book) as server, server.connect() as connection:
        assert ask(connection, post(vmi_review()))[0] == 200
        taken.clear()
        assert ask(connection, post(body))[0] == status
    assert taken == [IN_LANE]


def test_a_violation_of_ours_is_made_once() -> None:
    taken: list[bool] = []

    def book() -> RuleSet:
        taken.append(_is_in_task())
        if len(taken) > 1:
            raise ZeroDivisionError
        return rule_set()

    with serving(book=book) as server, server.connect() as connection:
        assert ask(connection, post(vmi_review()))[0] == 200
        assert ask(connection, post(vmi_review()))[0] == 500
    assert taken == [True, IN_LANE]


def test_interfaces_are_counted_one_by_one(counting: Counting) -> None:
    answered(counting, reviews.review(vmi_object(GOOD, interface("other", binding={"name": "blue"}))))
    assert counting.evaluated == [IN_LANE] * 2


@pytest.mark.parametrize("size", [30, 3000], ids=["decoded at once", "decoded in the thread too"])
def test_while_a_heavy_review_is_evaluated_others_are_answered(size: int) -> None:
    let_go, threads = threading.Event(), set[str]()

    def check(_interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
        threads.add(threading.current_thread().name)
        assert len(vmi.interfaces) == 1 or let_go.wait(PATIENCE)
        return ()

    rule = InterfaceRule(name="waiting", group=Group.NETWORKS, check=check)
    known = rule_set()
    waiting = msgspec.structs.replace(known, plan=plan([*RULES, rule], known.registry, {}, upstream_answers=True))
    many = reviews.review(vmi_object(*(interface(f"n{each}", bridge={}) for each in range(size))))
    with serving(book=lambda: waiting) as server, server.connect() as heavy, server.connect() as other:
        assert ask(other, post(vmi_review()))[0] == 200
        threads.clear()
        heavy.sendall(post(many))
        server.until(lambda: bool(threads))
        assert ask(other, post(vmi_review()))[0] == 200
        let_go.set()
        with heavy.makefile("rb") as stream:
            assert read_answer(stream)[0] == 200
    assert len(threads) == 2
    assert any(name.startswith("heavy-reviews") for name in threads)


def test_too_many_values_are_refused_at_both_endpoints() -> None:
    body = b'{"a":[' + b"{}," * MAX_VALUES + b"{}]}"
    with serving() as server:
        for path in ("/validate", "/mutate"):
            for _ in range(2):
                with server.connect() as connection:
                    assert ask(connection, post(body, path))[0] == 413
