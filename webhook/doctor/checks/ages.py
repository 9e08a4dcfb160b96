"""Ages as a person says them."""

import math

_UNITS = ((2 * 86400, 86400, "d"), (2 * 3600, 3600, "h"), (120, 60, "min"))


def age(seconds: float) -> str:
    """`90 s`, `3 min`, `5 h` or `9 d`, rounded down; `0 s` where a clock is behind."""
    if not math.isfinite(seconds):
        return "an unknown time"
    for least, unit, name in _UNITS:
        if seconds >= least:
            return f"{int(seconds // unit)} {name}"
    return f"{max(0, int(seconds))} s"
