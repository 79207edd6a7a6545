"""Rows of the grade sheets: each act of grading with its case, contour, chain and revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from han5k_review.anatomy.structure import Structure
from han5k_review.evaluation import ChosenLabel
from han5k_review.evaluation.stored_panels import StoredPanel
from han5k_review.exports.stored_grades import GradeRecord, LabelRecord
from han5k_review.exports.study_rows import ExportFacts, PlantedError, StudyRows
from han5k_review.review.counting import GradeUse, find_use
from han5k_review.review.decisions.revising import RevisionView
from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.tables import Assignment, Case, Reader
from han5k_review.store.vocabulary import GradeLevel, LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRow:
    """One act of grading with everything the sheets say about it.

    `changes` counts the acts before it on the same structure in the same read. `revision` is the
    reader's own newest revision of the graded contour. `planted` is set for a planted error.
    `consensus` is the adjudicator's grade of the contour, where one stands and this grade counts.
    """

    facts: ExportFacts
    grade: GradeRecord
    assignment: Assignment
    reader: Reader
    case: Case
    spacing_mm: tuple[float, float, float]
    structure: Structure | None
    label: LabelRecord
    model: str | None
    title: str | None
    act: str
    use: GradeUse
    planted: PlantedError | None
    protocol_version: str
    is_current: bool
    is_under_review: bool
    first_graded_at_utc: datetime
    changes: int
    revision: RevisionView | None
    reference: ChosenLabel | None
    measured: StoredPanel | None
    consensus: ConsensusGrade | None

    @property
    def verdict(self) -> GradeLevel | None:
        """What counts of the contour: the consensus where one stands, else this reader's level."""
        return self.grade.level if self.consensus is None else self.consensus.level

    @property
    def is_counted(self) -> bool:
        """True for a grade in force of a first read; nothing else is counted as a grade."""
        return self.is_current and self.use is GradeUse.FIRST

    @property
    def arm(self) -> LabelSource:
        """The label source that this read was about, also where an error was planted in it."""
        return self.label.source if self.planted is None else self.planted.source


def build_grade_rows(rows: StudyRows) -> list[GradeRow]:
    """Every act of grading, by case, structure in catalogue order, reader, read, then time."""
    chains: dict[tuple[int, str], list[GradeRecord]] = {}
    for grade in rows.grades:
        chains.setdefault((grade.assignment_id, grade.structure), []).append(grade)
    superseded = {grade.supersedes_id for grade in rows.grades}
    structures = {str(structure.name): structure for structure in rows.catalogue}
    revisions: dict[tuple[int, int], RevisionView] = {}
    for view in rows.revisions:
        revisions[(view.revision.reviewed_id, view.revision.reader_id)] = view
    built = [
        _row(rows, chain, place, structures, revisions, superseded)
        for chain in chains.values()
        for place in range(len(chain))
    ]
    order = {name: place for place, name in enumerate(structures)}

    def by_place(row: GradeRow) -> tuple[object, ...]:
        return (
            row.case.name,
            order.get(row.grade.structure, len(order)),
            row.grade.structure,
            row.reader.pseudonym,
            row.assignment.read_index,
            row.grade.id,
        )

    return sorted(built, key=by_place)


def _row(
    rows: StudyRows,
    chain: Sequence[GradeRecord],
    place: int,
    structures: dict[str, Structure],
    revisions: dict[tuple[int, int], RevisionView],
    superseded: set[int | None],
) -> GradeRow:
    grade = chain[place]
    assignment = rows.assignments[grade.assignment_id]
    label = rows.graded_labels[grade.label_version_id]
    spot = (label.case_id, label.structure)
    under_review = rows.under_review.get(spot)
    use = find_use(assignment, label.source)
    return GradeRow(
        facts=rows.facts,
        grade=grade,
        assignment=assignment,
        reader=rows.readers[assignment.reader_id],
        case=rows.cases[assignment.case_id],
        spacing_mm=rows.spacings_mm[assignment.case_id],
        structure=structures.get(grade.structure),
        label=label,
        model=rows.find_model(label.model_version_id),
        title=_title(rows, grade),
        act=_act(chain, place),
        use=use,
        planted=rows.planted.get(label.id),
        protocol_version=_version(rows, assignment),
        is_current=grade.raw_code is not None and grade.id not in superseded,
        is_under_review=under_review is not None and under_review.label_version_id == label.id,
        first_graded_at_utc=chain[0].graded_at_utc,
        changes=place,
        revision=revisions.get((grade.label_version_id, assignment.reader_id)),
        reference=rows.references.get(spot),
        measured=rows.graded_panels.get(grade.label_version_id),
        consensus=rows.standing.get(label.id) if use is GradeUse.FIRST else None,
    )


def _version(rows: StudyRows, assignment: Assignment) -> str:
    if assignment.protocol_id is None:
        return rows.facts.protocol_version
    return str(rows.protocols[assignment.protocol_id].number)


def _act(chain: Sequence[GradeRecord], place: int) -> str:
    if chain[place].raw_code is None:
        return "withdrawn"
    return "changed" if place and chain[place - 1].raw_code is not None else "graded"


def _title(rows: StudyRows, grade: GradeRecord) -> str | None:
    scale = rows.scales.get(grade.scale)
    for known in scale.grades if scale else ():
        if known.code == grade.raw_code:
            return known.title
    return None
