"""The mutants of a module: one small change of meaning each, in its syntax tree."""

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
        line: The line of the change.
        lines: The lines of the statement with the change; of a block, of its head. Empty for what runs when the module is imported.
        tree: The whole module with the change.
    """

    name: str
    line: int
    lines: range
    tree: ast.Module


class _Place(NamedTuple):
    """A node that can be changed, and where it is."""

    function: str
    lines: range
    node: ast.expr | ast.stmt


def mutants_of(source: str) -> Iterator[Mutant]:
    """Every mutant of a module's source; two that read alike are numbered."""
    tree = ast.parse(source)
    seen: dict[str, int] = {}
    for number, (function, lines, node) in enumerate(_places(tree)):
        for variant in range(len(_changes(node))):
            changed = copy.deepcopy(tree)
            target = _places(changed)[number].node
            before = _line(target)
            _apply(target, variant)
            name = f"{function}: {before} -> {_line(target)}"
            seen[name] = seen.get(name, 0) + 1
            yield Mutant(name if seen[name] == 1 else f"{name} ({seen[name]})", node.lineno, lines, ast.fix_missing_locations(changed))


class _Visitor(ast.NodeVisitor):
    """Collects the nodes that can be changed; docstrings, types, messages and imports are not."""

    def __init__(self) -> None:
        self.found: list[_Place] = []
        self._names: list[str] = []
        self._in_function = False
        self._lines = range(0)

    def _collect(self, node: ast.expr | ast.stmt) -> None:
        self.found.append(_Place(".".join(self._names) or "module", self._lines if self._in_function else range(0), node))

    def visit(self, node: ast.AST) -> None:
        outer = self._lines
        self._lines = _head(node) or outer
        super().visit(node)
        self._lines = outer

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.expr | ast.stmt):
            self._collect(node)
        super().generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_body(node, in_function=False)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._names.append(node.name)
        for each in (*node.args.defaults, *node.args.kw_defaults):
            if each is not None:
                self.visit(each)
        self._names.pop()
        self._visit_body(node, in_function=True)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - ast looks for this name

    def _visit_body(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, *, in_function: bool) -> None:
        outer = self._in_function
        self._in_function = in_function
        self._names.append(node.name)
        for each in node.body:
            self.visit(each)
        self._names.pop()
        self._in_function = outer

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if _is_log(node.value):
            self._collect(node)
        elif not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._collect(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A text for people."""

    def visit_Import(self, node: ast.Import) -> None:
        """Nothing to change."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Nothing to change."""


def _head(node: ast.AST) -> range:
    """The lines of a statement, of a block those before its body; empty for what is no statement."""
    if not isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
        return range(0)
    first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
    body = getattr(node, "body", None)
    last = body[0].lineno - 1 if body else getattr(node, "end_lineno", first)
    return range(first, max(first, last) + 1)


def _is_log(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "log"


def _places(tree: ast.Module) -> list[_Place]:
    visitor = _Visitor()
    visitor.visit(tree)
    return [each for each in visitor.found if _changes(each.node)]


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
