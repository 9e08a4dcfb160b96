"""The mutants of a module: each changes one thing that a test could notice, and is named by what it changes."""

import ast

import pytest

from tests.mutants.operators import mutants_of


def names(source: str) -> list[str]:
    return [each.name for each in mutants_of(source)]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("x = a < b", "module: a < b -> a <= b"),
        ("x = a is None", "module: a is None -> a is not None"),
        ("x = a in b", "module: a in b -> a not in b"),
        ("x = a and b", "module: a and b -> a or b"),
        ("x = a + b", "module: a + b -> a - b"),
        ("x = not a", "module: not a -> a"),
        ("x = 5", "module: 5 -> 6"),
        ("x = True", "module: True -> False"),
        ("x = 'a'", "module: 'a' -> ''"),
        ("x = min(a)", "module: min(a) -> max(a)"),
        ("x |= a", "module: x |= a -> x &= a"),
        ("x.y = a", "module: x.y = a -> pass"),
        ("f()", "module: f() -> pass"),
        ("def f():\n    return a", "f: return a -> return None"),
        ("class A:\n    def f(self):\n        raise B('text')", "A.f: raise B('text') -> pass"),
        ("def f(a=1):\n    pass", "f: 1 -> 2"),
        ("def f(*, a=1):\n    pass", "f: 1 -> 2"),
    ],
)
def test_a_change_is_named_by_where_it_is_and_what_it_makes(source: str, name: str) -> None:
    assert names(source) == [name]


@pytest.mark.parametrize(
    "source", ["'''A docstring.'''", "import a", "x: int", "x = f'{a} b'", "def f() -> 'A': ...", "x = a", "assert_ = b.c"]
)
def test_what_changes_no_meaning_is_left_alone(source: str) -> None:
    assert names(source) == []


def test_a_branch_is_negated() -> None:
    assert names("if a:\n    b = c") == ["module: if a: -> if not a:"]


def test_a_mutant_is_the_whole_module_with_one_change() -> None:
    source = "a = 1\nb = 2"
    assert [ast.unparse(each.tree) for each in mutants_of(source)] == ["a = 2\nb = 2", "a = 1\nb = 3"]


def test_two_mutants_that_read_alike_are_numbered() -> None:
    assert names("x = 1\ny = 1") == ["module: 1 -> 2", "module: 1 -> 2 (2)"]


def test_of_a_line_of_the_log_the_line_is_left_out_and_its_words_are_not_changed() -> None:
    assert names("log.info('text', a=1)") == ["module: log.info('text', a=1) -> pass"]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def f():\n    x = g(\n        1,\n    )", range(2, 5)),
        ("def f():\n    if (\n        a == b\n    ):\n        c()", range(2, 5)),
        ("def f():\n    try:\n        pass\n    except a(1):\n        pass", range(4, 5)),
        ("def f():\n    for x in a(1):\n        pass\n    else:\n        pass", range(2, 3)),
        ("def f():\n    match x:\n        case y if a == b:\n            pass", range(3, 4)),
        ("def f(a=1):\n    pass", range(0)),
        ("x = 1", range(0)),
        ("class A:\n    x = 1", range(0)),
        ("def f():\n    class A:\n        x = 1", range(0)),
    ],
)
def test_the_lines_are_those_of_the_statement_and_none_for_what_runs_at_import(source: str, lines: range) -> None:
    assert next(mutants_of(source)).lines == lines
