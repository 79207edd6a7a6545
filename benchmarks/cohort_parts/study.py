"""A study of many cases: raters' contours and drawn organs, every case moved elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from metrics_parts.case import DRAWN_MM, SHAPE, Case, draw_pair, make_case

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import Case as CaseRow
from han5k_review.store.tables import LabelVersion
from han5k_review.store.vocabulary import LabelSource, Split

STRUCTURES = 49


def build_study(folder: Path, cases: int, shared: Path, catalogue: Catalogue) -> Study:
    study = open_study(folder, create=True)
    names = [str(s.name) for s in catalogue if s.name != "Brain"][:STRUCTURES]
    bases = [fill_up(make_case(number, shared), number) for number in range(2)]
    for number in range(cases):
        base = bases[number % 2]
        spacing = base.spacing_mm
        affine = np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
        grid = Grid.from_affine(SHAPE, affine)
        with transaction(study.engine) as session:
            row = CaseRow(
                name=f"C{number:04}",
                patient=f"C{number:04}",
                split=Split.TRAIN,
                image_sha256=f"{number:064}",
                shape_ijk=list(SHAPE),
                affine_ras=[list(line) for line in grid.affine_ras],
            )
            session.add(row)
            session.flush()
            sides = (
                (LabelSource.REFERENCE, base.references),
                (LabelSource.PSEUDO, base.predictions),
            )
            for source, masks in sides:
                for name, mask in zip(names, masks.values(), strict=True):
                    start = move(mask.start_ijk, mask.voxels.shape, number)
                    stored = StructureMask.from_box(mask.voxels, start, grid)
                    session.add(
                        LabelVersion(
                            case_id=stored_id(row),
                            structure=name,
                            source=source,
                            mask_sha256=study.labels.put_mask(stored),
                            voxels=stored.voxel_count,
                            volume_cc=stored.volume_cc,
                        )
                    )
    return study


def fill_up(case: Case, number: int) -> Case:
    """The benchmark case of 45 pairs with four more drawn ones."""
    generator = np.random.default_rng(1000 + number)
    for name in list(DRAWN_MM)[: STRUCTURES - len(case.references)]:
        pair = draw_pair(DRAWN_MM[name], case.spacing_mm, generator)
        case.references[f"{name} again"], case.predictions[f"{name} again"] = pair
    return case


def move(start: tuple[int, int, int], shape: tuple[int, ...], number: int) -> tuple[int, int, int]:
    """Another place for each case, the same for both raters, inside the grid."""
    i, j = number // 2 % 24, number // 48 % 24
    i = i if start[0] < SHAPE[0] // 2 else -i
    j = j if start[1] < SHAPE[1] // 2 else -j
    return (start[0] + i, start[1] + j, start[2])
