"""What the command says of a run's scores."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.cli.runs import print_run
from han5k_review.retraining.teaching.run_scores import list_paired_scores
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RunScore
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import Arm, ReferenceKind, Split
from han5k_review.ui.retraining.run_charts import build_worst_frame
from rigs.phantom_study import build_study, queue_run


def test_a_run_without_contours_before_shows_the_scores_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = build_study(tmp_path / "study")
    run_id = queue_run(study)
    with transaction(study.engine) as session:
        held_out = session.exec(select(Case).where(Case.split == Split.HELD_OUT)).all()
        for case, dice in zip(held_out, (0.7, 0.9), strict=True):
            session.add(
                RunScore(
                    run_id=run_id,
                    case_id=stored_id(case),
                    structure="ParotidL",
                    arm=Arm.CANDIDATE,
                    reference_kind=ReferenceKind.REFERENCE,
                    reference_sha256="1",
                    prediction_sha256="2",
                    dice=dice,
                    hd95_mm=4.0,
                    volume_prediction_cc=20.0,
                )
            )
    print_run(study, run_id)
    said = [line for line in capsys.readouterr().out.splitlines() if "ParotidL" in line]
    assert said[0].split()[1:4] == ["2", "-", "0.800"]
    assert "nothing to compare with in 2 cases without a contour before the run" in said[1]
    with reading(study.engine) as session:
        frame = build_worst_frame(list_paired_scores(session, run_id))
    assert list(frame["After Dice"]) == [0.7, 0.9]
