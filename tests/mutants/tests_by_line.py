"""Which tests run which lines of a module, and how long each test takes."""

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import coverage
import msgspec
import pytest


class TestsByLine(msgspec.Struct):
    """What one run of the tests has shown.

    Attributes:
        at_import: The lines of the module that run when it is imported.
        seconds: How long each test takes, by node id.
        lines: The lines of the module that each test runs, its fixtures included.
    """

    __test__ = False
    at_import: set[int]
    seconds: dict[str, float]
    lines: dict[str, set[int]]

    def run_at_import(self, lines: range) -> bool:
        """Whether a change of these lines can show in a test that does not run them; no lines are those outside of functions."""
        return not lines or not self.at_import.isdisjoint(lines)

    def running(self, lines: range) -> list[str]:
        """The tests that may notice a change of these lines, the fastest first; all tests where the lines run at import."""
        if self.run_at_import(lines):
            return sorted(self.seconds, key=lambda test: (not self.lines[test], self.seconds[test]))
        return sorted((test for test, its in self.lines.items() if not its.isdisjoint(lines)), key=self.seconds.__getitem__)


class Recorder:
    """A plugin of pytest that records a `TestsByLine`."""

    def __init__(self, module: Path) -> None:
        """Record what runs at import from now on, until the first test begins."""
        os.environ["COVERAGE_CORE"] = "ctrace"  # the core of Python 3.14 reports each line once, and not once for each test
        self._module = str(module.resolve())
        self._coverage = coverage.Coverage(data_file=None, config_file=False, include=[self._module])
        self._coverage.start()
        self._seconds: dict[str, float] = {}
        self._contexts: dict[str, set[str]] = {}
        self._test = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        began = time.monotonic()
        self._test = item.nodeid
        self._contexts[item.nodeid] = {item.nodeid, *(_context(name) for name in getattr(item, "fixturenames", ()))}
        self._coverage.switch_context(item.nodeid)
        yield
        self._seconds[item.nodeid] = time.monotonic() - began

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Iterator[None]:
        """What a shared fixture runs counts for each test that uses it, and not only for the first."""
        if fixturedef.scope != "function":
            self._coverage.switch_context(_context(fixturedef.argname))
        yield
        self._coverage.switch_context(self._test)

    def recorded(self) -> TestsByLine:
        """What was recorded; nothing more is."""
        self._coverage.stop()
        lines = defaultdict[str, set[int]](set)
        for line, contexts in self._coverage.get_data().contexts_by_lineno(self._module).items():
            for context in contexts:
                lines[context].add(line)
        return TestsByLine(
            lines[""], self._seconds, {test: set().union(*(lines[each] for each in its)) for test, its in self._contexts.items()}
        )


def _context(fixture: str) -> str:
    return f"fixture {fixture}"
