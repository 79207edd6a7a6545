"""What the case page shows of one case: every structure with its grades and numbers."""

from __future__ import annotations

import pandas as pd
from sqlmodel import Session, col, select

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.evaluation.rows import list_case_metrics
from han5k_review.review.grading import list_grades_in_force
from han5k_review.review.labels import list_under_review
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case, LabelVersion, Reader
from han5k_review.study.scale import Scale
from han5k_review.triage.doubts import find_unsure
from han5k_review.ui.local_time import say_time
from han5k_review.ui.tables import list_telling


def build_case_frame(
    session: Session, catalogue: Catalogue, scale: Scale, case: Case
) -> pd.DataFrame:
    """One line per structure: volume, each reader's grade, and the panel against the reference.

    `disagreement` is a column where any contour under review was predicted several times,
    `entropy` where the network told how unsure it was.
    """
    labels = list_under_review(session, stored_id(case))
    metrics = {row.structure: row for row in list_case_metrics(session, catalogue, case.name)}
    grades = _grades_by_reader(session, scale, case)
    numbers = [stored_id(label) for label in labels.values()]
    doubts, entropies = find_unsure(session, numbers)
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
        if entropies:
            line["entropy"] = entropies.get(stored_id(label)) if label else None
        for reader, given in grades.items():
            line[reader] = given.get(structure.name, "")
        for column in ("dice", "hd95_mm", "surface_dice", "masd_mm", "volume_reference_cc", "vrd"):
            line[column] = getattr(panel, column) if panel else None
        line["definition"] = f"{panel.definition.value} {panel.definition_version}" if panel else ""
        line["reason"] = (row.reason if row else None) or ""
        lines.append(line)
    return pd.DataFrame(lines)


def choose_columns(frame: pd.DataFrame) -> tuple[list[str], str]:
    """The columns that say something in any row; the definition of distances, when all rows share
    one, is said once and has no column."""
    columns = list_telling(frame, map(str, frame))
    found = set(frame["definition"]) - {""} if "definition" in columns else set()
    if len(found) != 1:
        return columns, ""
    return [name for name in columns if name != "definition"], str(found.pop())


def _grades_by_reader(session: Session, scale: Scale, case: Case) -> dict[str, dict[str, str]]:
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
            structure: scale.say(grade.raw_code)
            for (number, structure), grade in grades.items()
            if number == assignment.id
        }
    return given


def describe_case(case: Case) -> str:
    """Patient, split, matrix, and when it came in, in one line."""
    matrix = " x ".join(map(str, case.shape_ijk))
    split = case.split.value.replace("_", " ")
    imported = say_time(case.imported_at_utc)
    return f"Patient {case.patient}, {split}, matrix {matrix}, imported {imported}."


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
            "Made": [say_time(row.created_at_utc) for row in rows],
            "Mask SHA-256": [row.mask_sha256[:12] for row in rows],
            "Algorithm": [row.algorithm for row in rows],
            "Note": [row.note for row in rows],
        }
    )
