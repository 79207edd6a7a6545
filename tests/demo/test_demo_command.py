"""The demo study of the command: a model in use, and readers who revised its errors."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session, select

from han5k_review.cli.demo_review import REVISED
from han5k_review.cli.main import main
from han5k_review.metrics import measure_pair
from han5k_review.retraining.models.shipped_model import read_shipped_model
from han5k_review.retraining.runs.plan import RunRequest, plan_run
from han5k_review.retraining.teaching.trust import TrustReason
from han5k_review.review.accepted import list_accepted
from han5k_review.review.labels import list_under_review
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import Case, ModelVersion
from han5k_review.store.vocabulary import LabelSource, ModelState, Split
from han5k_review.study import grid_of, read_study_catalogue

MODEL = Path(__file__).resolve().parents[2] / "data" / "demo_model"


@pytest.fixture(scope="module")
def study(demo_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    study = open_study(shutil.copytree(demo_study, tmp_path_factory.mktemp("demo") / "study"))
    yield study
    study.engine.dispose()


def get_case(session: Session, split: Split) -> Case:
    return session.exec(select(Case).where(Case.split == split)).one()


def test_the_models_weights_are_the_registered_ones() -> None:
    shipped = read_shipped_model(MODEL)
    weights = MODEL / "model" / "fold_0" / "checkpoint_final.pth"
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == shipped.checkpoint_sha256
    assert set(REVISED) <= set(shipped.labels)
    card = (MODEL / "README.md").read_text()
    assert all(name in card for name in shipped.labels)


@pytest.mark.training
def test_the_projects_model_is_in_use_and_its_contours_are_under_review(study: Study) -> None:
    with reading(study.engine) as session:
        model = session.exec(select(ModelVersion)).one()
        assert model.state == ModelState.PROMOTED
        for split in Split:
            under = list_under_review(session, stored_id(get_case(session, split)))
            for name, label in under.items():
                predicted = name in model.labels
                assert (label.source is LabelSource.PREDICTION) is predicted, name
            assert set(model.labels) <= set(under)


@pytest.mark.training
def test_reads_of_a_protocol_are_not_added_to_an_empty_demo(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--cases", "2", "--study", str(study.root)])
    assert ended.value.code == 2
    assert "A new folder was expected for the demo" in " ".join(capsys.readouterr().err.split())


@pytest.mark.training
def test_retrain_continues_the_model_in_use_unless_told_otherwise(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, continues in (((), True), (("--from-scratch",), False)):
        with pytest.raises(SystemExit) as ended:
            main(["retrain", "--dry-run", *words, "--study", str(study.root)])
        assert not ended.value.code
        said = capsys.readouterr().out
        assert ("Continues model 1 (demo-model), in use" in said) is continues
        assert ("No parent model" in said) is not continues
        assert "GB of disk (" in " ".join(said.split())


@pytest.mark.training
def test_readers_revised_what_it_draws_wrongly_and_a_run_can_start(study: Study) -> None:
    with reading(study.engine) as session:
        case = get_case(session, Split.TRAIN)
        grid = grid_of(case)
        accepted = list_accepted(session)
        assert {key[1] for key in accepted} == set(REVISED)
        for (_, name), found in accepted.items():
            truth = study.labels.get_mask(found.contour.mask_sha256, grid)
            label = list_under_review(session, stored_id(case))[name]
            predicted = study.labels.get_mask(label.mask_sha256, grid)
            assert measure_pair(truth, predicted, grid.spacing_mm).dice < 0.85, name
        catalogue = read_study_catalogue(study)
        request = RunRequest(group="2", parent_model_id=1)
        plan = plan_run(session, study, catalogue, request)
    assert plan.refusals == ()
    taught = {row.structure: row.reasons for row in plan.structures if row.in_model}
    assert all(TrustReason.REVISION_ACCEPTED in taught[name] for name in REVISED)
    assert all(TrustReason.REPLAYED in taught[name] for name in set(taught) - set(REVISED))
