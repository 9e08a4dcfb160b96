"""How long a caller waits for the answer, as the URL tells it."""

import functools
import re
import urllib.parse

MAX_SECONDS = 30.0
"""No webhook configuration may have a longer timeout (k8s.io/kubernetes pkg/apis/admissionregistration/validation)."""

_MAX_QUERY_LENGTH = 256
_MAX_FIELDS = 16
_DURATION = re.compile(r"\+?(?:(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})(?:ns|us|µs|μs|ms|s|m|h))+", re.ASCII)
_PART = re.compile(r"([\d.]+)([a-zµμ]+)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_to_answer(query: bytes, default: float) -> float:
    """Seconds within which an answer is of use: those of `?timeout=`, else `default`, at most 30, less a margin for the way back.

    The margin is a twentieth: an answer that leaves at the last moment comes too late.
    """
    named = _named(query) if len(query) <= _MAX_QUERY_LENGTH else None
    return 0.95 * min(named or default, MAX_SECONDS)


@functools.lru_cache(maxsize=64)
def _named(query: bytes) -> float | None:
    try:
        fields = urllib.parse.parse_qs(query.decode(), max_num_fields=_MAX_FIELDS)
    except ValueError:
        return None
    values = fields.get("timeout")
    return parse_duration(values[0]) if values else None


def parse_duration(text: str) -> float | None:
    """Seconds of a duration as Go writes it (`10s`, `1m30s`, `500ms`, `1.5s`); `None` for anything else, nothing and less included.

    Source: Go's time.ParseDuration; a bare `0` and negative durations are legal there, and no time to answer in.
    """
    if _DURATION.fullmatch(text) is None:
        return None
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    return seconds if seconds > 0 else None
