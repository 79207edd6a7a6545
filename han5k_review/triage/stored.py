"""Stored triage: contours under review, their measurements, the newest round of scores."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert
from sqlmodel import Session, col, select

from han5k_review.anatomy.rules import RuleKey
from han5k_review.review.labels import UNDER_REVIEW, is_shown
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import LabelVersion
from han5k_review.store.triage_tables import TriageMeasure, TriageRound, TriageScore
from han5k_review.study import grid_of, list_cases
from han5k_review.triage.doubts import Score
from han5k_review.triage.features import TRIAGE_VERSION
from han5k_review.triage.measuring import BrokenRule, ContourMeasures, Overlap
from han5k_review.triage.work import CaseAnswer, CaseWork, WorkContour

_DIGITS = 5
_CHUNK = 500


def list_works(session: Session, cases: Collection[str] | None = None) -> list[CaseWork]:
    """All contours under review, case by case; DataError for a case the study does not have."""
    rows = list_cases(session, cases)
    query = (
        select(
            col(LabelVersion.case_id),
            col(LabelVersion.id),
            col(LabelVersion.structure),
            col(LabelVersion.mask_sha256),
        )
        .where(col(LabelVersion.source).in_(UNDER_REVIEW), is_shown())
        .order_by(col(LabelVersion.id))
    )
    if cases is not None:
        query = query.where(col(LabelVersion.case_id).in_([stored_id(row) for row in rows]))
    present: dict[int, dict[str, WorkContour]] = {}
    for case_id, number, structure, sha256 in session.exec(query):
        of_case = present.setdefault(case_id, {})
        before = of_case.get(structure)
        of_case[structure] = WorkContour(
            contour=int(number or 0),
            structure=structure,
            mask_sha256=sha256,
            earlier_sha256=before.mask_sha256 if before else None,
        )
    return [
        CaseWork(
            case=row.name,
            patient=row.patient,
            image_sha256=row.image_sha256,
            grid=grid_of(row),
            contours=tuple(present[stored_id(row)].values()),
        )
        for row in rows
        if stored_id(row) in present
    ]


def find_measured(session: Session) -> set[str]:
    """The `beside_sha256` of every case that is measured whole by the present version."""
    query = select(col(TriageMeasure.beside_sha256)).where(TriageMeasure.version == TRIAGE_VERSION)
    return set(session.exec(query.distinct()))


def store_measures(
    session: Session, work: CaseWork, answer: CaseAnswer, *, beside_sha256: str, now: datetime
) -> None:
    """Keep what was measured of one case, all or nothing."""
    for one in work.contours:
        session.add(
            TriageMeasure(
                label_version_id=one.contour,
                version=TRIAGE_VERSION,
                beside_sha256=beside_sha256,
                found=_pack(answer.measures[one.structure]),
                measured_at_utc=now,
            )
        )


def read_measures(session: Session, beside: Collection[str]) -> dict[int, ContourMeasures]:
    """Contour -> its measurements, of cases with these hashes."""
    query = (
        select(
            col(TriageMeasure.label_version_id),
            col(TriageMeasure.beside_sha256),
            col(LabelVersion.structure),
            col(TriageMeasure.found),
        )
        .join(LabelVersion, col(LabelVersion.id) == TriageMeasure.label_version_id)
        .where(TriageMeasure.version == TRIAGE_VERSION)
    )
    wanted = set(beside)
    return {
        contour: _unpack(structure, found)
        for contour, sha256, structure, found in session.exec(query)
        if sha256 in wanted
    }


def find_round(session: Session) -> TriageRound | None:
    """The newest round of scores, None before the first."""
    return session.exec(select(TriageRound).order_by(col(TriageRound.id).desc()).limit(1)).first()


def store_scores(session: Session, of_round: TriageRound, scores: Mapping[int, Score]) -> None:
    """Keep a round and its scores."""
    session.add(of_round)
    session.flush()
    number = stored_id(of_round)
    rows = [
        {
            "round_id": number,
            "label_version_id": contour,
            "doubt": score.doubt,
            "is_doubtful": score.is_doubtful,
            "reasons": list(score.reasons),
        }
        for contour, score in scores.items()
    ]
    for start in range(0, len(rows), _CHUNK):
        session.execute(insert(TriageScore), rows[start : start + _CHUNK])


def _pack(measures: ContourMeasures) -> dict[str, Any]:
    return {
        "values": _list_numbers(measures.values),
        "places_mm": _list_numbers(measures.places_mm),
        "reach_mm": _list_numbers(measures.reach_mm),
        "overlaps": {one.other: round(one.share, _DIGITS) for one in measures.overlaps},
        "broken": [[one.key.value, one.amount, one.sentence] for one in measures.broken],
        "changed": measures.changed,
    }


def _list_numbers(values: NDArray[np.float32]) -> list[float | None]:
    """JSON has no nan."""
    return [None if math.isnan(v) else float(f"{v:.{_DIGITS}g}") for v in values.tolist()]


def _unpack(structure: str, found: Mapping[str, Any]) -> ContourMeasures:
    return ContourMeasures(
        structure=structure,
        values=_read_numbers(found["values"]),
        places_mm=_read_numbers(found["places_mm"]),
        reach_mm=_read_numbers(found["reach_mm"]),
        overlaps=tuple(Overlap(other=o, share=s) for o, s in found["overlaps"].items()),
        broken=tuple(
            BrokenRule(key=RuleKey(key), amount=amount, sentence=sentence)
            for key, amount, sentence in found["broken"]
        ),
        changed=found["changed"],
    )


def _read_numbers(values: Sequence[float | None] | Iterable[float | None]) -> NDArray[np.float32]:
    return np.array([math.nan if v is None else v for v in values], dtype=np.float32)
