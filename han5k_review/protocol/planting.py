"""Planting errors: a flawed copy of a contour, kept as what it is and never counted as a label."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from sqlmodel import Session, col, select

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import DataError
from han5k_review.imaging.flaws import FLAWS, PseudoError
from han5k_review.imaging.mask import StructureMask
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.protocol_tables import PlantedContour
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.store.vocabulary import LabelSource, PlantedKind
from han5k_review.study import grid_of

_LEAST_CHANGED = 0.05
"""Share of the contour's voxels that an error changes at least; less is no error to find."""


def build_flawed(
    mask: StructureMask, kind: PlantedKind, rng: np.random.Generator, pair: StructureMask | None
) -> StructureMask | None:
    """The contour with an error of this kind; None where the kind changes too little of it.

    `pair` is the contour of the other side, which stands in for it when the sides are swapped.
    """
    if mask.is_empty:
        return None
    swaps = kind is PlantedKind.SWAPPED_SIDE
    flawed = pair if swaps else FLAWS[PseudoError(kind.value)](mask, rng)
    if flawed is None or flawed.is_empty:
        return None
    changed = _count_changed(mask, flawed)
    return flawed if changed >= max(1, _LEAST_CHANGED * mask.voxel_count) else None


def plant_error(
    session: Session,
    labels: LabelFiles,
    catalogue: Catalogue,
    *,
    original: LabelVersion,
    kind: PlantedKind,
    kinds: tuple[PlantedKind, ...],
    seed: int,
    now: datetime,
) -> LabelVersion:
    """Store a flawed copy of `original`, of `kind` or else of the next of `kinds` that fits.

    The same seed gives the same copy. DataError where no kind changes the contour.
    """
    grid = grid_of(session.get_one(Case, original.case_id))
    mask = labels.get_mask(original.mask_sha256, grid)
    pair = _find_pair(session, catalogue, original)
    other = None if pair is None else labels.get_mask(pair.mask_sha256, grid)
    rng = np.random.default_rng([seed, stored_id(original)])
    first = kinds.index(kind)
    for each in (*kinds[first:], *kinds[:first]):
        flawed = build_flawed(mask, each, rng, other)
        if flawed is not None:
            return _store(session, labels, original, flawed, each, now)
    raise DataError(
        f"A contour of {original.structure} that an error can be planted in was expected, found "
        f"one of {original.voxels} voxels that no chosen kind changes; choose more kinds of errors."
    )


def _store(
    session: Session,
    labels: LabelFiles,
    original: LabelVersion,
    flawed: StructureMask,
    kind: PlantedKind,
    now: datetime,
) -> LabelVersion:
    version = LabelVersion(
        case_id=original.case_id,
        structure=original.structure,
        source=LabelSource.PLANTED,
        mask_sha256=labels.put_mask(flawed),
        voxels=flawed.voxel_count,
        volume_cc=flawed.volume_cc,
        started_from_id=original.id,
        created_at_utc=now,
    )
    session.add(version)
    session.flush()
    session.add(
        PlantedContour(
            label_version_id=stored_id(version),
            original_id=stored_id(original),
            kind=kind,
            planted_at_utc=now,
        )
    )
    return version


def _find_pair(
    session: Session, catalogue: Catalogue, original: LabelVersion
) -> LabelVersion | None:
    """The newest contour of the other side from the same kind of source."""
    pair = next((each.pair for each in catalogue if each.name == original.structure), None)
    if pair is None:
        return None
    return session.exec(
        select(LabelVersion)
        .where(
            LabelVersion.case_id == original.case_id,
            LabelVersion.structure == str(pair),
            LabelVersion.source == original.source,
        )
        .order_by(col(LabelVersion.id).desc())
        .limit(1)
    ).first()


def _count_changed(before: StructureMask, after: StructureMask) -> int:
    """Voxels that one of the masks holds and the other does not."""
    low = np.minimum(before.start_ijk, after.start_ijk)
    ends = [np.add(mask.start_ijk, mask.voxels.shape) for mask in (before, after)]
    box = np.zeros(tuple(np.maximum(*ends) - low), dtype=np.bool_)
    for mask in (before, after):
        i, j, k = (
            slice(s - a, s - a + n)
            for s, a, n in zip(mask.start_ijk, low.tolist(), mask.voxels.shape, strict=True)
        )
        box[i, j, k] ^= mask.voxels
    return int(np.count_nonzero(box))
