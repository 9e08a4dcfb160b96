"""Random YAML: lines put together from pieces that people write, most of them in the wrong place."""

from hypothesis import strategies as st

from webhook.manifests.scalars import SUSPECT

_INDENTS = st.sampled_from(["", "", "  ", "  ", "    ", "   ", "      "])
_DASHES = st.sampled_from(["", "", "", "- ", "- ", "-   ", "-", "- - "])
_KEYS = st.sampled_from(["a: ", "a:", "b: ", "c:", "a.b/c-d: ", "d:  ", "e :", '"q": ', "1: ", "on: ", "<<: ", "? ", "", ""])
_PLAIN = [
    "x",
    "y z",
    "1",
    "-1",
    "0x1f",
    "1.50",
    "a:b",
    "a: b",
    "a #b",
    "a#b",
    "http://h:80/p",
    "52:54:00:12:34:56",
    "2001-01-01",
    "1e3",
    "~",
    "yes",
    "x:",
]
_OTHER = [
    '"q"',
    "'q'",
    '"q" ',
    "'it''s'",
    '"\\n"',
    '"#"',
    "'#'#",
    "{}",
    "[]",
    "{ }",
    "{a: 1}",
    "[1, 2]",
    "&x 1",
    "*x",
    "!!str 1",
    "@x",
    "`",
    "%x",
    "\ta",
    "é",
]
_BLOCKS = ["|", "|-", "|+", ">", "|2", "| ", "| # c", "|x"]
_VALUES = st.sampled_from(["", "", "", *_PLAIN, *_OTHER, *_BLOCKS, *_BLOCKS])
_TAILS = st.sampled_from(["", "", "", "", " ", " # c", "# c", "  ", "\t"])

_LINES = st.one_of(
    st.tuples(_INDENTS, _DASHES, _KEYS, _VALUES, _TAILS).map("".join),
    st.sampled_from(["", "  ", "      ", "# c", "  # c", "    text", "      text", "  text\t", "---", "--- # c", "...", "\ttext"]),
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A document, valid or not."""
    return "\n".join(draw(st.lists(_LINES, min_size=1, max_size=9))) + draw(st.sampled_from(["\n", "\n", "\n", "", "\n\n", "\n  "]))


@st.composite
def plain_texts(draw: st.DrawFn) -> str:
    """A document of block mappings and lists, mostly valid."""
    lines: list[str] = []
    columns = [0]
    for number in range(draw(st.integers(1, 12))):
        columns = columns[: draw(st.integers(1, len(columns)))]
        key = f"k{number}"
        dash = draw(st.sampled_from(["", "", "", "- "]))
        value = draw(st.sampled_from(["", "", *_PLAIN, "|", "|-", "{}", '"q"']))
        lines.append(" " * columns[-1] + f"{dash}{key}:" + (f" {value}" if value else ""))
        inner = columns[-1] + len(dash) + 2
        if value.startswith("|"):
            lines += [
                " " * inner + text if text else "" for text in draw(st.lists(st.sampled_from(["x", "  y", "", "# z", "k: v"]), max_size=4))
            ]
        columns += [columns[-1] + len(dash), inner]
    return "\n".join(lines) + draw(st.sampled_from(["\n", "\n", ""]))


TEXTS = st.text(max_size=12).filter(lambda text: text[:1] not in SUSPECT)
"""Texts that PyYAML would not write unquoted where kubectl reads something else than text."""

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6), TEXTS)
"""JSON scalars."""

VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=20,
)
"""JSON data."""
