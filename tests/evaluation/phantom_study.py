"""A small stored study of blocks: pseudo-labels, references, gaps and empty masks."""

from __future__ import annotations

from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.imaging.mask import StructureMask
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import LabelSource
from rigs.databases import open_new_study
from rigs.studies import ROOT, add_case, add_label, make_box, make_grid

GRID = make_grid((24, 20, 10))
CATALOGUE: Catalogue = read_catalogue(ROOT / "data" / "structures.csv")
CASES = ("HN-001", "HN-002", "HN-003", "HN-004")


def block(start_i: int, *, size: int = 6) -> StructureMask:
    return make_box(GRID, (start_i, start_i + size), (4, 12), (2, 7))


def nothing() -> StructureMask:
    return StructureMask.empty(GRID)


def build_study(folder: Path, url: str | None = None) -> Study:
    """Four cases.

    Every case: BrainStem shifted by its number, ParotidL only pseudo, ParotidR only reference,
    LenL an empty pseudo-label, LenR empty on both sides.
    """
    pseudo, reference = LabelSource.PSEUDO, LabelSource.REFERENCE
    study = open_new_study(folder, url)
    with transaction(study.engine) as session:
        for number, name in enumerate(CASES):
            case = add_case(session, name, GRID, patient=f"P{number}")
            for source, shift in ((pseudo, number), (reference, 0)):
                add_label(session, study, case, "BrainStem", block(2 + shift), source)
                add_label(session, study, case, "LenR", nothing(), source)
            add_label(session, study, case, "ParotidL", block(3), pseudo)
            add_label(session, study, case, "ParotidR", block(4), reference)
            add_label(session, study, case, "LenL", nothing(), pseudo)
            add_label(session, study, case, "LenL", block(5, size=2), reference)
    return study
