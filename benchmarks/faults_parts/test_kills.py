"""The look at what is lost sees a loss, and a change of what was acknowledged."""

from __future__ import annotations

from pathlib import Path

from faults_parts.record import GRADE, STROKE, Record, list_losses
from han5k_review.store.engine import transaction
from han5k_review.store.tables import Assignment
from han5k_review.store.vocabulary import GradeLevel
from rigs.databases import open_new_study
from rigs.phantom_study import GRID, add_grade
from rigs.studies import add_case, add_label, add_reader, make_box


def test_an_act_that_is_missing_or_says_something_else_is_a_loss(tmp_path: Path) -> None:
    study = open_new_study(tmp_path / "study")
    with transaction(study.engine) as session:
        case = add_case(session, "HN-001", GRID)
        reader = add_reader(session, "anna")
        task = Assignment(case_id=case.id, reader_id=reader.id, presentation_order=0)
        session.add(task)
        session.flush()
        label = add_label(session, study, case, "Aorta", make_box(GRID, (1, 3), (1, 3), (1, 3)))
        key = add_grade(session, task, label, GradeLevel.MINOR).request_id
        said = f"{task.id} Aorta minor"
    record = Record()
    record.add(GRADE, key, said)
    assert list_losses(study, record) == []
    record.add(GRADE, key, said.replace("minor", "major"))
    record.add(STROKE, "never stored", "version 1, 8 voxels")
    altered, missing = list_losses(study, record)
    assert f"stored: {said}" in altered
    assert missing.endswith("stored: nothing")
    study.engine.dispose()
