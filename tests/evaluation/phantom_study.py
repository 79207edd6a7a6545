"""A small stored study of blocks: pseudo-labels, references, gaps and empty masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.store.vocabulary import LabelSource, Split
from tests.databases import open_new_study

ROOT = Path(__file__).resolve().parents[2]
GRID = Grid.from_affine((24, 20, 10), np.diag([-2.0, -2.0, 3.0, 1.0]))
CATALOGUE: Catalogue = read_catalogue(ROOT / "data" / "structures.csv")
CASES = ("HN-001", "HN-002", "HN-003", "HN-004")


def block(start_i: int, *, size: int = 6) -> StructureMask:
    dense = np.zeros(GRID.shape, dtype=bool)
    dense[start_i : start_i + size, 4:12, 2:7] = True
    return StructureMask.from_dense(dense, GRID)


def nothing() -> StructureMask:
    return StructureMask.empty(GRID)


def label(
    study: Study, case: Case, structure: str, source: LabelSource, mask: StructureMask
) -> LabelVersion:
    return LabelVersion(
        case_id=stored_id(case),
        structure=structure,
        source=source,
        mask_sha256=study.labels.put_mask(mask),
        voxels=mask.voxel_count,
        volume_cc=mask.volume_cc,
    )


def build_study(folder: Path, url: str | None = None) -> Study:
    """Four cases.

    Every case: BrainStem shifted by its number, ParotidL only pseudo, ParotidR only reference,
    LenL an empty pseudo-label, LenR empty on both sides.
    """
    study = open_new_study(folder, url)
    with transaction(study.engine) as session:
        for number, name in enumerate(CASES):
            case = Case(
                name=name,
                patient=f"P{number}",
                split=Split.TRAIN,
                image_sha256=str(number) * 64,
                shape_ijk=list(GRID.shape),
                affine_ras=[list(row) for row in GRID.affine_ras],
            )
            session.add(case)
            session.flush()
            both = ((LabelSource.PSEUDO, number), (LabelSource.REFERENCE, 0))
            for source, shift in both:
                session.add(label(study, case, "BrainStem", source, block(2 + shift)))
                session.add(label(study, case, "LenR", source, nothing()))
            session.add(label(study, case, "ParotidL", LabelSource.PSEUDO, block(3)))
            session.add(label(study, case, "ParotidR", LabelSource.REFERENCE, block(4)))
            session.add(label(study, case, "LenL", LabelSource.PSEUDO, nothing()))
            session.add(label(study, case, "LenL", LabelSource.REFERENCE, block(5, size=2)))
    return study
