"""Kubernetes' quantities: `500Mi`, `1.5G`, `100m`, `1e9`, read, added and printed exactly as Kubernetes does.

Source: kubernetes/apimachinery pkg/api/resource/quantity.go. Releases that lose a suffix or hang are not followed: a value that DecimalSI
cannot print (`1000E`) is printed with an exponent, and exponents are limited.
"""

import dataclasses
import enum
import re
from fractions import Fraction

from webhook.kube.text import quoted, shown

MAX_LENGTH = 100
"""Longest text that is accepted, in characters; a real quantity needs a fraction of it."""

MAX_EXPONENT = 1000
"""Largest absolute exponent that is accepted. Kubernetes wraps exponents at 32 bits, and takes minutes to parse some of them."""

_MAX_BITS = 4 * MAX_LENGTH
"""Limit of a whole number: with more bits it has more than `MAX_LENGTH` digits, and above 4300 digits Python refuses to print it."""

_UNIT = 10**9
_LARGEST_BINARY = (2**63 - 1) * _UNIT


class Format(enum.Enum):
    """How a quantity was written, which decides how a sum that starts with it is printed."""

    BINARY_SI = "BinarySI"
    DECIMAL_SI = "DecimalSI"
    DECIMAL_EXPONENT = "DecimalExponent"


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """An exact amount; equal, ordered and hashed by value, whatever the format. `str()` gives the canonical form.

    Attributes:
        nanos: The amount in units of 10^-9, the finest that Kubernetes keeps.
        format: How the amount is printed.
    """

    nanos: int
    format: Format = dataclasses.field(default=Format.DECIMAL_SI, compare=False)

    @property
    def value(self) -> Fraction:
        """The amount itself."""
        return Fraction(self.nanos, _UNIT)

    @property
    def bytes_rounded_up(self) -> int:
        """The amount as a whole number, rounded away from zero: `Quantity.Value()` in Go, but never overflowing."""
        return _divided(self.nanos, _UNIT)

    def __add__(self, other: "Quantity") -> "Quantity":
        """The sum in the left operand's format; a zero on the left takes the right operand's."""
        return Quantity(self.nanos + other.nanos, self.format if self.nanos else other.format)

    def __str__(self) -> str:
        if self.nanos == 0:
            return "0"
        if self.format is not Format.BINARY_SI:
            return _decimal(self.nanos, self.format)
        whole, fraction = divmod(self.nanos, _UNIT)
        if fraction or -1024 < whole < 1024:  # noqa: PLR2004 - below one Ki there is no binary suffix
            return _decimal(self.nanos, Format.DECIMAL_SI)
        return _binary(whole)


ZERO = Quantity(0)

_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_SUFFIXES = {suffix: (10 ** (9 + exponent), Format.DECIMAL_SI) for exponent, suffix in _DECIMAL.items()} | {
    suffix: (1024**power * _UNIT, Format.BINARY_SI) for power, suffix in enumerate(_BINARY) if suffix
}
_QUANTITY = re.compile(r"(?=[+-]?\.?[0-9])([+-]?[0-9]*)\.?([0-9]*)([KMGTPE]i|[numkMGTPE]?|[eE][+-]?[0-9]+)")


def parse_quantity(text: str) -> Quantity:
    """The quantity in `text`.

    As in Kubernetes, digits below one nano are rounded away from zero, a binary quantity is limited to 2^63-1, and one below 1 becomes
    decimal. Kubernetes' parser also reads `.` and `Mi` as zero, which its API schemas refuse; so does this function.

    Raises:
        ValueError: `text` is no quantity; the message has the text and the grammar.
    """
    match = _QUANTITY.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None:
        raise ValueError(
            f"{quoted(text)} is no quantity: write a number and at most one suffix (n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent"
            f" such as e3) in at most {MAX_LENGTH} characters, for example 500Mi"
        )
    number, fraction, suffix = match.groups()
    divisor = 10 ** len(fraction)
    known = _SUFFIXES.get(suffix)
    if known is None:
        exponent = _exponent(text, suffix)
        multiplier, format_ = 10 ** max(0, 9 + exponent), Format.DECIMAL_EXPONENT
        divisor *= 10 ** max(0, -9 - exponent)
    else:
        multiplier, format_ = known
    nanos = int(number + fraction) * multiplier
    if divisor != 1:
        nanos = _divided(nanos, divisor)
    return _limited(nanos) if format_ is Format.BINARY_SI else Quantity(nanos, format_)


def read_quantity(value: object) -> Quantity:
    """The quantity in a JSON value: a string, or a whole number. Raises `ValueError`, with what is wrong, for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{shown(value)} is neither a string nor a whole number")  # noqa: TRY004 - the value is a user's, not a caller's
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise ValueError(f"{shown(value)} is beyond what a quantity can be")
    return parse_quantity(str(value))


def _exponent(text: str, suffix: str) -> int:
    exponent = int(suffix[1:])
    if abs(exponent) > MAX_EXPONENT:
        raise ValueError(f"{quoted(text)} is beyond what a quantity can be: write an exponent between -{MAX_EXPONENT} and {MAX_EXPONENT}")
    return exponent


def _limited(nanos: int) -> Quantity:
    if -_UNIT < nanos < _UNIT and nanos != 0:
        return Quantity(nanos, Format.DECIMAL_SI)
    return Quantity(max(-_LARGEST_BINARY, min(nanos, _LARGEST_BINARY)), Format.BINARY_SI)


def _divided(amount: int, divisor: int) -> int:
    """The quotient, rounded away from zero."""
    return -(-amount // divisor) if amount > 0 else amount // divisor


def _decimal(nanos: int, format_: Format) -> str:
    """The shortest whole number with an exponent that is a multiple of three."""
    digits = str(nanos)
    mantissa = digits.rstrip("0")
    exponent = len(digits) - len(mantissa) - 9
    mantissa += "0" * (exponent % 3)
    exponent -= exponent % 3
    suffix = _DECIMAL.get(exponent) if format_ is Format.DECIMAL_SI else None
    if suffix is None:
        suffix = f"e{exponent}" if exponent else ""
    return mantissa + suffix


def _binary(whole: int) -> str:
    """The shortest whole number with a power of 1024; beyond Ei there is no suffix, and an exponent of ten takes over."""
    power = ((whole & -whole).bit_length() - 1) // 10
    if power >= len(_BINARY):
        return _decimal(whole * _UNIT, Format.DECIMAL_EXPONENT)
    return f"{whole >> 10 * power}{_BINARY[power]}"
