"""What a command says when a package that it needs is not installed."""

import os
import re
from pathlib import Path

import pytest

from tests.cli.bindguard import bindguard
from webhook.errors import EXIT_USAGE

ROOT = Path(__file__).parents[2]

_OF_PYPI = re.compile(
    r"""(?:pip|pipx|uvx|uv tool) (?:install |run )?(?:-\S+ )*['"]?bindguard(?:\[\w+\])?(?! @ )['"]?(?=$|[\s`)])""", re.MULTILINE
)
"""An instruction to take the name `bindguard` from PyPI."""


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--plain-http", "--registry", str(ROOT / "examples/kubevirt.yaml")),
        ("certs", "generate"),
        ("registry", "show"),
        ("doctor",),
        ("review", "-"),
        ("check", "--cluster"),
    ],
    ids=lambda command: command[0],
)
def test_a_command_without_its_packages_names_one_and_says_how_to_install_it_from_a_clone(command: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("cryptography", "fastapi", "httptools", "httpx", "kubernetes", "prometheus_client", "starlette", "structlog", "uvicorn"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('none', name={name!r})\n", encoding="utf-8")
    done = bindguard(*command, environment={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}, stdin=b"{}")
    assert (done.returncode, done.stdout) == (EXIT_USAGE, b"")
    assert done.stderr.endswith(b"which is not installed; in a clone of the repository, run: python -m pip install '.[server]'\n")
    assert done.stderr.count(b"\n") == 1


def test_nothing_tells_anybody_to_install_the_name_from_pypi_that_others_may_register() -> None:
    suffixes = {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".tpl", ".html"}
    folders = ("webhook", "docs", "examples", "charts", "certs", ".github")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    files += [path for path in ROOT.iterdir() if path.suffix in suffixes or path.name == "Containerfile"]
    assert len(files) > 200
    found = {str(path.relative_to(ROOT)): _OF_PYPI.findall(path.read_text(encoding="utf-8")) for path in files}
    assert {path: texts for path, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    ("text", "is_of_pypi"),
    [
        ("pip install bindguard", True),
        ("`pip install 'bindguard[server]'`", True),
        ("python -m pip install --quiet bindguard\n", True),
        ("uvx bindguard check", True),
        ("pip install .", False),
        ("pip install '.[server]'", False),
        ("pip install ./bindguard", False),
        ("pip install 'bindguard[server] @ https://example.org/x.tar.gz'", False),
    ],
)
def test_such_an_instruction_is_found(text: str, is_of_pypi: bool) -> None:  # noqa: FBT001 - a column of the table
    assert bool(_OF_PYPI.search(text)) is is_of_pypi
