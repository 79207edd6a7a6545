"""One noun has no s, none and several have."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from han5k_review.texts.counts import choose_form, say_count

ROOT = Path(__file__).resolve().parents[2]
SHOWN = ("pages", "han5k_review/ui", "han5k_review/cli", "han5k_review/web")
NOUNS = (
    "accounts|cases|contours|drafts|edits|files|grades|images|jobs|models|names|pairs|patients|"
    "problems|readers|revisions|rows|runs|slices|structures|values|voxels"
)
AFTER_A_NUMBER = re.compile(rf"^ (?:[a-z]+ ){{0,2}}?(?:{NOUNS})\b")


@pytest.mark.parametrize(
    ("count", "nouns", "said"),
    [
        (0, ("case",), "0 cases"),
        (1, ("case",), "1 case"),
        (1204, ("locked structure",), "1,204 locked structures"),
        (1, ("edit is", "edits are"), "1 edit is"),
        (3, ("revision accepted", "revisions accepted"), "3 revisions accepted"),
    ],
)
def test_a_number_agrees_with_its_noun(count: int, nouns: tuple[str, ...], said: str) -> None:
    assert say_count(count, *nouns) == said
    assert choose_form(1, "is", "are") == "is"


def test_no_page_or_command_writes_a_plural_after_a_number_of_its_own() -> None:
    found = []
    for path in (path for room in SHOWN for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.JoinedStr):
                continue
            for part, after in zip(node.values, node.values[1:], strict=False):
                if not isinstance(part, ast.FormattedValue) or not isinstance(after, ast.Constant):
                    continue
                if AFTER_A_NUMBER.match(str(after.value)) and _may_be_one(part.value):
                    found.append(f"{path.name}:{part.lineno} {ast.unparse(part)}{after.value}")
    assert not found, "say_count (texts/counts.py) writes these:\n" + "\n".join(found)


def _may_be_one(value: ast.expr) -> bool:
    """A constant, in capitals, is what it is; `say_count` has said its own noun."""
    if isinstance(value, ast.Call):
        return not (isinstance(value.func, ast.Name) and value.func.id == "say_count")
    return not (isinstance(value, ast.Name) and value.id.lstrip("_").isupper())
