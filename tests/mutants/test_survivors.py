"""The list of survivors is about the code as it is."""

from pathlib import Path

from tests.mutants.operators import mutants_of
from tests.mutants.survivors import gone, listed


def test_each_listed_survivor_is_a_mutant_of_its_module_and_has_a_reason() -> None:
    for module, reasons in listed().items():
        assert list(gone(module, reasons, [each.name for each in mutants_of(Path(module).read_text())])) == []
        assert all(reason.strip() for reason in reasons.values())
