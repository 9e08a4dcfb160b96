"""`python -m tests.mutants [MODULE...]`: every mutant of these modules against the tests that run its line.

It ends with 1 when a mutant survives that is not listed in `survivors.toml`, and when one is listed that does not survive.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutants import survivors
from tests.mutants.operators import mutants_of
from tests.mutants.processes import Outcome
from tests.mutants.running import MutationRun

MODULES = (
    *("webhook/admission", "webhook/rules", "webhook/vmi", "webhook/plugins", "webhook/kube"),
    *("webhook/tls", "webhook/cluster/leases.py", "webhook/runtime/certificate/controller.py"),
)
_POD_TESTS = ("tests/admission/test_mutation.py", "tests/admission/test_mutation_hostile.py", "tests/admission/test_pod_validation.py")
_TESTS = {
    "webhook/admission/confirmation.py": ("tests/http/test_confirm.py",),
    "webhook/http/fast_path.py": ("tests/http/test_fast_path.py", "tests/http/test_evaluations.py", "tests/http/test_connections.py"),
    "webhook/runtime/certificate/controller.py": ("tests/runtime/certificate",),
    "webhook/tls/managed.py": ("tests/tls/test_managed.py", "tests/runtime/certificate"),
    "webhook/tls/provider.py": ("tests/tls",),
    **{f"webhook/admission/{name}.py": _POD_TESTS for name in ("resource_amounts", "mutation", "overhead_due", "pod_validation", "pods")},
    "webhook/admission/review.py": ("tests/admission/test_review.py", "tests/admission/test_validation.py"),
    "webhook/admission/validation.py": ("tests/admission/test_validation.py", "tests/admission/test_ratchet.py"),
    "webhook/vmi/objects.py": ("tests/vmi/test_objects.py", "tests/admission/test_evaluation.py"),
}
"""Of modules that have more or other tests than the file that is named after them."""


def main(arguments: Sequence[str]) -> int:
    """Run them; 1 when one survives that nobody has looked at."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES, help="files and directories; without, all that are meant to be run")
    parser.add_argument("--tests", nargs="+", help="files and directories of tests, in place of the module's own")
    parser.add_argument("--survivors", type=Path, default=survivors.SURVIVORS, help="the list of mutants that are known to survive")
    parser.add_argument("--seconds", type=float, default=2, help="how long a test may take, besides ten times its usual time")
    given = parser.parse_args(arguments)
    reasons = survivors.listed(given.survivors)
    results = [
        _run(module, MutationRun(module, given.tests or _tests_of(module), given.seconds), reasons.get(str(module), {}))
        for module in _modules(given.modules)
    ]
    return 0 if all(results) else 1


def _modules(named: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for name in named:
        modules = [Path(name)] if Path(name).is_file() else sorted(Path(name).rglob("*.py"))
        if not modules:
            raise SystemExit(f"{name}: no module is there; name a file or a folder, as webhook/admission/ratchet.py")
        found += [each for each in modules if each.name != "__init__.py"]
    return found


def _tests_of(module: Path) -> tuple[str, ...]:
    beside = Path("tests", *module.parts[1:-1])
    own = beside / f"test_{module.name}"
    return _TESTS.get(str(module), (str(own if own.exists() else beside),))


def _run(module: Path, run: MutationRun, reasons: dict[str, str]) -> bool:
    """Print how many of its mutants are killed, and which are not; whether all is as listed."""
    began = time.monotonic()
    mutants = list(mutants_of(module.read_text()))
    outcomes = run.outcomes(mutants)
    by_outcome = {outcome: [each for each in mutants if outcomes[each.name] is outcome] for outcome in Outcome}
    new = [each for each in by_outcome[Outcome.PASSED] if each.name not in reasons]
    wrong = list(survivors.gone(str(module), reasons, outcomes))
    killed = by_outcome[Outcome.FAILED]
    wrong += [f"{module}: a test kills `{each.name}`: remove it from the list of survivors" for each in killed if each.name in reasons]
    sys.stdout.write(
        f"{module}: {len(mutants)} mutants: {len(killed)} killed, {len(by_outcome[Outcome.TIMED_OUT])} timed out twice, "
        f"{len(by_outcome[Outcome.PASSED]) - len(new)} survive as listed, {len(new)} survive, in {time.monotonic() - began:.0f} s\n"
    )
    sys.stdout.write("".join(f"  {module}:{each.line}  timed out  {each.name}\n" for each in by_outcome[Outcome.TIMED_OUT]))
    sys.stdout.write("".join(f"  {module}:{each.line}  survives  {each.name}\n" for each in new))
    sys.stdout.write("".join(f"  {each}\n" for each in wrong))
    sys.stdout.flush()
    return not new and not wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
