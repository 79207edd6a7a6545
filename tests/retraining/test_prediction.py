from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.errors import RuleError
from han5k_review.retraining.commands import promote
from han5k_review.retraining.jobs import JobFolder
from han5k_review.retraining.launcher import LocalLauncher
from han5k_review.retraining.prediction import predict_cases
from han5k_review.review.labels import list_under_review
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import LabelSource

pytestmark = pytest.mark.training
CASES = ("HN-000", "HN-004")


def test_a_promoted_model_begins_a_new_review_round(
    trained: tuple[Study, int], tmp_path: Path
) -> None:
    original, run_id = trained
    original.engine.dispose()
    shutil.copytree(original.root, tmp_path / "copy")
    study = open_study(tmp_path / "copy")
    with pytest.raises(RuleError, match="A promoted model was expected"):
        predict_cases(study, 1, CASES, actor="lead")
    with transaction(study.engine) as session:
        model = promote(
            session, run_id, actor="lead", reason="first", now=utc_now(), despite_gate=True
        )
        model_id = model.id or 0
    with pytest.raises(RuleError, match="found HN-099"):
        predict_cases(study, model_id, ("HN-000", "HN-099"), actor="lead")
    killed: list[int] = []

    def pause(seconds: float) -> None:
        for path in study.runs.glob("predict-*"):
            process = LocalLauncher().find(JobFolder(path=path))
            if process is not None and not killed:
                os.kill(process.pid, signal.SIGKILL)
                killed.append(process.pid)
        time.sleep(seconds)

    report = predict_cases(study, model_id, CASES, actor="lead", poll_seconds=0.1, pause=pause)
    assert (report.cases, report.new_labels, len(killed)) == (2, 4, 1)
    with reading(study.engine) as session:
        for name in CASES:
            case = session.exec(select(Case).where(Case.name == name)).one()
            under = list_under_review(session, case.id or 0)
            assert under["BrainStem"].source is LabelSource.PREDICTION
            assert under["BrainStem"].model_version_id == model_id
            assert under["ParotidR"].source is LabelSource.PSEUDO
    again = predict_cases(study, model_id, CASES, actor="lead", poll_seconds=0.1)
    assert (again.cases, again.new_labels) == (2, 0)
