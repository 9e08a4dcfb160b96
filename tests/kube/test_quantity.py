import contextlib
import json
import pickle
import time
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from webhook.kube.quantity import MAX_EXPONENT, MAX_LENGTH, ZERO, Format, Quantity, parse_quantity, read_quantity

LARGEST_BINARY = 2**63 - 1
SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
digits = st.text("0123456789", min_size=1, max_size=20)
numbers = st.one_of(digits, st.builds("{}.{}".format, digits, digits), st.builds(".{}".format, digits), st.builds("{}.".format, digits))
exponents = st.builds("{}{}".format, st.sampled_from("eE"), st.integers(-40, 40))
texts = st.builds("{}{}{}".format, st.sampled_from(["", "+", "-"]), numbers, st.one_of(st.sampled_from(SUFFIXES), exponents))
quantities = st.builds(Quantity, st.integers(-(10**30), 10**30), st.sampled_from(Format))

CANONICAL = [
    # as written
    ("0", "0"),
    ("1", "1"),
    ("1Ki", "1Ki"),
    ("500Mi", "500Mi"),
    ("7Ei", "7Ei"),
    ("1n", "1n"),
    ("1080u", "1080u"),
    ("100m", "100m"),
    ("3k", "3k"),
    ("12E", "12E"),
    ("1e3", "1e3"),
    ("80e-3", "80e-3"),
    ("4584374273", "4584374273"),
    ("322122547200m", "322122547200m"),
    # the largest suffix that loses nothing
    ("1024Mi", "1Gi"),
    ("307200Ki", "300Mi"),
    ("1025024Mi", "1001Gi"),
    ("1.5Gi", "1536Mi"),
    ("0.05Gi", "53687091200m"),
    ("100.035Ki", "102435840m"),
    ("1000M", "1G"),
    ("0.001T", "1G"),
    ("1000u", "1m"),
    ("1080000000n", "1080m"),
    ("100.035k", "100035"),
    ("10.035M", "10035k"),
    ("50k", "50k"),
    ("1.53E12", "1530e9"),
    ("1.3E+6", "1300e3"),
    ("1e14", "100e12"),
    ("1e100", "10e99"),
    (".001e12", "1e9"),
    ("1000e-12", "1e-9"),
    ("1000e-3", "1"),
    # signs, zeros, dots
    ("+1", "1"),
    ("-1", "-1"),
    ("-0", "0"),
    ("0Ki", "0"),
    ("00", "0"),
    ("007", "7"),
    (".5", "500m"),
    ("5.", "5"),
    ("1.G", "1G"),
    ("1.441", "1441m"),
    ("1.000000001", "1000000001n"),
    ("-9.5Gi", "-9728Mi"),
    ("-9.5000000001Gi", "-10200547328107374183n"),
    # exa and exponent
    ("1E", "1E"),
    ("1E3", "1e3"),
    ("1000E", "1e21"),
    ("1000000E", "1e24"),
    # binary below one Ki, and below one
    ("0.5Ki", "512"),
    (".001Ki", "1024m"),
    (".000001Ki", "1024u"),
    (".000000001Ki", "1024n"),
    (".000000000001Ki", "2n"),
    # finer than nano: away from zero
    ("3.001n", "4n"),
    ("0.9n", "1n"),
    ("-0.9n", "-1n"),
    ("0.00000012345", "124n"),
    ("1.1E-9", "2e-9"),
    ("15e-10", "2e-9"),
    ("1e-100", "1e-9"),
    ("999999999999999999999e-30", "1e-9"),
    ("0.0e-100", "0"),
    # beyond 63 bits
    ("9223372036854775807", "9223372036854775807"),
    ("9223372036854775808", "9223372036854775808"),
    ("18446744073709551616", "18446744073709551616"),
    ("8Ei", "9223372036854775807"),
    ("-20Ei", "-9223372036854775807"),
    ("9223372036854775807Ki", "9223372036854775807"),
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_a_quantity_prints_as_kubernetes_prints_it(text: str, canonical: str) -> None:
    assert str(parse_quantity(text)) == canonical


@pytest.mark.parametrize(
    ("text", "written_as"),
    [
        ("0Mi", Format.BINARY_SI),
        ("100.035Ki", Format.BINARY_SI),
        ("0.000000000001Ki", Format.DECIMAL_SI),
        ("1E", Format.DECIMAL_SI),
        ("0m", Format.DECIMAL_SI),
        ("0e5", Format.DECIMAL_EXPONENT),
        ("1E-3", Format.DECIMAL_EXPONENT),
    ],
)
def test_the_format_is_remembered(text: str, written_as: Format) -> None:
    assert parse_quantity(text).format is written_as


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "-", "+", "-.", "Mi", "e3", "m", "1K", "1ki", "1mi", "1KI", "1i", "1mm", "1e", "1E+", "1e1.5", "1e1e1", "1eMi", "1.1.M"),
        *("--1", "1+1", "1-", " 1", "1 ", "1\n", "1 Gi", "1Gi\x00", "\u0661Gi", "1_000", "0x10", "nan", "inf", "1,5", "\x1b[31m"),
        *("1" * (MAX_LENGTH + 1), "0." + "0" * MAX_LENGTH, "9" * 1_000_000),
        *(f"1e{MAX_EXPONENT + 1}", f"1e-{MAX_EXPONENT + 1}", "1e4294967297", "1e-2147483648", "1e99999999999999999999", "0e2147483648"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_quantity_is_refused_at_once_with_the_text(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ValueError, match="quantity") as refused:
        parse_quantity(text)
    assert time.perf_counter() - started < 1
    message = str(refused.value)
    assert message.startswith(json.dumps(text[:10], ensure_ascii=False).removesuffix('"'))
    assert message.isprintable()
    assert len(message) < 300


def test_a_refusal_tells_what_to_write() -> None:
    with pytest.raises(ValueError, match="is no quantity") as refused:
        parse_quantity("1K")
    assert str(refused.value) == (
        '"1K" is no quantity: write a number and at most one suffix (n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent such as e3)'
        " in at most 100 characters, for example 500Mi"
    )


def test_the_longest_text_and_the_largest_exponents_are_read() -> None:
    assert parse_quantity("9" * MAX_LENGTH).value == 10**MAX_LENGTH - 1
    assert parse_quantity(f"-1e{MAX_EXPONENT}").value == -(10**MAX_EXPONENT)
    assert str(parse_quantity(f"1e{MAX_EXPONENT}")) == f"10e{MAX_EXPONENT - 1}"
    assert str(parse_quantity(f"1e-{MAX_EXPONENT}")) == "1e-9"


@pytest.mark.parametrize(
    ("terms", "total"),
    [
        (["1294Mi", "2Gi"], "3342Mi"),
        (["1454336Ki", "2Gi", "500Mi"], "4063488Ki"),
        (["1813432Ki", "1500k", "1500m"], "1858454369500m"),
        (["1G", "1Gi"], "2073741824"),
        (["1Gi", "1G"], "2073741824"),
        (["1Gi", "24Ki"], "1048600Ki"),
        (["1000M", "24Ki"], "1000024576"),
        (["1e6", "1k"], "1001e3"),
        (["1M", "1e3"], "1001k"),
        (["0", "100m"], "100m"),
        (["0", "1Gi"], "1Gi"),
        (["1Gi", "0"], "1Gi"),
        (["0Ki", "1000"], "1k"),
        (["1Gi", "-1Gi", "1M"], "1M"),
        (["1Gi", "-2Gi"], "-1Gi"),
        (["7Ei", "7Ei"], "14Ei"),
        (["1.441", "0"], "1441m"),
    ],
)
def test_a_sum_is_printed_in_the_format_of_its_left_operand(terms: list[str], total: str) -> None:
    quantity, *others = map(parse_quantity, terms)
    for other in others:
        quantity += other
    assert str(quantity) == total


def test_a_binary_sum_beyond_exbibytes_keeps_its_value() -> None:
    assert str(Quantity(2**70 * 10**9, Format.BINARY_SI)) == "1180591620717411303424"
    assert str(Quantity(10**70 * 10**9, Format.BINARY_SI)) == "10e69"


@pytest.mark.parametrize(
    ("text", "whole"),
    [("1", 1), ("1n", 1), ("-1n", -1), ("1500m", 2), ("-1500m", -2), ("0", 0), ("1Ki", 1024), ("1e19", 10**19)],
)
def test_whole_bytes_are_rounded_away_from_zero(text: str, whole: int) -> None:
    assert parse_quantity(text).bytes_rounded_up == whole


def test_quantities_compare_by_value_whatever_their_format() -> None:
    one = parse_quantity("1Gi")
    assert one == parse_quantity("1073741824")
    assert hash(one) == hash(parse_quantity("1048576Ki"))
    assert one != parse_quantity("1G")
    assert parse_quantity("1G") < one < parse_quantity("2e9")
    assert parse_quantity("0Mi") == ZERO


def test_a_quantity_survives_pickling() -> None:
    quantity = parse_quantity("1.5Gi")
    assert str(pickle.loads(pickle.dumps(quantity))) == "1536Mi"  # noqa: S301 - our own bytes


@given(texts)
@example("-0.0000000001")
@example("9.9Ei")
def test_the_canonical_form_has_the_same_value_and_is_its_own_canonical_form(text: str) -> None:
    quantity = parse_quantity(text)
    canonical = str(quantity)
    assert parse_quantity(canonical) == quantity
    assert str(parse_quantity(canonical)) == canonical


@given(quantities)
def test_every_quantity_that_a_binary_one_can_reach_is_read_back(quantity: Quantity) -> None:
    assume(quantity.format is not Format.BINARY_SI or abs(quantity.value) < LARGEST_BINARY)
    assert parse_quantity(str(quantity)) == quantity


def test_a_binary_sum_beyond_63_bits_is_printed_whole_and_read_back_as_kubernetes_does_up_to_63_bits() -> None:
    total = parse_quantity("7Ei") + parse_quantity("7Ei")
    assert str(total) == "14Ei"
    assert parse_quantity("14Ei").value == LARGEST_BINARY


@given(st.integers(-(10**25), 10**25), st.integers(0, 15), st.sampled_from("eE"))
def test_what_is_read_is_what_was_written_but_for_less_than_a_nano_away_from_zero(mantissa: int, places: int, letter: str) -> None:
    read = parse_quantity(f"{mantissa}{letter}-{places}").value
    written = Fraction(mantissa, 10**places)
    assert abs(written) <= abs(read) < abs(written) + Fraction(1, 10**9)
    assert read * written >= 0


@given(quantities, quantities)
def test_a_sum_is_exact_and_the_same_from_either_side(left: Quantity, right: Quantity) -> None:
    assert (left + right).value == left.value + right.value
    assert left + right == right + left


@given(quantities)
def test_zero_changes_neither_value_nor_print(quantity: Quantity) -> None:
    assert str(quantity + ZERO) == str(ZERO + quantity) == str(quantity)


@given(st.text("0123456789.+-eEinumkKMGTP", max_size=12))
def test_whatever_looks_like_a_quantity_is_one_or_is_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        quantity = parse_quantity(text)
        assert parse_quantity(str(quantity)) == quantity


@given(st.text("\x00\x1b\x7f\x9b\n\u202e\ud800 ABC", max_size=MAX_LENGTH + 5))
def test_a_refusal_is_always_one_printable_line(text: str) -> None:
    with pytest.raises(ValueError, match="no quantity") as refused:
        parse_quantity(text)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(("value", "text"), [("250Mi", "250Mi"), (5, "5"), (-1, "-1"), (0, "0")])
def test_json_writes_a_quantity_as_a_string_or_a_whole_number(value: object, text: str) -> None:
    assert str(read_quantity(value)) == text


@pytest.mark.parametrize("value", [True, None, 1.5, [], {}, ["1"], pytest.param(10**5000, id="huge")])
def test_nothing_else_in_json_is_a_quantity(value: object) -> None:
    with pytest.raises(ValueError, match=r"neither a string|beyond what a quantity") as refused:
        read_quantity(value)
    assert str(refused.value).isprintable()
