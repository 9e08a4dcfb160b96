"""The mutants of a module: one small change of meaning each, in its syntax tree. Runs nothing."""

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot,
    ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """One change.

    Attributes:
        name: Where and what, without a line number: it names a survivor for as long as the line is as it was.
        line: The line, for people.
        tree: The whole module with the change.
    """

    name: str
    line: int
    tree: ast.Module


def mutants_of(source: str) -> Iterator[Mutant]:
    """Every mutant of a module's source; two that read alike are numbered."""
    tree = ast.parse(source)
    seen: dict[str, int] = {}
    for place, (function, node) in enumerate(_nodes(tree)):
        for variant in range(len(_changes(node))):
            changed = copy.deepcopy(tree)
            _, target = list(_nodes(changed))[place]
            before = _line(target)
            _apply(target, variant)
            name = f"{function}: {before} -> {_line(target)}"
            seen[name] = seen.get(name, 0) + 1
            yield Mutant(name if seen[name] == 1 else f"{name} ({seen[name]})", node.lineno, ast.fix_missing_locations(changed))


class _Visitor(ast.NodeVisitor):
    """Collects what can be changed, with the function that it is in; docstrings, types, messages and imports are left alone."""

    def __init__(self) -> None:
        self.found: list[tuple[str, ast.expr | ast.stmt]] = []
        self._in: list[str] = []

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.expr | ast.stmt):
            self.found.append((".".join(self._in) or "module", node))
        super().generic_visit(node)

    def _visit_named(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self._in.append(node.name)
        for each in (*getattr(getattr(node, "args", None), "defaults", ()), *node.body):
            self.visit(each)
        self._in.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _visit_named  # noqa: N815 - ast looks for these names

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if _is_log(node.value):
            self.found.append((".".join(self._in) or "module", node))
        elif not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self.found.append((".".join(self._in) or "module", node))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A text for people."""

    def visit_Import(self, node: ast.Import) -> None:
        """Nothing to change."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Nothing to change."""


def _is_log(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "log"


def _nodes(tree: ast.Module) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    visitor = _Visitor()
    visitor.visit(tree)
    return iter([(function, node) for function, node in visitor.found if _changes(node)])


def _changes(node: ast.expr | ast.stmt) -> list[str]:  # noqa: C901, PLR0911 - one case for each kind of change
    """What can be done to a node, by name."""
    match node:
        case ast.Compare(ops=ops):
            return [str(place) for place, each in enumerate(ops) if type(each) in _SWAPS]
        case ast.BoolOp() | ast.BinOp() | ast.AugAssign():
            return ["swap"] if type(node.op) in _SWAPS else []
        case ast.UnaryOp(op=ast.Not()):
            return ["drop"]
        case ast.Constant(value=bool() | int() | float()):
            return ["other"]
        case ast.Constant(value=str() | bytes() as value):
            return ["empty"] if value else ["full"]
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            return ["swap"]
        case ast.If() | ast.IfExp() | ast.While():
            return [] if isinstance(node.test, ast.Compare | ast.Constant | ast.UnaryOp) else ["negate"]
        case ast.Return(value=ast.expr()):
            return [] if isinstance(node.value, ast.Constant) else ["none"]
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise():
            return ["pass"]
        case ast.Assign(targets=[ast.Attribute(), *_]):
            return ["pass"]
    return []


def _apply(node: ast.expr | ast.stmt, variant: int) -> None:  # noqa: C901 - one case for each kind of change
    match node:
        case ast.Compare():
            place = int(_changes(node)[variant])
            node.ops[place] = _SWAPS[type(node.ops[place])]()  # type: ignore[call-overload] # a comparison's swap is a comparison
        case ast.BoolOp() | ast.BinOp() | ast.AugAssign():
            node.op = _SWAPS[type(node.op)]()  # type: ignore[assignment] # likewise
        case ast.UnaryOp():
            _become(node, node.operand)
        case ast.Constant(value=bool() as value):
            node.value = not value
        case ast.Constant(value=int() | float() as value):
            node.value = value + 1
        case ast.Constant(value=str() as value):
            node.value = "" if value else "mutant"
        case ast.Constant():
            node.value = b"" if node.value else b"mutant"
        case ast.Call(func=ast.Name() as function):
            function.id = _CALLS[function.id]
        case ast.If() | ast.IfExp() | ast.While():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.Return():
            node.value = ast.Constant(None)
        case _:
            _become(node, ast.Pass())


def _become(node: ast.AST, other: ast.AST) -> None:
    """Have a node be another one in place."""
    node.__class__ = other.__class__  # nodes of the same kind of place
    place = {name: getattr(node, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    node.__dict__.clear()
    node.__dict__.update(other.__dict__ | place)


def _line(node: ast.AST) -> str:
    """The node as source, on one line; of a block its head."""
    return " ".join(ast.unparse(node).splitlines()[0].split())[:110]
