"""Mutants in, outcomes out: which of them the tests kill.

The tests are collected once. Then a process is forked for each mutant, which gives the functions of the module the mutant's code and runs
the tests that run the changed line. What survives that, or changes what runs at import, gets a process in which the mutant is imported in
place of the module. No file is changed.
"""

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType

import cryptography.x509
import httpx
import hypothesis
import msgspec
import pytest
import structlog

from tests.mutants.operators import Mutant
from tests.mutants.processes import Job, Outcome, be_quiet, limit, outcomes_of
from tests.mutants.tests_by_line import Recorder, TestsByLine

_IMPORTED_ONCE = (cryptography.x509, httpx, hypothesis, msgspec, structlog)
"""They are not ours, and every process needs them."""
_OPTIONS = (
    *("-q", "--capture=no", "--rootdir=.", "-m", "not e2e", "-W", "ignore::pytest.PytestAssertRewriteWarning"),
    *(f"-pno:{plugin}" for plugin in ("cacheprovider", "randomly", "xdist", "pytest_cov")),
)
_SECONDS_TO_COLLECT = 60.0


class _Report(msgspec.Struct):
    """What the process says that has collected the tests."""

    tests: TestsByLine
    outcomes: dict[str, Outcome]


class MutationRun:
    """The mutants of one module against its tests."""

    def __init__(self, module: Path, tests: Sequence[str], seconds: float = 2) -> None:
        """Run nothing yet.

        Args:
            module: The module's file, relative to the working directory.
            tests: Files and directories of tests.
            seconds: How long a test may take, besides ten times its usual time; three times that when it is tried again.
        """
        self._module = module
        self._tests = tests
        self._seconds = seconds

    def outcomes(self, mutants: Sequence[Mutant]) -> dict[str, Outcome]:
        """What the tests say about each mutant, by its name.

        Raises:
            SystemExit: The tests do not pass without a mutant.
        """
        with tempfile.TemporaryDirectory(prefix="bindguard-mutants-") as directory:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = directory
            report = self._collected_once(mutants, Path(directory, "report.json"))
            alive = [each for each in mutants if report.outcomes.get(each.name, Outcome.PASSED) is Outcome.PASSED]
            jobs = [Job(each.name, self._importing(each, report.tests)) for each in alive if report.tests.running(each.lines)]
            return {each.name: Outcome.PASSED for each in mutants} | report.outcomes | outcomes_of(jobs)

    def _collected_once(self, mutants: Sequence[Mutant], path: Path) -> _Report:
        process = os.fork()
        if process == 0:
            try:
                be_quiet()
                recorder = Recorder(self._module)
                pytest.main([*_OPTIONS, *self._tests], plugins=[_Loop(lambda items: self._exchange_all(mutants, items, recorder, path))])
            finally:
                os._exit(0)
        os.waitpid(process, 0)
        if not path.exists():
            raise SystemExit(f"{self._module}: {' '.join(self._tests)} do not pass as the code is; mend that first")
        return msgspec.json.decode(path.read_bytes(), type=_Report)

    def _exchange_all(self, mutants: Sequence[Mutant], items: Sequence[pytest.Item], recorder: Recorder, path: Path) -> None:
        recorded = path.with_name("recorded.json")
        if outcomes_of([Job("", lambda _: _record(items, recorder, recorded))])[""] is not Outcome.PASSED:
            return
        recorder.recorded()
        tests = msgspec.json.decode(recorded.read_bytes(), type=TestsByLine)
        functions = _Functions(self._module)

        def exchanging(mutant: Mutant) -> Callable[[float], int]:
            return lambda patience: self._run(items, tests, mutant, patience) if functions.exchange(mutant) else 0

        jobs = [Job(each.name, exchanging(each)) for each in mutants if not tests.run_at_import(each.lines) and tests.running(each.lines)]
        path.write_bytes(msgspec.json.encode(_Report(tests, outcomes_of(jobs))))

    def _importing(self, mutant: Mutant, tests: TestsByLine) -> Callable[[float], int]:
        def act(patience: float) -> int:
            files = sorted({test.partition("::")[0] for test in tests.running(mutant.lines)})
            sys.meta_path.insert(0, _Finder(self._module, mutant))
            limit(_SECONDS_TO_COLLECT * patience)
            return int(pytest.main([*_OPTIONS, *files], plugins=[_Loop(lambda items: self._run(items, tests, mutant, patience))]))

        return act

    def _run(self, items: Sequence[pytest.Item], tests: TestsByLine, mutant: Mutant, patience: float) -> int:
        place = {test: number for number, test in enumerate(tests.running(mutant.lines))}
        chosen = sorted((each for each in items if each.nodeid in place), key=lambda each: place[each.nodeid])
        return _run(chosen, lambda item: patience * (self._seconds + 10 * tests.seconds[item.nodeid]))


class _Loop:
    """A plugin of pytest that hands over the collected tests in place of running them."""

    def __init__(self, act: Callable[[Sequence[pytest.Item]], object]) -> None:
        self._act = act

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("a test file cannot be imported")
        self._act(session.items)
        return True


def _record(items: Sequence[pytest.Item], recorder: Recorder, path: Path) -> int:
    items[0].config.pluginmanager.register(recorder)
    code = _run(items)
    path.write_bytes(msgspec.json.encode(recorder.recorded()))
    return code


def _run(items: Sequence[pytest.Item], seconds: Callable[[pytest.Item], float] = lambda _: 0) -> int:
    """Run the tests up to the first that fails; 0 when none does."""
    for item, following in zip(items, (*items[1:], None), strict=True):
        limit(seconds(item))
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            return 1
    return 0


class _Functions:
    """The functions of a module as it was imported."""

    def __init__(self, module: Path) -> None:
        self._path = str(module.resolve())
        self._found = [each for each in gc.get_objects() if type(each) is FunctionType and each.__code__.co_filename == self._path]

    def exchange(self, mutant: Mutant) -> bool:
        """Give them the mutant's code; whether that can be done."""
        codes = defaultdict[tuple[str, int], list[CodeType]](list)
        for code in _codes(compile(mutant.tree, self._path, "exec")):
            codes[_place(code)].append(code)
        try:
            for each in self._found:
                match codes[_place(each.__code__)]:
                    case [code]:  # of two lambdas on one line none is known to be the right one
                        each.__code__ = code
        except ValueError:  # the mutant uses other variables of the function around it
            return False
        return True


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


class _Finder(importlib.abc.MetaPathFinder):
    """Gives the mutant when its module is imported."""

    def __init__(self, module: Path, mutant: Mutant) -> None:
        self._name, self._path, self._mutant = ".".join(module.with_suffix("").parts), str(module.resolve()), mutant

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:  # noqa: ARG002 - as in importlib
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=_Loader(fullname, self._path, self._mutant))


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - as in importlib
        return compile(self._mutant.tree, self.path, "exec")
