"""Memory that large blocks took is given back, though small blocks that stay lie between them."""

import platform
import subprocess
import sys

import pytest

BLOCKS, BLOCK_BYTES = 200, 300_000
STORY = f"""
from pathlib import Path
from webhook.runtime.memory import return_freed_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if {{fixed}}:
    return_freed_memory()
for _ in range(3):
    bytearray(b"x" * {BLOCK_BYTES})
before, kept, large = resident(), [], []
for number in range({BLOCKS}):
    large.append(bytearray(b"x" * {BLOCK_BYTES}))
    kept.append(bytes(5_000))
large.clear()
print(resident() - before)
"""


def left_over(*, fixed: bool) -> int:
    """Bytes that the process still holds after the large blocks are freed."""
    story = STORY.format(fixed=fixed)
    return int(subprocess.run([sys.executable, "-c", story], check=True, capture_output=True, timeout=60).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library, which has no such threshold")
def test_freed_blocks_go_back_to_the_system() -> None:
    assert left_over(fixed=True) < BLOCKS * BLOCK_BYTES / 10
    assert left_over(fixed=False) > BLOCKS * BLOCK_BYTES / 2  # else there is nothing to fix any more
