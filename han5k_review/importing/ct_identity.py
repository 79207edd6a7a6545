"""CT identity: whether a CT is that of a known case, decided on its voxels.

The bits of an affine decide nothing: other writers, rounded origins and another order of axes leave
a CT the same. Neither do spacing and origin: equal voxels elsewhere are the same scan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from sqlmodel import select

from han5k_review.errors import DataError, Han5kError
from han5k_review.imaging.ct_files import read_ct_outline
from han5k_review.imaging.volume import CtVolume
from han5k_review.importing.case_rules import duplicate_error, image_error, moved_error
from han5k_review.importing.known_cases import KnownCase, Owner
from han5k_review.importing.refusals import TwinCtError
from han5k_review.importing.sources import CaseSource, Source
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Case
from han5k_review.store.volume_files import VolumeFiles

Shape = tuple[int, ...]


def check_new_ct(
    source: CaseSource, volume: CtVolume, owners: Mapping[str, Owner], taken: Collection[str]
) -> None:
    """RuleError when another case holds these voxels, wherever and in whatever axes they lie.

    TwinCtError where only the hash is known (`taken`), and not whose it is.
    """
    owner = owners.get(volume.sha256) or owners.get(volume.planes_sha256)
    if owner is not None:
        raise duplicate_error(source, owner)
    for sha256 in (volume.sha256, volume.planes_sha256):
        if sha256 in taken:
            raise TwinCtError(sha256)


def check_same_ct(
    source: CaseSource, known: KnownCase, volume: CtVolume, volumes: VolumeFiles
) -> None:
    """RuleError unless the voxels are the stored ones, each within a tenth of a voxel of its place.

    `volume` is in LPS axes, as the stored one.
    """
    if volume.sha256 == known.image_sha256:
        return
    try:
        stored = volumes.get_volume(known.image_sha256)
    except DataError as error:
        raise image_error(source, known, volume.sha256, volume.grid) from error
    if not np.array_equal(stored.hu, volume.hu):
        if stored.planes_sha256 == volume.planes_sha256:
            raise moved_error(source, known, volume.grid)
        raise image_error(source, known, volume.sha256, volume.grid)
    if not volume.grid.is_near(known.grid):
        raise moved_error(source, known, volume.grid)


def find_shared_shapes(study: Study, sources: Sequence[Source]) -> frozenset[Shape]:
    """Shapes (sorted sizes) that two CTs of the study and the sources have, by their headers."""
    with reading(study.engine) as session:
        rows = session.exec(select(Case.name, Case.shape_ijk)).all()
    by_case = {name: tuple(sorted(shape)) for name, shape in rows}
    for source in sources:
        if isinstance(source, CaseSource) and source.ct and source.name not in by_case:
            shape = _find_shape(source)
            if shape is not None:
                by_case[source.name] = shape
    return frozenset(shape for shape, count in Counter(by_case.values()).items() if count > 1)


def _find_shape(source: CaseSource) -> Shape | None:
    if source.ct_shape:
        return tuple(sorted(source.ct_shape))
    try:
        return None if source.ct is None else tuple(sorted(read_ct_outline(source.ct).grid.shape))
    except (Han5kError, OSError):
        return None
