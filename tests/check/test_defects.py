"""A defect of Bindguard itself: reported with its place, and no reason to check nothing else."""

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from tests.check.builders import vm, write
from webhook.check.evaluation import Evaluator, FilesResult
from webhook.check.settings_layers import Flags, settings_from
from webhook.check.workers import evaluate_all
from webhook.errors import BindguardError
from webhook.loading.sources import Source
from webhook.plugins.plugin import Plugin
from webhook.plugins.registry import unknown_registry
from webhook.rules import RULES
from webhook.rules.plan import plan


class Broken(Mapping[str, Plugin]):
    """Plugins that fail whoever looks one up, as a defect of a rule would."""

    def __getitem__(self, name: str) -> Plugin:
        raise ZeroDivisionError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


BROKEN = Evaluator(plan(RULES, msgspec.structs.replace(unknown_registry(), known=True, plugins=Broken()), {}, upstream_answers=False), ())


def evaluated(directory: Path, *, files: int, jobs: int) -> FilesResult:
    names = [f"{number:02}.yaml" for number in range(files)]
    write(directory, {name: vm().replace("binding:\n                name: l2bridge", "masquerade: {}") for name in names})
    write(directory, {names[1]: "# a comment\n---\n" + vm("slip")})
    return evaluate_all(BROKEN, [Source(name, str(directory / name)) for name in names], jobs, lambda *_: None)


@pytest.mark.parametrize(("files", "jobs"), [(2, 1), (40, 2), (40, 3)])
def test_an_exception_of_a_rule_names_file_object_and_rule_and_the_run_goes_on(files: int, jobs: int, tmp_path: Path) -> None:
    done = evaluated(tmp_path, files=files, jobs=jobs)
    (error,) = done.unreadable
    assert (error.file, error.line) == ("01.yaml", 3)
    assert error.message.startswith("internal error in rule unregistered-plugin: ZeroDivisionError: slip (test_defects.py:")
    assert error.message.endswith("); VirtualMachine shop/web was not checked; please report this with the object")
    assert (done.files, done.checked) == (files, files - 1)


def test_a_worker_that_fails_reports_its_traceback(tmp_path: Path) -> None:
    names = [f"{number:02}" for number in range(40)]
    sources = [Source(name, str(tmp_path / name)) for name in names[:-1]]
    with pytest.raises(BindguardError, match=r"internal error in a worker process; please report it:\nTraceback(.*\n)+.*TypeError"):
        evaluate_all(BROKEN, [*sources, Source("no path", 3.5)], 2, lambda *_: None)  # type: ignore[arg-type]  # a defect


def test_signals_are_handled_as_before_when_the_workers_are_done(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        evaluated(tmp_path, files=40, jobs=2)
        assert signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_where_the_system_does_not_say_which_processors_may_be_used_all_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)  # macOS
    assert settings_from(Flags(), directory=tmp_path).jobs == os.cpu_count()
