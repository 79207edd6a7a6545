"""The plan of an evaluation: every pair to measure, and every gap with its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session, col, select

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import ConfigError, DataError
from han5k_review.evaluation.choice import (
    REFERENCE,
    UNDER_REVIEW,
    LabelChoice,
    LabelRef,
    find_labels,
)
from han5k_review.evaluation.tolerances import STUDY_TOLERANCES, Tolerances
from han5k_review.imaging.grid import Grid
from han5k_review.metrics import Definition
from han5k_review.store.cases import list_cases
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import Split

UNKNOWN_STRUCTURE = "the structure table of the study does not have this structure"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPair:
    """Two masks of one structure of one case, and the tolerance they are measured at."""

    case: str
    structure: str
    reference: LabelRef
    prediction: LabelRef
    tolerance_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A structure of a case that cannot be compared, and why."""

    case: str
    structure: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePlan:
    """The pairs and gaps of one case, in the order of the structure table."""

    case_id: int
    case: str
    patient: str
    grid: Grid
    pairs: tuple[PlannedPair, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPlan:
    """What is compared with what, under which definition and tolerances, case by case."""

    reference: LabelChoice
    prediction: LabelChoice
    definition: Definition
    tolerances: Tolerances
    cases: tuple[CasePlan, ...]

    @property
    def is_segrap(self) -> bool:
        """True when its numbers are SegRap2023's: the challenge's definition and tolerances."""
        return self.definition is Definition.SURFEL and self.tolerances.is_segrap

    @property
    def pairs(self) -> tuple[PlannedPair, ...]:
        """All pairs, case by case."""
        return tuple(pair for case in self.cases for pair in case.pairs)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """All gaps, case by case."""
        return tuple(gap for case in self.cases for gap in case.gaps)


def plan_evaluation(
    session: Session,
    catalogue: Catalogue,
    *,
    reference: LabelChoice = REFERENCE,
    prediction: LabelChoice = UNDER_REVIEW,
    definition: Definition = Definition.SURFEL,
    tolerances: Tolerances = STUDY_TOLERANCES,
    cases: Collection[str] | None = None,
    structures: Collection[str] | None = None,
    split: Split | None = None,
) -> EvaluationPlan:
    """Pair the labels of two choices, for all cases and structures or for the named ones.

    `split` keeps the cases of one split. A structure that one side lacks is a gap with its reason.
    DataError when a named case is not in the study, ConfigError for an unknown structure or for
    one choice on both sides.
    """
    if reference == prediction:
        raise ConfigError(
            f"Two different label sources were expected, found {reference.title} on both sides."
        )
    if structures is not None:
        structures = [catalogue.get_structure(name).name for name in structures]
    rows = [row for row in _list_cases(session, cases) if split is None or row.split is split]
    case_ids = None if cases is None else [row.id or 0 for row in rows]
    references = _by_case(find_labels(session, reference, case_ids))
    predictions = _by_case(find_labels(session, prediction, case_ids))
    return EvaluationPlan(
        reference=reference,
        prediction=prediction,
        definition=definition,
        tolerances=tolerances,
        cases=tuple(
            _plan_case(
                row,
                catalogue,
                structures,
                tolerances,
                (reference.title, references.get(row.id or 0, {})),
                (prediction.title, predictions.get(row.id or 0, {})),
            )
            for row in rows
        ),
    )


def _list_cases(session: Session, names: Collection[str] | None) -> list[Case]:
    query = select(Case).order_by(col(Case.name))
    if names is None:
        return list(session.exec(query))
    rows, missing = list_cases(session, names)
    if missing:
        raise DataError(
            f"Cases of the study were expected, found {', '.join(missing)}; "
            "import them first or correct the name."
        )
    return rows


def _by_case(labels: Mapping[tuple[int, str], LabelRef]) -> dict[int, dict[str, LabelRef]]:
    cases: dict[int, dict[str, LabelRef]] = {}
    for (case_id, structure), label in labels.items():
        cases.setdefault(case_id, {})[structure] = label
    return cases


def _plan_case(
    case: Case,
    catalogue: Catalogue,
    structures: Collection[str] | None,
    tolerances: Tolerances,
    reference_side: tuple[str, Mapping[str, LabelRef]],
    prediction_side: tuple[str, Mapping[str, LabelRef]],
) -> CasePlan:
    (reference_title, references), (prediction_title, predictions) = reference_side, prediction_side
    order = {str(structure.name): structure for structure in catalogue}
    found = {*references, *predictions}
    named = [name for name in order if name in found]
    named += sorted(found - set(named))
    pairs: list[PlannedPair] = []
    gaps: list[Gap] = []
    for name in named:
        if structures is not None and name not in structures:
            continue
        reference, prediction = references.get(name), predictions.get(name)
        known = order.get(name)
        if reference is not None and prediction is not None and known is not None:
            pairs.append(
                PlannedPair(
                    case=case.name,
                    structure=name,
                    reference=reference,
                    prediction=prediction,
                    tolerance_mm=tolerances.of(known),
                )
            )
            continue
        reason = UNKNOWN_STRUCTURE
        if reference is None:
            reason = f"no {reference_title}"
        elif prediction is None:
            reason = f"no {prediction_title}"
        gaps.append(Gap(case=case.name, structure=name, reason=reason))
    return CasePlan(
        case_id=case.id or 0,
        case=case.name,
        patient=case.patient,
        grid=Grid.from_affine(case.shape_ijk, np.array(case.affine_ras)),
        pairs=tuple(pairs),
        gaps=tuple(gaps),
    )
