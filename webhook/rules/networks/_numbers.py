"""Numbers of an object as messages show them. Knows no rule."""

_MOST_BITS = 64


def shown(number: int) -> str:
    """The number in decimal, or only its size when it has more than 64 bits.

    YAML can write a number of any size in hexadecimal, and Python raises for one of more than 4300 decimal digits.
    """
    bits = number.bit_length()
    return str(number) if bits <= _MOST_BITS else f"a {bits}-bit number"
