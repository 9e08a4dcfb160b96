"""Let glibc return freed memory to the system.

glibc takes blocks above a threshold from the system and returns them when they are freed. But each such block that is freed raises the
threshold to its own size, up to 32 MiB (mallopt(3), "M_MMAP_THRESHOLD"). A TLS connection of uvloop has a buffer of 256 KiB, and a body has
up to 7 MiB. After the first ones, all of them came from the heap, and small blocks between them kept the heap from shrinking. A
threshold that is set does not rise.
"""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_THRESHOLD_BYTES = 128 * 1024
"""glibc's own, from which it would begin to rise."""


def return_freed_memory() -> None:
    """Keep both thresholds of malloc; does nothing where the C library has no `mallopt` (musl, macOS)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _THRESHOLD_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _THRESHOLD_BYTES)
