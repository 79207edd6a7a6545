"""Evidence: what the grades of this moment say of the scores, small enough to keep.

It costs seconds at full size, so a page keeps it while its stamp stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.prediction_tables import PredictionDecision, PredictionLabel
from han5k_review.store.protocol_tables import PlantedContour
from han5k_review.store.state_stamp import read_state_stamp
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion
from han5k_review.store.triage_tables import TriageDraw, TriageRound, TriageScore
from han5k_review.triage.proof import (
    Proof,
    RandomArm,
    list_predicted,
    measure_proof,
    measure_random_arm,
)

EVIDENCE_TABLES = (
    Case,
    LabelVersion,
    Assignment,
    Grade,
    ConsensusGrade,
    PlantedContour,
    PredictionLabel,
    PredictionDecision,
    TriageRound,
    TriageScore,
    TriageDraw,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """The proof, None where there are too few grades; of `graded` contours that had a score before
    their grade `revised` were to be revised. `stamp` is of the study after all was read."""

    graded: int
    revised: int
    proof: Proof | None
    arm: RandomArm
    stamp: str


def read_evidence_stamp(session: Session) -> str:
    """Hash (hexadecimal) of all that evidence is made from."""
    return read_state_stamp(session, EVIDENCE_TABLES)


def read_evidence(session: Session) -> Evidence:
    """Read scores and grades and compare them; the same state gives the same resamples."""
    predicted = list_predicted(session)
    arm = measure_random_arm(session)
    return Evidence(
        graded=len(predicted),
        revised=sum(one.revised for one in predicted),
        proof=measure_proof(predicted, np.random.default_rng(0)),
        arm=arm,
        stamp=read_evidence_stamp(session),
    )
