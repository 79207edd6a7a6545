"""What the case page shows of one case: every structure with its grades and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlmodel import Session, col, distinct, func, select

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.evaluation.rows import list_case_metrics
from han5k_review.retraining.predictions.doubts import DOUBTFUL, find_disagreements
from han5k_review.review.drafts.unsubmitted import count_drafts
from han5k_review.review.grading import list_grades_in_force
from han5k_review.review.labels import UNDER_REVIEW, list_under_review
from han5k_review.store.draft_tables import Draft
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case, LabelVersion, Reader
from han5k_review.store.vocabulary import LabelSource
from han5k_review.study import list_cases


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """One row of the case list."""

    case: Case
    pseudo_labels: int
    references: int
    readers: int
    open_drafts: int
    disagreements: tuple[float, ...]
    """Of the contours under review whose model drew them several times."""


def list_case_summaries(session: Session) -> list[CaseSummary]:
    """All cases by name; the number of queries does not grow with the cases."""
    under_review = _count_structures(session, UNDER_REVIEW)
    references = _count_structures(session, (LabelSource.REFERENCE,))
    readers = dict(
        session.exec(
            select(Assignment.case_id, func.count())
            .where(Assignment.read_index > ADJUDICATION_INDEX)
            .group_by(col(Assignment.case_id))
        ).all()
    )
    disagreements = _list_disagreements(session)
    drafts = count_drafts(session, col(Draft.case_id))
    return [
        CaseSummary(
            case=case,
            pseudo_labels=under_review.get(number, 0),
            references=references.get(number, 0),
            readers=readers.get(number, 0),
            open_drafts=drafts.get(number, 0),
            disagreements=tuple(disagreements.get(number, ())),
        )
        for case in list_cases(session)
        for number in (stored_id(case),)
    ]


def _count_structures(session: Session, sources: Sequence[LabelSource]) -> dict[int, int]:
    """Case id -> of how many structures it has a contour of these sources."""
    found = session.exec(
        select(LabelVersion.case_id, func.count(distinct(col(LabelVersion.structure))))
        .where(col(LabelVersion.source).in_(sources))
        .group_by(col(LabelVersion.case_id))
    )
    return dict(found.all())


def _list_disagreements(session: Session) -> dict[int, list[float]]:
    """Case id -> the disagreements of its contours under review, where they were measured."""
    doubts = find_disagreements(session)
    found: dict[int, list[float]] = {}
    if not doubts:
        return found
    newest = session.exec(
        select(LabelVersion.case_id, func.max(LabelVersion.id))
        .where(col(LabelVersion.source).in_(UNDER_REVIEW))
        .group_by(col(LabelVersion.case_id), col(LabelVersion.structure))
    )
    for case_id, number in newest:
        if number in doubts:
            found.setdefault(case_id, []).append(doubts[number])
    return found


def build_case_list_frame(rows: Sequence[CaseSummary]) -> pd.DataFrame:
    """One line per case; how doubtful its contours are, where that was measured of any."""
    frame = pd.DataFrame(
        {
            "Case": [row.case.name for row in rows],
            "Patient": [row.case.patient for row in rows],
            "Split": [row.case.split.value.replace("_", " ") for row in rows],
        }
    )
    if any(row.disagreements for row in rows):
        found = [row.disagreements for row in rows]
        frame["doubtful"] = pd.array(
            [sum(d >= DOUBTFUL for d in each) if each else None for each in found], dtype="Int64"
        )
        frame["largest_disagreement"] = [max(each, default=None) for each in found]
    frame["Matrix"] = [" x ".join(str(n) for n in row.case.shape_ijk) for row in rows]
    frame["Pseudo-labels"] = [row.pseudo_labels for row in rows]
    frame["References"] = [row.references for row in rows]
    frame["Readers"] = [row.readers for row in rows]
    frame["Edits not submitted"] = pd.array(
        [row.open_drafts or None for row in rows], dtype="Int64"
    )
    frame["Imported (UTC)"] = [row.case.imported_at_utc for row in rows]
    return frame


def build_case_frame(session: Session, catalogue: Catalogue, case: Case) -> pd.DataFrame:
    """One line per structure: volume, each reader's grade, and the panel against the reference.

    `disagreement` is a column where any contour under review was drawn several times.
    """
    labels = list_under_review(session, stored_id(case))
    metrics = {row.structure: row for row in list_case_metrics(session, catalogue, case.name)}
    grades = _grades_by_reader(session, case)
    doubts = find_disagreements(session, [stored_id(label) for label in labels.values()])
    lines = []
    for structure in catalogue:
        label, row = labels.get(structure.name), metrics.get(structure.name)
        if label is None and row is None:
            continue
        panel = row.panel if row else None
        line: dict[str, object] = {
            "structure": structure.name,
            "volume_cc": label.volume_cc if label else None,
        }
        if doubts:
            line["disagreement"] = doubts.get(stored_id(label)) if label else None
        for reader, given in grades.items():
            line[reader] = given.get(structure.name, "")
        for column in ("dice", "hd95_mm", "surface_dice", "masd_mm", "volume_reference_cc", "vrd"):
            line[column] = getattr(panel, column) if panel else None
        line["definition"] = f"{panel.definition.value} {panel.definition_version}" if panel else ""
        line["reason"] = (row.reason if row else None) or ""
        lines.append(line)
    return pd.DataFrame(lines)


def _grades_by_reader(session: Session, case: Case) -> dict[str, dict[str, str]]:
    found = session.exec(
        select(Assignment, Reader)
        .join(Reader, col(Reader.id) == Assignment.reader_id)
        .where(Assignment.case_id == case.id, Assignment.read_index > ADJUDICATION_INDEX)
        .order_by(col(Reader.id))
    ).all()
    grades = list_grades_in_force(session, [stored_id(assignment) for assignment, _ in found])
    given: dict[str, dict[str, str]] = {}
    for assignment, reader in found:
        given[reader.pseudonym] = {
            structure: grade.raw_code or ""
            for (number, structure), grade in grades.items()
            if number == assignment.id
        }
    return given


def build_history_frame(session: Session, case: Case) -> pd.DataFrame:
    """Every label version of the case, oldest first."""
    rows = session.exec(
        select(LabelVersion).where(LabelVersion.case_id == case.id).order_by(col(LabelVersion.id))
    ).all()
    return pd.DataFrame(
        {
            "Version": [row.id for row in rows],
            "Structure": [row.structure for row in rows],
            "Source": [row.source.value for row in rows],
            "Corrects": [row.started_from_id for row in rows],
            "Volume cc": [row.volume_cc for row in rows],
            "Made (UTC)": [row.created_at_utc for row in rows],
            "Mask SHA-256": [row.mask_sha256[:12] for row in rows],
            "Note": [row.note for row in rows],
        }
    )
