import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from webhook.manifests.scalars import resolve

from .asserts import assert_unreadable
from .builders import data


@pytest.mark.parametrize("text", ["y", "Y", "yes", "on", "On", "true", "TRUE"])
def test_a_word_of_yaml_1_1_is_true_as_for_kubectl(text: str) -> None:
    assert resolve(text) is True


@pytest.mark.parametrize("text", ["n", "N", "no", "off", "OFF", "False"])
def test_a_word_of_yaml_1_1_is_false_as_for_kubectl(text: str) -> None:
    assert resolve(text) is False


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_has_five_spellings(text: str) -> None:
    assert resolve(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "52:54:00:12:34:56",
        "02:00",
        "190:20:30",
        "2001-01-01",
        "2001-12-14t21:59:43.10-05:00",
        "yEs",
        "nO",
        "1.2.3",
        "0b12",
        "0o18",
        "0xg",
        "1e",
        "+",
        "-",
        ".",
        "...",
        "1e400",
        "_1",
        "4Gi",
        "100m",
        "-x",
        "1\u0662",
        "-0x1ffffffffffffffffff",
        "9" * 1001,
    ],
)
def test_what_looks_like_a_number_to_others_is_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("7", 7),
        ("+7", 7),
        ("-7", -7),
        ("017", 15),
        ("0o17", 15),
        ("0O17", 15),
        ("08", 8),
        ("0x1F", 31),
        ("-0x1f", -31),
        ("0b101", 5),
        ("1_000", 1000),
        ("0x_f", 15),
        ("18446744073709551615", 2**64 - 1),
        ("0x1ffffffffffffffff", 2**65 - 1),
    ],
)
def test_integers_are_read_as_go_reads_them_with_base_0(text: str, value: int) -> None:
    assert (resolve(text), type(resolve(text))) == (value, int)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.5", 1.5), (".5", 0.5), ("-.5", -0.5), ("1e-3", 0.001), ("1_0.5", 10.5), ("99999999999999999999", 1e20), ("1e30", 1e30)],
)
def test_floats_are_read_as_go_reads_them(text: str, value: float) -> None:
    assert (resolve(text), type(resolve(text))) == (value, float)


@pytest.mark.parametrize(("text", "value"), [("1e3", 1000), ("1.0", 1), ("1.", 1), ("80.", 80), ("-2.5e1", -25), ("0e0", 0)])
def test_a_whole_float_reaches_the_api_server_as_an_integer(text: str, value: int) -> None:
    assert (resolve(text), type(resolve(text))) == (value, int)


@pytest.mark.parametrize("text", [".inf", "-.Inf", "+.INF", ".nan", ".NaN"])
def test_infinity_and_nan_are_refused(text: str) -> None:
    assert_unreadable(f"a: {text}", f"{text} is no number that JSON", at=(1, 4))


@given(st.text(max_size=12) | st.from_regex(r"[-+.0-9_xobeE]{1,8}", fullmatch=True))
def test_any_text_has_a_value(text: str) -> None:
    if text.strip("+-").lower() not in (".inf", ".nan"):
        assert isinstance(resolve(text), str | int | float | bool | None)


@given(st.integers(-(2**63), 2**64 - 1))
def test_integers_mean_what_pyyaml_reads(number: int) -> None:
    assert resolve(str(number)) == yaml.safe_load(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_their_value(number: float) -> None:
    assert resolve(repr(number)) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!str 5", "5"),
        ("!!str yes", "yes"),
        ("! 5", "5"),
        ('!!int "5"', 5),
        ('!!float "1.5"', 1.5),
        ('!!bool "on"', True),
        ('!!null ""', None),
        ("!!timestamp 2001-01-01", "2001-01-01"),
        ("!!binary aGk=", "hi"),
        ("!<tag:yaml.org,2002:str> 5", "5"),
    ],
)
def test_standard_tags_are_honoured(text: str, value: object) -> None:
    assert data(f"a: {text}") == {"a": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!vault x", "unknown tag !vault"),
        ("!Ref x", "unknown tag !Ref"),
        ("!!python/name:x y", "unknown tag !!python/name:x"),
        ("!GetAtt [a, b]", "unknown tag !GetAtt"),
        ("!!int x", '"x" is no !!int'),
        ("!!binary '*'", "must be base64"),
    ],
)
def test_other_tags_are_refused_by_name(text: str, message: str) -> None:
    assert_unreadable(f"a: {text}", message, at=(1, 4))
