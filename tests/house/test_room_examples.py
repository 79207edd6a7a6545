"""Each room opens with one worked example, and the example calls what is there."""

from __future__ import annotations

import ast
import builtins
import textwrap
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "han5k_review"
# Places of one page each, and old addresses that wait for jobs of before.
WITHOUT = {"ui/cases", "ui/cohort", "ui/results", "ui/retraining", "ui/revisions", "ui/rows"}
WITHOUT |= {"ui/release", "ui/protocol", "ui/downloads"}
WITHOUT |= {"retraining/inference", "retraining/trainers", "store/migrations"}
WITHOUT |= {"retraining/network/predicting", "retraining/network/training"}
ROOMS = sorted(
    room
    for path in PACKAGE.rglob("__init__.py")
    if (room := path.parent.relative_to(PACKAGE).as_posix()) not in {".", *WITHOUT}
)
OUTSIDE = {"Path", "Starlette"}
RUN = "    python -m "  # what a room that nobody imports is started with


@cache
def names_of_the_house() -> frozenset[str]:
    """Every public function and class of the package."""
    return frozenset(
        node.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    )


def read_example(room: str) -> ast.Module:
    """The indented lines of the room's docstring; SyntaxError when they are no Python."""
    doc = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text())) or ""
    lines = [
        f"    import {line.removeprefix(RUN).split()[0]}" if line.startswith(RUN) else line
        for line in doc.splitlines()
        if line.startswith("    ") or not line
    ]
    return ast.parse(textwrap.dedent("\n".join(lines)))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_opens_with_an_example_whose_names_are_there(room: str) -> None:
    example = read_example(room)
    assert example.body, "one worked example was expected in the docstring of __init__.py"
    known = names_of_the_house() | OUTSIDE | set(dir(builtins))
    called = {
        node.func.id
        for node in ast.walk(example)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called - known == set()
    for node in ast.walk(example):
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        else:
            modules = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        for module in modules:
            assert (PACKAGE.parent / f"{module.replace('.', '/')}.py").is_file(), module
