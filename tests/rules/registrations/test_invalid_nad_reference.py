import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import registration
from webhook.rules.registrations.invalid_nad_reference import RULE

FIELD = "networkAttachmentDefinition"


@pytest.mark.parametrize(
    "value", ["net", "default/net", "a/b.c-d.e", "0/0", "n" * 63 + "/" + "a" * 170, "", None], ids=lambda value: str(value)[:20]
)
def test_a_name_with_or_without_a_namespace_is_accepted(value: str | None) -> None:
    assert_accepted(RULE, registration(networkAttachmentDefinition=value))


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("a/b/c", 'KubeVirt splits at the first "/" and looks for the name "b/c"'),
        ("Net", '"Net" is not a valid name of an object'),
        ("default/", '"" is not a valid name of an object'),
        ("/net", '"" is not a valid name of a namespace'),
        ("a.b/net", '"a.b" is not a valid name of a namespace'),
        ("n" * 64 + "/net", "is not a valid name of a namespace"),
        ("a" * 171, "the name has 171 characters, and Multus fails with more than 170"),
        ("net@eth1", "is not a valid name of an object"),
        ("-net", "is not a valid name of an object"),
        ("net-", "is not a valid name of an object"),
        ("a..b", "is not a valid name of an object"),
        ("net ", "is not a valid name of an object"),
        ("net\n", r'"net\n" is not a valid name of an object'),
        ("${NAD}", "is not a valid name of an object"),
        ("net\u0660", "is not a valid name of an object"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_name_that_no_object_can_have_is_found(value: str, wrong: str) -> None:
    assert_found(RULE, registration(networkAttachmentDefinition=value), field=FIELD, message=wrong, accepted="namespace/name")


def test_a_huge_value_is_evaluated_at_once() -> None:
    assert_found(RULE, registration(networkAttachmentDefinition="a-" * 500_000), field=FIELD)
