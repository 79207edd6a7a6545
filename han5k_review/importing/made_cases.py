"""Cases that are in memory already, such as the demo's: stored by the same rules as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from han5k_review.anatomy.structure import StructureName
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.importing.case_contents import CaseContent, ReadLabel
from han5k_review.importing.case_rows import write_case
from han5k_review.importing.sources import CaseSource
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import LabelSource, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCase:
    """A volume in LPS axes and its masks on the same grid; `origin` says what made them."""

    name: str
    patient: str
    split: Split
    volume: CtVolume
    pseudo: Mapping[StructureName, StructureMask]
    reference: Mapping[StructureName, StructureMask]
    origin: str


def store_case(study: Study, case: MadeCase, *, actor: str, now: datetime) -> bool:
    """Store files, then rows in one transaction; False when the case was there already.

    Raises RuleError when another case of this name or CT stands in the way.
    """
    labels = [
        ReadLabel(
            source=source,
            structure=name,
            mask_sha256=study.labels.put_mask(mask),
            voxels=mask.voxel_count,
            volume_cc=mask.volume_cc,
        )
        for source, masks in (
            (LabelSource.PSEUDO, case.pseudo),
            (LabelSource.REFERENCE, case.reference),
        )
        for name, mask in masks.items()
    ]
    content = CaseContent(
        fingerprint={},
        image_sha256=study.volumes.put_volume(case.volume),
        planes_sha256=case.volume.planes_sha256,
        grid=case.volume.grid,
        labels=tuple(labels),
    )
    source_of = CaseSource(
        name=case.name,
        patient=case.patient,
        split=case.split,
        ct=None,
        labels=None,
        reference=None,
        label_map=None,
        reference_label_map=None,
        origin=case.origin,
    )
    with transaction(study.engine) as session:
        is_new, _ = write_case(session, source_of, content, actor=actor, now_utc=now)
    return is_new
