import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, vmi
from webhook.rules.networks.invalid_subdomain import RULE


@pytest.mark.parametrize("subdomain", ["lab", "a", "0", "a-b", "a" * 63, "", None])
def test_one_label_is_accepted(subdomain: str | None) -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}), subdomain=subdomain))


@pytest.mark.parametrize("subdomain", ["lab.example", "a" * 64, "Lab", "-a", "a_b", "lab\n", "a" * 1_000_000], ids=lambda value: value[:12])
def test_what_the_pod_cannot_have_is_found(subdomain: str) -> None:
    assert_found(RULE, vmi(interface(masquerade={}), subdomain=subdomain), field="subdomain", message="is not a DNS label")
