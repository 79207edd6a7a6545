"""What a release of this moment would hold, in numbers: small enough to keep while nothing changes.

A plan holds all rows of a study, a gigabyte of a whole cohort; a page shows only what is counted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from han5k_review.exports.release.block import Block
from han5k_review.exports.release.plan import ReleasePlan, StructureCounts, plan_release
from han5k_review.exports.release.request import ReleaseRequest
from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.draft_tables import DraftSubmission, StructureLock
from han5k_review.store.engine import reading
from han5k_review.store.many_objects import many_objects
from han5k_review.store.prediction_tables import PredictionDecision, PredictionLabel
from han5k_review.store.preference_tables import Preference
from han5k_review.store.protocol_tables import PlantedContour, ProtocolVersion
from han5k_review.store.state_stamp import read_state_stamp
from han5k_review.store.study import Study
from han5k_review.store.tables import (
    Assignment,
    Case,
    Grade,
    LabelVersion,
    ModelVersion,
    Reader,
    Revision,
    RevisionDecision,
    StudyInfo,
)

# All that a plan reads but two tables: a draft tells only which read a submission is of, and what
# a read shows only the sources of its forced choices; neither changes once there is one.
COUNTED_TABLES = (
    StudyInfo,
    Case,
    Reader,
    ModelVersion,
    LabelVersion,
    Assignment,
    Grade,
    ConsensusGrade,
    PlantedContour,
    Preference,
    ProtocolVersion,
    Revision,
    RevisionDecision,
    DraftSubmission,
    StructureLock,
    PredictionLabel,
    PredictionDecision,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOutlook:
    """Contours, cases and structures of a plan; `stamp` is of the study after it was read."""

    request: ReleaseRequest
    contours: int
    cases: int
    structures: tuple[StructureCounts, ...]
    block: Block
    stamp: str


def read_outlook_stamp(study: Study) -> str:
    """Hash (hexadecimal) of all that an outlook is made from: the tables, and the study's own."""
    with reading(study.engine) as session:
        found = hashlib.sha256(read_state_stamp(session, COUNTED_TABLES).encode())
    for name in ("structures.csv", "scales.csv"):
        path = study.tables / name
        found.update(hashlib.sha256(path.read_bytes() if path.exists() else b"").digest())
    return found.hexdigest()


def build_outlook(study: Study, request: ReleaseRequest) -> ReleaseOutlook:
    """Read the study and count. Errors as `plan_release`."""
    with many_objects():
        return _count(plan_release(study, request), read_outlook_stamp(study))


def _count(plan: ReleasePlan, stamp: str) -> ReleaseOutlook:
    return ReleaseOutlook(
        request=plan.request,
        contours=len(plan.lines),
        cases=len(plan.cases),
        structures=tuple(plan.count_structures()),
        block=plan.block,
        stamp=stamp,
    )
