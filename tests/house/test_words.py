"""One word for one thing, and no word that a newcomer has to guess: kept by a list."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

from tests.house.test_house_rules import ROOT, tracked

# What must not be written -> what to write.
WORDS = {
    r"\bquarr(y|ies)\b|\bmischief\b|\bin lock\b|\bfurnish\w*\b|\bleftovers?\b": "a plain word",
    r"\b(models?|networks?|nnU-Net|parents?|candidates?)( that)? (draws?|drew|has drawn)\b"
    r"|\bdr(ew|awn) by (a|the|its|their|one of its) (model|network|parent|candidate)s?\b"
    r"|\bmodel('s)?( own)? drawings?\b": "a model predicts, a person draws",
    r"\bparent[_ ](label|version|mask|contour|structure|revision)": "reviewed or started from",
}
PLACES = ("han5k_review/*.py", "han5k_review/*.js", "pages/*.py", "docs/*.md", "data/*.md", "*.md")
FROZEN = ("migrations/versions/",)  # they hold the words of their day
# Rooms in which a parent is a model (or a folder, a process, an element of the page).
LINEAGE = re.compile(
    r"^(retraining|ui/retraining|exports/release|store|cli)/|^texts/paths|^workforce"
)
NOT_A_PARENT = re.compile(r"\.parents?\b|parents=|parentElement")
OPAQUE = {
    "again",
    "claims",
    "needs",
    "leftovers",
    "context",
    "standing",
    "records",
    "kept",
    "aside",
}
OPAQUE |= {"who", "mending", "furnishing", "last_resort", "patience", "things", "stuff"}
# Names of the issue that stood for several things each; now once, or not at all.
ONCE = {"LabelRef", "Snapshot", "Outcome", "Place", "Canvas"}


def lines_of(*patterns: str) -> list[tuple[str, str]]:
    """("path:line", text) of everything that is written there."""
    return [
        (f"{path.relative_to(ROOT)}:{number}", line)
        for path in tracked(*patterns)
        if not any(frozen in path.as_posix() for frozen in FROZEN)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
    ]


def test_words_with_a_plainer_one_are_not_written() -> None:
    found = [
        f"{place}: {match[0]!r}; write {better}"
        for place, line in lines_of(*PLACES)
        for pattern, better in WORDS.items()
        if (match := re.search(pattern, line, re.IGNORECASE))
    ]
    assert not found, "\n".join(found)


def test_only_models_have_parents() -> None:
    found = [
        place
        for place, line in lines_of("han5k_review/*.py", "han5k_review/*.js")
        if re.search(r"\bparents?\b", NOT_A_PARENT.sub("", line), re.IGNORECASE)
        and not LINEAGE.match(place.removeprefix("han5k_review/"))
    ]
    assert not found, "\n".join(found)


def test_no_file_has_an_opaque_name() -> None:
    patterns = ("han5k_review/*.py", "han5k_review/*.js", "rigs/*.py", "tests/*.py")
    assert not [path.name for path in tracked(*patterns) if path.stem in OPAQUE]


def test_a_name_that_meant_several_things_is_there_once() -> None:
    classes = Counter(
        node.name
        for path in (Path(ROOT) / "han5k_review").rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name in ONCE
    )
    assert max(classes.values()) == 1


# A number in braces before a noun of several, where it may be 1; `say_count` knows both forms.
COUNTED = re.compile(
    r"(?<!of )\{[^{}\"']*\}\s(reads|repeats|CTs|cases|files|contours|weeks|failures|images|grades"
    r"|readers|structures|revisions|drafts|lists|edits|slices|patients|references|steps|models)\b"
)
SAYS = ("pages/*.py", "han5k_review/ui/*.py", "han5k_review/cli/*.py", "han5k_review/protocol/*.py")
# Names before a verb, the least of several, what a chart fills in.
NO_COUNT = re.compile(
    r"\{coming\} reads|%\{|[Aa]t least \{|needs at least|FEWEST|structures passing"
)


def test_numbers_that_may_be_one_are_said_with_their_noun() -> None:
    found = [
        f"{place}: {match[0]!r}; use texts.counts.say_count"
        for place, line in lines_of(*SAYS)
        if (match := COUNTED.search(line)) and not NO_COUNT.search(line)
    ]
    assert not found, "\n".join(found)
