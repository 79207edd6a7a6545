"""The study of a site: real cases for the worker, and a long list of reads for each reader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlmodel import col, select

from faults_parts.load import DRAWN, Task
from han5k_review.accounts.passwords import hash_password
from han5k_review.review.assigning import assign_cases
from han5k_review.review.row_numbers import RowKind, RowNumbers, number_task
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, LabelVersion, Reader
from han5k_review.store.vocabulary import Split
from rigs.phantom_study import GRID, add_head, build_head, build_study, queue_run
from rigs.studies import add_case, add_identity, add_label, add_reader

PASSWORD = "a benchmark's password"


def build_site_study(root: Path, url: str | None, *, readers: int, reads: int, runs: int) -> Study:
    """Cases of which all share one small head; `runs` tiny trainings wait for a worker."""
    study = build_study(root, url=url)
    add_identity(study, "Faults")
    password_hash = hash_password(PASSWORD)
    masks = build_head(0).masks
    with transaction(study.engine) as session:
        first, _ = add_head(session, study, 100, Split.HELD_OUT)
        for number in range(readers):
            reader = add_reader(session, name_of(number))
            reader.password_hash = password_hash
            cases = []
            for read in range(reads):
                case = add_case(
                    session, f"L-{number}-{read:03d}", GRID, image_sha256=first.image_sha256
                )
                for structure, mask in masks.items():
                    add_label(session, study, case, structure, mask)
                cases.append(case)
            assign_cases(session, reader=reader, cases=cases, actor="faults", now=utc_now())
    for _ in range(runs):
        queue_run(study)
    return study


def name_of(number: int) -> str:
    """The account of a reader."""
    return f"reader{number}"


def list_tasks(study: Study, number: int) -> Sequence[Task]:
    """The reads of a reader, in order."""
    mask = build_head(0).masks[DRAWN]
    with reading(study.engine) as session:
        reader = session.exec(select(Reader).where(Reader.name == name_of(number))).one()
        rows = session.exec(
            select(Assignment)
            .where(Assignment.reader_id == stored_id(reader))
            .order_by(col(Assignment.id))
        ).all()
        contours: dict[int, list[LabelVersion]] = {}
        for label in session.exec(select(LabelVersion)):
            contours.setdefault(label.case_id, []).append(label)
        return [
            Task(
                assignment=stored_id(row),
                numbers=_number(number_task(study.root, stored_id(row)), contours[row.case_id]),
                mask=mask,
            )
            for row in rows
        ]


def _number(numbers: RowNumbers, contours: Sequence[LabelVersion]) -> dict[str, int]:
    return {one.structure: numbers.show(RowKind.LABEL_VERSION, one.id) for one in contours}
