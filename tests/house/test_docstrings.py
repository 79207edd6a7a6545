"""Public functions say what a caller must know: arrays with shape, axes and unit, and errors."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "han5k_review"
ERRORS = {
    node.name
    for node in ast.parse((PACKAGE / "errors.py").read_text()).body
    if isinstance(node, ast.ClassDef)
}
# `(i, j, k)`, `(3,)`, `(cases, readers)`: the names of the axes are the shape.
SHAPE = re.compile(r"\([\w .+*/-]+,[\w .,+*/-]*\)|\bshape\b")
UNIT = re.compile(
    r"\b(mm|cc|HU|Gy|voxels?|pixels?|points|indices|index|shares?|counts?|bits?|labels?|logits|masks?|"
    r"True|weights?|grades?|ratings?|levels|unit)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """A public function or method: where it stands, its node, its docstring."""

    place: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    doc: str
    arrays: re.Pattern[str]

    @property
    def has_arrays(self) -> bool:
        """True when an array goes in or comes out."""
        given = self.node.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        notes = [a.annotation for a in every] + [self.node.returns]
        return any(n is not None and self.arrays.search(ast.unparse(n)) for n in notes)


def list_public() -> Iterator[Public]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        module = ast.parse(path.read_text())
        aliases = [
            node.targets[0].id
            for node in module.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and "NDArray" in ast.unparse(node.value)
        ]
        arrays = re.compile(rf"\b({'|'.join(['NDArray', 'Tensor', *aliases])})\b")
        classes = [n for n in module.body if isinstance(n, ast.ClassDef) and n.name[0] != "_"]
        for node in [*module.body, *(inner for each in classes for inner in each.body)]:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
                yield Public(
                    place=f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}",
                    node=node,
                    doc=ast.get_docstring(node) or "",
                    arrays=arrays,
                )


def test_arrays_are_described_by_shape_axes_and_unit() -> None:
    found = [one for one in list_public() if one.has_arrays]
    assert len(found) > 80
    silent = [one.place for one in found if not (SHAPE.search(one.doc) and UNIT.search(one.doc))]
    assert not silent, "\n".join(silent)


def list_raised(node: ast.AST) -> Iterator[str]:
    """Our errors that a function raises itself; functions inside it speak for themselves."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.Raise) and isinstance(inner.exc, ast.Call):
            name = ast.unparse(inner.exc.func)
            if name in ERRORS:
                yield name
        if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from list_raised(inner)


def is_command(one: Public) -> bool:
    """Its docstring is the help of a command, which says any error and ends with exit code 2."""
    return one.place.startswith("cli/") and "Option" in ast.unparse(one.node.args)


def test_errors_are_named_where_they_are_raised() -> None:
    silent = [
        f"{one.place}: {name}"
        for one in list_public()
        if not is_command(one)
        for name in list_raised(one.node)
        if name not in one.doc
    ]
    assert not silent, "\n".join(silent)
