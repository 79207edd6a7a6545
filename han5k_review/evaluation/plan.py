"""The plan of an evaluation: every pair to measure, and every gap with its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import Structure
from han5k_review.errors import ConfigError
from han5k_review.evaluation.choice import (
    REFERENCE,
    UNDER_REVIEW,
    ChosenLabel,
    LabelChoice,
    find_labels,
)
from han5k_review.evaluation.tolerances import STUDY_TOLERANCES, Tolerances
from han5k_review.imaging.grid import Grid
from han5k_review.metrics import Definition
from han5k_review.store.identity import CaseStructure, stored_id
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import Split
from han5k_review.study import grid_of, list_cases

UNKNOWN_STRUCTURE = "the structure table of the study does not have this structure"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPair:
    """Two masks of one structure of one case, and the tolerance they are measured at."""

    case: str
    structure: str
    reference: ChosenLabel
    prediction: ChosenLabel
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
    rows = [row for row in list_cases(session, cases) if split is None or row.split is split]
    case_ids = None if cases is None else [stored_id(row) for row in rows]
    sides = _Sides(
        reference=reference,
        prediction=prediction,
        references=_by_case(find_labels(session, reference, case_ids, structures)),
        predictions=_by_case(find_labels(session, prediction, case_ids, structures)),
        tolerances=tolerances,
        known={str(structure.name): structure for structure in catalogue},
    )
    return EvaluationPlan(
        reference=reference,
        prediction=prediction,
        definition=definition,
        tolerances=tolerances,
        cases=tuple(_plan_case(row, sides, structures) for row in rows),
    )


def _by_case(labels: Mapping[CaseStructure, ChosenLabel]) -> dict[int, dict[str, ChosenLabel]]:
    cases: dict[int, dict[str, ChosenLabel]] = {}
    for (case_id, structure), label in labels.items():
        cases.setdefault(case_id, {})[structure] = label
    return cases


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """Both sides of a comparison: case id -> structure -> label; and the study's structures."""

    reference: LabelChoice
    prediction: LabelChoice
    references: Mapping[int, Mapping[str, ChosenLabel]]
    predictions: Mapping[int, Mapping[str, ChosenLabel]]
    tolerances: Tolerances
    known: Mapping[str, Structure]

    def list_names(self, case_id: int) -> list[str]:
        """Structures that either side has, in the order of the structure table, others after."""
        found = {*self.references.get(case_id, {}), *self.predictions.get(case_id, {})}
        named = [name for name in self.known if name in found]
        return named + sorted(found - set(named))

    def plan(self, case: Case, name: str) -> PlannedPair | Gap:
        """The pair of one structure of a case, or why there is none."""
        reference = self.references.get(stored_id(case), {}).get(name)
        prediction = self.predictions.get(stored_id(case), {}).get(name)
        structure = self.known.get(name)
        reason = UNKNOWN_STRUCTURE
        if reference is None:
            reason = f"no {self.reference.title}"
        elif prediction is None:
            reason = f"no {self.prediction.title}"
        elif structure is not None:
            return PlannedPair(
                case=case.name,
                structure=name,
                reference=reference,
                prediction=prediction,
                tolerance_mm=self.tolerances.of(structure),
            )
        return Gap(case=case.name, structure=name, reason=reason)


def _plan_case(case: Case, sides: _Sides, structures: Collection[str] | None) -> CasePlan:
    planned = [
        sides.plan(case, name)
        for name in sides.list_names(stored_id(case))
        if structures is None or name in structures
    ]
    return CasePlan(
        case_id=stored_id(case),
        case=case.name,
        patient=case.patient,
        grid=grid_of(case),
        pairs=tuple(one for one in planned if isinstance(one, PlannedPair)),
        gaps=tuple(one for one in planned if isinstance(one, Gap)),
    )
