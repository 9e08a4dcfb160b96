"""What is heavy: seen by the object's parts, and never for an object as most are."""

from typing import Any

import pytest

from tests.admission.reviews import BAD, GOOD, review, rule_set, vm_object, vmi_object
from tests.builders import interface
from webhook.admission.review import open_review
from webhook.admission.weight import MAX_NICS, MAX_PORTS, is_heavy

BOOK = rule_set()


def heavy(body: bytes) -> bool:
    return is_heavy(open_review(body), BOOK)


def nics(number: int) -> list[dict[str, Any]]:
    return [interface(f"n{each}", bridge={}) for each in range(number)]


@pytest.mark.parametrize("of", [vm_object, vmi_object])
@pytest.mark.parametrize("nic", [GOOD, BAD, interface(masquerade={}, ports=[{"port": 1}] * MAX_PORTS)])
def test_an_ordinary_object_is_not_heavy_right_or_wrong(of: Any, nic: dict[str, Any]) -> None:
    assert not heavy(review(of(nic)))
    assert not heavy(review(of(nic), of(GOOD)))


@pytest.mark.parametrize("of", [vm_object, vmi_object])
@pytest.mark.parametrize(
    "much",
    [
        nics(MAX_NICS + 1),
        [interface(masquerade={}, ports=[{}] * (MAX_PORTS + 1))],
        [interface(masquerade={}, portRanges=[{}] * (MAX_PORTS + 1))],
        [interface(masquerade={}, dhcpOptions={"privateOptions": [{}] * (MAX_PORTS + 1)})],
        [interface(masquerade={}, dhcpOptions={"ntpServers": ["a"] * (MAX_PORTS + 1)})],
        [interface("a", binding={"name": "blu"}), interface("b", binding={"name": "bleu"})],
        [interface(masquerade=5)],
    ],
    ids=["NICs", "ports", "portRanges", "options", "servers", "unknown plugins", "a wrong type"],
)
def test_an_object_with_much_to_look_at_or_to_guess_is_heavy_before_an_update_too(of: Any, much: list[dict[str, Any]]) -> None:
    assert heavy(review(of(*much)))
    assert heavy(review(of(GOOD), of(*much)))


def test_many_networks_are_heavy() -> None:
    networks = [{"name": f"n{each}", "pod": {}} for each in range(MAX_NICS)]
    assert heavy(review(vmi_object(GOOD, networks=networks)))


@pytest.mark.parametrize("operation", ["DELETE", "CONNECT"])
def test_what_is_not_evaluated_is_not_heavy(operation: str) -> None:
    assert not heavy(review(vm_object(*nics(100)), operation=operation))


@pytest.mark.parametrize("obj", [{}, {"spec": {}}, {"spec": {"template": {}}}, {"spec": {"domain": {}}}])
def test_an_object_without_parts_is_not_heavy(obj: dict[str, Any]) -> None:
    assert not heavy(review({**vm_object(), **obj}))
