"""The one case everybody shows: 512 x 512 x 160, 50 structures, as 24 tasks of a stored study."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.review.assigning import assign_cases
from han5k_review.settings import Settings
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import open_study
from han5k_review.store.tables import Assignment, Case, LabelVersion, Reader
from rigs.studies import NOON, add_case
from rigs.viewer_cases import DeskCase, lps_grid, patient_case, store_cases
from rigs.viewer_desk import Desk

SLICES = 160
CASES = 24


def build_bench(root: Path) -> Desk:
    """The synthetic patient with its slices spread over 160, as anna's tasks 1 .. 24."""
    built = patient_case(3)
    places = np.linspace(0, built.ct.hu.shape[2] - 1, SLICES)
    spread = np.round(places).astype(int)
    hu = np.stack([_between(built.ct.hu, place) for place in places], axis=2)
    grid = lps_grid((512, 512, SLICES), (0.977, 0.977, 2.0))
    masks, references = (
        {n: StructureMask.from_dense(m.dense()[:, :, spread], grid) for n, m in group.items()}
        for group in (built.masks, built.references)
    )
    ct = CtVolume(grid=grid, hu=hu)
    case = DeskCase(ct=ct, masks=masks, references=references, has_next=True, shown={})
    desk = store_cases(root, [case], is_plain=False)
    with transaction(desk.study.engine) as session:
        first = session.get_one(Case, 1)
        labels = session.exec(select(LabelVersion).order_by(col(LabelVersion.id))).all()
        copies = [_copy(session, first, labels, f"HN-{n:03d}") for n in range(2, CASES + 1)]
        anna = session.exec(select(Reader).where(Reader.name == "anna")).one()
        assign_cases(session, reader=anna, cases=copies, actor="benchmark", now=NOON)
        for task in session.exec(select(Assignment)):
            task.blinded = False
    return desk


def _copy(session: Session, case: Case, labels: Sequence[LabelVersion], name: str) -> Case:
    """Another case of the same files."""
    copy = add_case(
        session,
        name,
        lps_grid((512, 512, SLICES), (0.977, 0.977, 2.0)),
        image_sha256=case.image_sha256,
    )
    kept = ("structure", "source", "mask_sha256", "voxels", "volume_cc")
    for label in labels:
        row = {field: getattr(label, field) for field in kept}
        session.add(LabelVersion(case_id=stored_id(copy), **row))
    return copy


def _between(hu: NDArray[np.int16], place: float) -> NDArray[np.int16]:
    """The slice at a fractional index: no two are alike, so that no peer sends nothing."""
    low = min(int(place), hu.shape[2] - 2)
    share = place - low
    mixed = (1 - share) * hu[:, :, low] + share * hu[:, :, low + 1]
    return np.round(mixed).astype(np.int16)


@cache
def open_bench() -> Desk:
    """The desk of the study that HAN5K_STUDY names, in the process that shows it."""
    return Desk(study=open_study(Settings().study))


@cache
def _read_hu() -> NDArray[np.int16]:
    study = open_bench().study
    with Session(study.engine) as session:
        return study.volumes.get_volume(session.get_one(Case, 1).image_sha256).hu


def hu_slice(k: int) -> NDArray[np.int16]:
    """HU of one axial slice, (row, column)."""
    return np.ascontiguousarray(_read_hu()[:, :, k].T)


def grey_slice(k: int) -> NDArray[np.uint8]:
    """The slice through the soft-tissue window 35 / 350."""
    grey = (hu_slice(k).astype(np.float32) - (35 - 175)) / 350 * 255
    return grey.clip(0, 255).astype(np.uint8)
