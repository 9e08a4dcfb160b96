"""`python -m tests.mutants [MODULE...]`: every mutant of these modules against their tests; 1 when one survives not in `survivors.toml`.

First the module's own tests are asked, then, about those that they let live, all tests beside them. Each mutant has a process of its own,
forked from one that has imported what is not ours, and gives its module in place of the file: no file is changed.
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import CodeType

import cryptography.x509
import httpx
import hypothesis
import msgspec
import pytest
import structlog

from tests.mutants.operators import Mutant, mutants_of

_FOREIGN = (cryptography.x509, httpx, hypothesis, msgspec, structlog)  # imported once, for all that are forked
SURVIVORS = Path(__file__).with_name("survivors.toml")
MODULES = (
    *("webhook/admission", "webhook/rules", "webhook/vmi", "webhook/plugins", "webhook/kube"),
    *("webhook/tls", "webhook/cluster/leases.py", "webhook/runtime/certificate/controller.py"),
)
_POD_TESTS = ("tests/admission/test_mutation.py", "tests/admission/test_mutation_hostile.py", "tests/admission/test_pod_validation.py")
_OWN_TESTS = {
    "webhook/admission/confirmation.py": ("tests/http/test_confirm.py",),
    **{f"webhook/admission/{name}.py": _POD_TESTS for name in ("applied_overhead", "mutation", "overhead_due", "pod_validation", "pods")},
}
"""Of modules whose tests are not named after them."""
_MAX_SECONDS = 300.0
_OPTIONS = (
    *("-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"),
    *("-m", "not e2e", "-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


def main(arguments: Sequence[str]) -> int:
    """Run them; 1 when one survives that nobody has looked at."""
    known = tomllib.loads(SURVIVORS.read_text())
    new = 0
    for module in _modules(arguments or MODULES):
        began = time.monotonic()
        mutants = list(mutants_of(module.read_text()))
        living = _surviving(module, mutants)
        reasons = known.get(str(module), {})
        unknown = [each for each in living if each.name not in reasons]
        new += len(unknown)
        sys.stdout.write(
            f"{module}: {len(mutants)} mutants, {len(mutants) - len(living)} killed, {len(living) - len(unknown)} known to survive, "
            f"{len(unknown)} new, in {time.monotonic() - began:.0f} s\n"
        )
        sys.stdout.write("".join(f"  {module}:{each.line}  {each.name}\n" for each in unknown))
        sys.stdout.flush()
    return 1 if new else 0


def _modules(named: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for name in named:
        modules = [Path(name)] if Path(name).is_file() else sorted(Path(name).rglob("*.py"))
        if not modules:
            raise SystemExit(f"{name}: no module is there; name a file or a folder, as webhook/admission/ratchet.py")
        found += [each for each in modules if each.name != "__init__.py"]
    return found


def _surviving(module: Path, mutants: Sequence[Mutant]) -> list[Mutant]:
    living = list(mutants)
    for tests in _tests_of(module):
        began = time.monotonic()
        if not _lives(module, None, tests, _MAX_SECONDS):
            raise SystemExit(f"{module}: {' '.join(tests)} do not pass as the code is; mend that first")
        longest = 10 + 10 * (time.monotonic() - began)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            alive = list(threads.map(lambda each: _lives(module, each.tree, tests, longest), living))  # noqa: B023 - it is used in this round alone
        living = [each for each, lives in zip(living, alive, strict=True) if lives]
    return living


def _tests_of(module: Path) -> list[tuple[str, ...]]:
    """The module's own tests, where there are some, and all beside them."""
    beside = Path("tests", *module.parts[1:-1])
    own = [each for each in _OWN_TESTS.get(str(module), (str(beside / f"test_{module.name}"),)) if Path(each).exists()]
    return ([tuple(own)] if own else []) + [(str(beside),)]


def _lives(module: Path, tree: ast.Module | None, tests: Sequence[str], longest: float) -> bool:
    """Whether all tests pass in a process in which the module is the mutant; one that takes too long is noticed too."""
    child = os.fork()
    if child == 0:
        _run(module, tree, tests)
    ends = time.monotonic() + longest
    while time.monotonic() < ends:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _run(module: Path, tree: ast.Module | None, tests: Sequence[str]) -> None:
    os.setpgid(0, 0)
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    if tree is not None:
        sys.meta_path.insert(0, _Finder(module, tree))
    code = 2
    try:
        code = int(pytest.main([*_OPTIONS, *tests]))
    finally:
        os._exit(code)


class _Finder(importlib.abc.MetaPathFinder):
    """Gives the mutant when its module is imported."""

    def __init__(self, module: Path, tree: ast.Module) -> None:
        self._name, self._path, self._tree = ".".join(module.with_suffix("").parts), module.resolve(), tree

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:  # noqa: ARG002 - as in importlib
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=_Loader(fullname, str(self._path), self._tree))


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, tree: ast.Module) -> None:
        super().__init__(fullname, path)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - as in importlib
        return compile(self._tree, self.path, "exec")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
