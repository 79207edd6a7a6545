"""Name proposals: the structures of a study whose names are nearest to a name nobody knows.

Only proposals: a person confirms. A name of one side is never proposed for the other. Names of
organs in other languages (`data/organ_words.csv`) are proposals too and no aliases: some mean
different extents in different clinics.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from rapidfuzz import fuzz, process

import han5k_review
from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import Structure, StructureName
from han5k_review.texts.names import fold_name
from han5k_review.texts.table_files import read_table

MOST_PROPOSALS = 3
_LANGUAGES = ("english", "german", "french", "spanish", "dutch")
_GERMAN = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("œ", "o"))
_LEAST_SCORE = 60.0
_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIDES = {
    **dict.fromkeys(("l", "lt", "left", "li", "links", "linke", "linker", "linkes"), "L"),
    **dict.fromkeys(("gauche", "gche", "izq", "izquierda", "izquierdo", "sx", "sin"), "L"),
    **dict.fromkeys(("r", "rt", "right", "re", "rechts", "rechte", "rechter", "rechtes"), "R"),
    **dict.fromkeys(("droit", "droite", "dte", "der", "derecha", "derecho", "dx", "dex"), "R"),
    "左": "L",
    "右": "R",
}


def propose_structures(written: str, catalogue: Catalogue) -> tuple[StructureName, ...]:
    """Up to three structures, the nearest first; none where nothing is near."""
    words, side = _split(written)
    if not words:
        return ()
    nearest: dict[StructureName, float] = {}
    for structure in catalogue:
        if side and structure.side and structure.side != side:
            continue
        choices = _list_choices(structure)
        found = process.extractOne(
            " ".join(words), choices, scorer=_score, score_cutoff=_LEAST_SCORE
        )
        if found is not None:
            # Of equal names the one of the same side, or of none where none is said.
            agrees = (structure.side or "") == side
            nearest[structure.name] = found[1] + (1.0 if agrees else 0.0)
    ordered = sorted(nearest, key=lambda name: -nearest[name])
    return tuple(ordered[:MOST_PROPOSALS])


@lru_cache(maxsize=1000)
def _list_choices(structure: Structure) -> tuple[str, ...]:
    """What a structure is called, without its side: here, by TG-263, by aliases, abroad."""
    names = (structure.name, structure.tg263 or "", structure.title, *structure.aliases)
    own = [" ".join(_split(name)[0]) for name in names if name]
    foreign = _read_foreign()
    abroad = [word for name in own for word in foreign.get(name.replace(" ", ""), ())]
    return tuple(dict.fromkeys([*own, *abroad]))


@cache
def _read_foreign() -> Mapping[str, tuple[str, ...]]:
    """English name (no spaces) -> its names in other languages, written as `_split` writes."""
    path = Path(han5k_review.__file__).parents[1] / "data" / "organ_words.csv"
    table = read_table(path, what="A table of organs in other languages", required=_LANGUAGES)
    return {
        "".join(_split(row.cells["english"])[0]): tuple(
            " ".join(_split(word)[0])
            for language in _LANGUAGES[1:]
            for word in row.cells[language].split("|")
        )
        for row in table.good_rows
    }


def _score(one: str, other: str, *, score_cutoff: float | None = None) -> float:
    """Whole words in any order, or letters in their order; from 0 to 100."""
    words = fuzz.token_sort_ratio(one, other, score_cutoff=score_cutoff)
    letters = fuzz.ratio(one.replace(" ", ""), other.replace(" ", ""), score_cutoff=score_cutoff)
    return max(words, letters)


def _split(written: str) -> tuple[list[str], str]:
    """The words of a name without its side, and the side (L, R or empty)."""
    spaced = _CAPITAL.sub(" ", written)
    words = _WORD.findall(_write_plainly(fold_name(spaced)))
    sides = [_SIDES[word] for word in words if word in _SIDES]
    side = sides[0] if len(set(sides)) == 1 else ""
    return [word for word in words if word not in _SIDES], side


def _write_plainly(text: str) -> str:
    """Without accents, and `ae`, `oe`, `ue` as planning systems without umlauts write them."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    for written, letter in _GERMAN:
        plain = plain.replace(written, letter)
    return plain
