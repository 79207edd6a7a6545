"""The house's own rules, checked on every file: sizes, shapes, words that must not appear."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOM_LIMIT = 300
BESIDE = ("tests", "rigs", "benchmarks")  # Python that the product knows nothing of
PAGE_LIMIT = 120
JS_LIMIT = 250
JS_COLUMNS = 110
FUNCTION_LIMIT = 40
PARAMETER_LIMIT = 6

# A file that may be longer, and why.
EXCEPTIONS = {
    "han5k_review/store/migrations/versions/0001_first_tables.py": "a frozen list of columns",
}
MIGRATIONS = "han5k_review/store/migrations/"  # frozen lists of columns
# Compiled loops over arrays: numba takes no objects, and each array is one parameter.
WIDE = (
    "quantiles.py:_select",
    "row_search.py:_try_row",
    "row_search.py:_search_blocks",
    "row_search.py:_search_near",
    "row_search.py:measure_distances",
)
FORBIDDEN_STEMS = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / line for line in listing.splitlines() if (ROOT / line).is_file()]


def limit_of(path: Path) -> int:
    if path.suffix == ".js":
        return JS_LIMIT
    return PAGE_LIMIT if path.parent.name == "pages" else ROOM_LIMIT


@pytest.mark.parametrize(
    "path", tracked("han5k_review/*.py", "pages/*.py", "app.py", "han5k_review/*.js"), ids=str
)
def test_a_room_stays_small(path: Path) -> None:
    if path.relative_to(ROOT).as_posix() in EXCEPTIONS:
        return
    lines = len(path.read_text().splitlines())
    assert lines <= limit_of(path), f"{lines} lines: split {path.name} by noun"


def test_tests_and_benchmarks_stay_small_too() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in tracked(*(f"{top}/*.py" for top in BESIDE))
        if (lines := len(path.read_text().splitlines())) > ROOM_LIMIT
    }
    assert not long, "split them by noun"


def test_tests_and_benchmarks_share_rigs_and_do_not_import_each_other() -> None:
    others = {"tests": "benchmarks", "benchmarks": "tests", "rigs": "tests|benchmarks"}
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for top, other in others.items()
        for path in tracked(f"{top}/*.py")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.match(rf"\s*(from|import) ({other})\b", line)
    ]
    assert not found


def test_types_are_checked_in_every_file_of_javascript() -> None:
    paths = tracked("han5k_review/*.js")
    assert len(paths) > 100
    unchecked = [path.name for path in paths if not path.read_text().startswith("// @ts-check\n")]
    assert not unchecked


def test_lines_of_javascript_stay_short_where_no_sentence_is_longer() -> None:
    long = [
        f"{path.name}:{number}"
        for path in tracked("han5k_review/*.js")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > JS_COLUMNS and not re.search("[\"'`]", line)
    ]
    assert not long, "\n".join(long)


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[Path, Function]]:
    for path in tracked("han5k_review/*.py", "pages/*.py"):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(MIGRATIONS):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                yield path, node


def own_lines(node: Function) -> int:
    """Lines after the docstring; those of a function inside are its own."""
    has_docstring = ast.get_docstring(node) is not None
    first = (node.body[0].end_lineno or node.lineno) if has_docstring else node.lineno
    lines = set(range(first + 1, (node.end_lineno or first) + 1))
    for inner in ast.walk(node):
        if isinstance(inner, Function) and inner is not node:
            start = min([inner.lineno, *(each.lineno for each in inner.decorator_list)])
            lines -= set(range(start, (inner.end_lineno or start) + 1))
    return len(lines)


def needed_parameters(node: Function) -> list[str]:
    """What every caller must say; not what a service works on first: a session, label files."""
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    needed = positional[: len(positional) - len(given.defaults)]
    needed += [a for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d is None]
    return [a.arg for a in needed if a.arg not in ("self", "cls", "session", "labels")]


def test_functions_stay_short() -> None:
    long = [
        f"{path.name}:{node.lineno} {node.name} has {lines} lines"
        for path, node in functions()
        if (lines := own_lines(node)) > FUNCTION_LIMIT
    ]
    assert not long, "\n".join(long)


def test_functions_ask_for_few_things() -> None:
    wide = {
        f"{path.name}:{node.name}": len(needed_parameters(node))
        for path, node in functions()
        if len(needed_parameters(node)) > PARAMETER_LIMIT
    }
    assert set(wide) == set(WIDE), wide


def test_no_module_is_called_after_nothing() -> None:
    named = [p for p in tracked("han5k_review/*.py", "tests/*.py") if p.stem in FORBIDDEN_STEMS]
    assert not named


def test_no_broad_except_and_no_assert_on_input() -> None:
    found = []
    for path in tracked("han5k_review/*.py", "pages/*.py", "app.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assert):
                found.append(f"{path.name}:{node.lineno} assert")
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None
                or (isinstance(node.type, ast.Name) and node.type.id == "BaseException")
            ):
                found.append(f"{path.name}:{node.lineno} broad except")
    assert not found, "\n".join(found)


def test_the_id_of_a_row_is_asked_for_by_its_name() -> None:
    guess = re.compile(r"\.id[ ]or 0\b")
    found = [
        f"{path.name}:{number}"
        for path in tracked(
            "han5k_review/*.py", "pages/*.py", "tests/*.py", "rigs/*.py", "benchmarks/*.py"
        )
        if "retraining" not in path.parts[:-1] or "tests" in path.parts
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if guess.search(line)
    ]
    assert not found, f"store.identity.stored_id refuses a row without an id: {', '.join(found)}"


def test_nothing_heavy_and_nobodys_voxels_are_tracked() -> None:
    kinds = re.compile(r"\.(nii|nii\.gz|dcm|mha|nrrd|pth|pt|onnx|ckpt|whl|sqlite3)$")
    shipped = ROOT / "data" / "demo_model" / "model" / "fold_0" / "checkpoint_final.pth"
    heavy = [p for p in tracked() if p.stat().st_size > 1_000_000 or kinds.search(p.name)]
    assert set(heavy) <= {shipped}, "the demo's own model alone; its card says from what it learned"
    assert shipped.stat().st_size <= 2_000_000


def test_the_catalogue_of_exceptions_is_true() -> None:
    for name in EXCEPTIONS:
        assert (ROOT / name).is_file(), f"{name} is gone: take it out of EXCEPTIONS"


def test_the_pins_end_with_the_project_itself() -> None:
    lines = (ROOT / "requirements.txt").read_text().split("\n")
    assert [line for line in lines if line.strip()][-1] == "-e ."


def test_readme_is_short_and_says_what_this_is_not() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 120
    assert "Research use only" in text
    assert "not a medical device" in text.lower()
