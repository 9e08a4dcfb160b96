"""What CI services take for commands in a log, and text that looks like it."""

import re

from hypothesis import strategies as st

_PARTS = ("::", ":", "#", "##", "##[", "##vso[", "##teamcity[", "error", "::error::x", "]", " ", "\t", "\n", "\r", "\u200b", "x")
TEXTS = st.lists(st.sampled_from(_PARTS)).map("".join) | st.text(max_size=80)


def commands_in(text: str) -> list[str]:
    """The lines that a service would obey: GitHub's `::` after white space, and `##[`, `##vso[` and the like anywhere."""
    return [line for line in re.split(r"\r|\n", text) if line.lstrip().startswith("::") or re.search(r"##[\w.-]*\[", line)]
