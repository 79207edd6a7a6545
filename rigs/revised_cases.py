"""Cases whose contour was revised and accepted, each by a distance that is known by hand."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.revising import decide_revision
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion, ModelVersion, Reader
from han5k_review.store.vocabulary import Decision, LabelSource
from han5k_review.study import list_cases
from rigs.studies import NOON, add_case, add_label, make_box

STRUCTURE = "ParotidL"


def make_revised(grid: Grid, steps: int) -> StructureMask:
    """The box of every case with one face moved outwards by so many voxels along i."""
    return make_box(grid, (2, 6 + steps), (3, 8), (2, 7))


def add_revised(
    session: Session,
    study: Study,
    grid: Grid,
    revised: Sequence[StructureMask],
    *,
    people: tuple[Reader, Reader],
    decision: Decision = Decision.ACCEPTED,
    maker: ModelVersion | None = None,
) -> list[tuple[Case, LabelVersion]]:
    """One new case for each mask, which one of the people drew and the other decided."""
    reader, judge = people
    made = []
    for after in revised:
        case = add_case(session, f"RV-{len(list_cases(session)):03d}", grid)
        before = make_revised(grid, 0)
        source = LabelSource.PSEUDO if maker is None else LabelSource.PREDICTION
        model_id = None if maker is None else maker.id
        label = add_label(
            session, study, case, STRUCTURE, before, source, model_version_id=model_id
        )
        revision = submit_revision(
            session,
            study.labels,
            case=case,
            structure=STRUCTURE,
            before=before,
            after=after,
            reader=reader,
            now=NOON,
        )
        decide_revision(
            session,
            revision_id=stored_id(revision),
            decision=decision,
            reason="" if decision is Decision.ACCEPTED else "not so",
            adjudicator=judge,
            now=NOON,
        )
        made.append((case, label))
    return made
