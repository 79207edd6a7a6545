"""Edit bands: within which margin of a contour's border accepted revisions ended.

The score of a revision is its HD95 (`surfel`, docs/correctness.md) against the contour that it
corrects: 95 % of either border lie within that distance of the other. The margin of a structure is
the conformal bound of the scores of accepted revisions that were made from contours of the same
maker: of the next revision of such a contour it holds with COVERAGE, if it is like those before it.
Why this score and so few assumptions: docs/decisions/0055-edit-bands.md.

    scores = list_edit_scores(session)
    bands = build_bands(scores, seen.versions, without_case=seen.case_id)
    bands["ParotidL"].margin_mm
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select

from han5k_review.review.accepted import list_accepted
from han5k_review.statistics.conformal import find_bound, measure_running_coverage
from han5k_review.statistics.shares import Share
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import LabelVersion, Revision
from han5k_review.store.vocabulary import LabelSource

COVERAGE = 0.90


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """What made a contour: its source, and the model or the algorithm, as far as it is known."""

    source: LabelSource
    model_version_id: int | None
    algorithm: str

    @classmethod
    def of(cls, label: LabelVersion) -> Maker:
        """The maker of a stored contour."""
        return cls(
            source=label.source,
            model_version_id=label.model_version_id,
            algorithm=f"{label.algorithm_name} {label.algorithm_version}".strip(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EditScore:
    """How far an accepted revision ended from the contour it corrects; infinite if it is empty."""

    case_id: int
    structure: str
    maker: Maker
    hd95_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EditBand:
    """The margin of one structure, from so many accepted `revisions`."""

    margin_mm: float
    revisions: int
    coverage: float = COVERAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class BandCoverage:
    """Of one structure of a maker: how many later revisions ended within the band of their time.

    `margin_mm` is that of now; None with too few revisions, infinite where too many were emptied.
    """

    structure: str
    revisions: int
    margin_mm: float | None
    later: Share


def list_edit_scores(session: Session) -> list[EditScore]:
    """Of all accepted revisions, in the order in which they were submitted.

    Left out: what was drawn where there was no contour, and revisions older than the measurement.
    """
    contour = aliased(LabelVersion)
    query = (
        select(Revision.hd95_mm, contour.id, LabelVersion)
        .join(contour, col(contour.id) == Revision.label_version_id)
        .join(LabelVersion, col(LabelVersion.id) == Revision.reviewed_id)
        .where(LabelVersion.voxels > 0)
        .where(or_(col(Revision.hd95_mm).is_not(None), contour.voxels == 0))
        .order_by(col(Revision.id))
    )
    rows = session.exec(query).all()
    accepted = {stored_id(one.contour) for one in list_accepted(session).values()} if rows else ()
    return [
        EditScore(
            case_id=origin.case_id,
            structure=origin.structure,
            maker=Maker.of(origin),
            hd95_mm=math.inf if hd95_mm is None else hd95_mm,
        )
        for hd95_mm, contour_id, origin in rows
        if contour_id in accepted
    ]


def build_bands(
    scores: Sequence[EditScore],
    versions: Mapping[str, LabelVersion],
    *,
    without_case: int | None = None,
) -> Mapping[str, EditBand]:
    """Structure -> the band around its contour in `versions`, where there is one.

    There is none around an empty contour, with too few revisions, and where more contours were
    emptied than the coverage leaves out. What was revised in the case itself does not count.
    """
    bands = {}
    for name, label in versions.items():
        maker = Maker.of(label)
        own = [
            one.hd95_mm
            for one in scores
            if (one.structure, one.maker) == (name, maker) and one.case_id != without_case
        ]
        margin_mm = find_bound(own, COVERAGE) if label.voxels else None
        if margin_mm is not None and math.isfinite(margin_mm):
            bands[name] = EditBand(margin_mm=margin_mm, revisions=len(own))
    return bands


def list_band_coverage(scores: Sequence[EditScore], model_version_id: int) -> list[BandCoverage]:
    """Of each structure of a model that was revised, by name."""
    found: dict[str, list[float]] = {}
    for one in scores:
        if one.maker.model_version_id == model_version_id:
            found.setdefault(one.structure, []).append(one.hd95_mm)
    return [
        BandCoverage(
            structure=name,
            revisions=len(own),
            margin_mm=find_bound(own, COVERAGE),
            later=measure_running_coverage(own, COVERAGE),
        )
        for name, own in sorted(found.items())
    ]
