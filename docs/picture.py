"""Draw docs/images/check.svg, the picture in README.md: what `bindguard check` prints on a terminal. `make docs` runs it."""

import os
import pty
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/images/check.svg"
COMMAND = "bindguard check examples/vms/bad/unregistered-plugin.yaml --registry examples/kubevirt.yaml"

_COLUMNS = 108
_CELL, _LINE, _MARGIN = 8.43, 20, 18
"""Width of a character at 14 px, height of a line, and margin, in px."""
_STYLES = {"1": "b", "31": "r", "33": "y"}
"""Classes of the picture, by the codes of the escape sequences that the report uses."""
_ESCAPE = re.compile(r"\x1b\[(\d+)m(.*?)\x1b\[0m")
_MARK = 0xE000
_MARKED = re.compile(f"([{chr(_MARK + 1)}-{chr(_MARK + 99)}])([^{chr(_MARK)}]*){chr(_MARK)}")
_LINK = re.compile(r"\x1b\]8;;[^\x1b]*\x1b\\")
_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
<style>
  text {{ font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d6dbe1; white-space: pre }}
  .p {{ fill: #7fd1c7 }} .b {{ fill: #fff }} .r {{ fill: #ff7b72 }} .y {{ fill: #e3b341 }} .b, .r, .y {{ font-weight: bold }}
</style>
<rect width="{width}" height="{height}" rx="8" fill="#14181f"/>
"""


def output(command: str) -> str:
    """What a command of Bindguard writes to a terminal, with its escape sequences, but without links."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT), "NO_COLOR": ""}
    python = [sys.executable, "-m", "webhook", *shlex.split(command)[1:]]
    with subprocess.Popen(python, cwd=ROOT, stdout=follower, stderr=subprocess.DEVNULL, env=environment):  # noqa: S603 - the command of this repository
        os.close(follower)
        chunks = []
        try:
            while chunk := os.read(leader, 65536):
                chunks.append(chunk)
        except OSError:  # the end of a terminal, on Linux
            pass
    os.close(leader)
    return _LINK.sub("", b"".join(chunks).decode().replace("\r\n", "\n"))


def picture(command: str, printed: str) -> str:
    """The command and what it printed as an SVG, in lines of at most 108 characters."""
    lines = [f'<tspan class="p">$ {escape(command)}</tspan>', *(part for line in printed.splitlines() for part in _drawn(line))]
    width, height = round(_COLUMNS * _CELL + 2 * _MARGIN), len(lines) * _LINE + 2 * _MARGIN
    texts = [f'<text x="{_MARGIN}" y="{_MARGIN + 14 + index * _LINE}">{line}</text>' for index, line in enumerate(lines) if line]
    return _HEAD.format(width=width, height=height) + "\n".join(texts) + "\n</svg>\n"


def _drawn(line: str) -> list[str]:
    """The line as SVG, wrapped by what is visible of it: while it is wrapped, an escape sequence is one character."""
    marked = _ESCAPE.sub(lambda found: f"{chr(_MARK + int(found[1]))}{found[2]}{chr(_MARK)}", line)
    parts = [marked]
    if len(_ESCAPE.sub(r"\2", line)) > _COLUMNS:
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        parts = textwrap.wrap(marked, _COLUMNS, subsequent_indent=indent, drop_whitespace=True, break_on_hyphens=False)
    return [
        _MARKED.sub(lambda found: f'<tspan class="{_STYLES[str(ord(found[1]) - _MARK)]}">{found[2]}</tspan>', escape(part))
        for part in parts
    ]


def main() -> int:
    """Draw the picture anew."""
    PICTURE.write_text(picture(COMMAND, output(COMMAND)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
