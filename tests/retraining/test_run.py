"""A whole run on real nnU-Net: from trusted contours to a measured candidate."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.training.dataloading.nnunet_dataset import nnUNetDatasetBlosc2
from sqlmodel import select

from han5k_review.errors import DataError, RuleError
from han5k_review.imaging.pieces import keep_largest, share_of_largest
from han5k_review.retraining.jobs.piece_rule import PieceCount, Postprocessing
from han5k_review.retraining.jobs.tasks import ModelFolder, TrainJob
from han5k_review.retraining.models.model_decisions import roll_back
from han5k_review.retraining.models.model_facts import read_facts, write_facts
from han5k_review.retraining.models.model_folders import hash_file, locate_model
from han5k_review.retraining.models.postprocessing import decide_postprocessing
from han5k_review.retraining.models.postprocessing_files import write_postprocessing
from han5k_review.retraining.network.checkpoints import read_plain
from han5k_review.retraining.network.predicting.open_models import open_model
from han5k_review.retraining.network.predicting.volume_prediction import predict_case
from han5k_review.retraining.network.training.dataset import prepare_dataset
from han5k_review.retraining.network.working_grid import reduce_volume
from han5k_review.retraining.runs.run_commands import decline, promote
from han5k_review.retraining.runs.run_folders import manifest_path, train_folder
from han5k_review.retraining.runs.run_views import get_run_view, list_models
from han5k_review.retraining.worker import run_one
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RunScore
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import Audit, Case, LabelVersion, ModelVersion
from han5k_review.store.vocabulary import Arm, LabelSource, ModelState, RunState, Split
from rigs.phantom_study import TINY, queue_run
from tests.retraining.warm_launcher import WarmLauncher

pytestmark = pytest.mark.training


@pytest.fixture
def copy(trained: tuple[Study, int], tmp_path: Path) -> tuple[Study, int]:
    """The trained study, to change."""
    study, run_id = trained
    study.engine.dispose()
    shutil.copytree(study.root, tmp_path / "copy")
    return open_study(tmp_path / "copy"), run_id


def get_model(study: Study, run_id: int) -> ModelVersion:
    with reading(study.engine) as session:
        return session.exec(select(ModelVersion).where(ModelVersion.run_id == run_id)).one()


def test_a_run_ends_with_a_registered_candidate_and_scores(trained: tuple[Study, int]) -> None:
    study, run_id = trained
    with reading(study.engine) as session:
        view = get_run_view(session, study, run_id)
    assert view.result is not None
    assert view.result.labels == {"BrainStem": 1, "ParotidL": 2}
    assert view.result.state == ModelState.CANDIDATE
    assert view.result.card["training"]["trusted_contours"] == {"BrainStem": 3, "ParotidL": 3}
    assert [e["epoch"] for e in view.epochs] == [1, 2, 3, 4]
    assert set(view.epochs[0]["pseudo_dice"]) == {"BrainStem", "ParotidL"}
    assert len(view.scores) == 4
    assert [(v.structure, v.scored_cases) for v in view.verdicts] == [
        ("BrainStem", 2),
        ("ParotidL", 2),
    ]
    assert all("2 of at least 5 patients to judge on" in v.reasons for v in view.verdicts)
    assert hash_file(manifest_path(study, run_id)) == view.run.manifest_sha256


def test_without_a_parent_before_is_the_present_pseudo_label(trained: tuple[Study, int]) -> None:
    study, run_id = trained
    with reading(study.engine) as session:
        before = session.exec(
            select(RunScore.case_id, RunScore.structure, RunScore.prediction_sha256).where(
                RunScore.run_id == run_id, RunScore.arm == Arm.PARENT
            )
        ).all()
        pseudo = session.exec(
            select(LabelVersion.case_id, LabelVersion.structure, LabelVersion.mask_sha256)
            .join(Case, Case.id == LabelVersion.case_id)  # type: ignore[arg-type]
            .where(Case.split == Split.HELD_OUT, LabelVersion.source == LabelSource.PSEUDO)
            .where(LabelVersion.structure != "ParotidR")
        ).all()
        events = get_run_view(session, study, run_id).events
    assert len(before) == 4
    assert set(before) == set(pseudo), "each held-out case's own contours of what was trained"
    assert any(e.kind == "before" for e in events)


def test_predictions_of_held_out_cases_are_stored_label_files(trained: tuple[Study, int]) -> None:
    study, run_id = trained
    with reading(study.engine) as session:
        rows = session.exec(
            select(RunScore, Case)
            .join(Case, Case.id == RunScore.case_id)  # type: ignore[arg-type]
            .where(RunScore.run_id == run_id, RunScore.arm == Arm.CANDIDATE)
        ).all()
    assert len(rows) == 4, "two cases, two structures"
    for row, case in rows:
        grid = study.volumes.get_index(case.image_sha256).grid
        mask = study.labels.get_mask(row.prediction_sha256, grid)
        assert mask.volume_cc == pytest.approx(row.volume_prediction_cc)


def test_stock_nnunet_opens_the_model_and_predicts_the_same(trained: tuple[Study, int]) -> None:
    study, run_id = trained
    registered = locate_model(study, get_model(study, run_id))
    with reading(study.engine) as session:
        case = session.exec(select(Case).where(Case.name == "HN-003")).one()
    volume = study.volumes.get_volume(case.image_sha256)
    torch.set_num_threads(1)
    stock = nnUNetPredictor(use_mirroring=False, device=torch.device("cpu"), allow_tqdm=False)
    stock.initialize_from_trained_model_folder(str(registered.folder), (0,))
    own = stock.dataset_json["han5k_review"]
    working, hu = reduce_volume(volume, own["working_spacing_mm"], crop_to_body=own["crop_to_body"])
    i, j, k = working.grid.spacing_mm
    values = stock.predict_single_npy_array(
        np.ascontiguousarray(hu.transpose(2, 1, 0))[None], {"spacing": [k, j, i]}
    ).transpose(2, 1, 0)
    ours = predict_case(open_model(registered, "cpu"), volume)
    assert any(mask.voxel_count for mask in ours.values())
    for name, value in {"BrainStem": 1, "ParotidL": 2}.items():
        # classes are resampled by torch, not by skimage: a tie of two may fall otherwise
        same = working.reduce_mask(ours[name]).dense() == (values == value)
        assert np.mean(same) > 0.999


def test_what_the_parent_predicted_is_taught_as_it_predicted_it(
    trained: tuple[Study, int], tmp_path: Path
) -> None:
    study, run_id = trained
    parent = locate_model(study, get_model(study, run_id))
    job = train_folder(study, run_id).read_job()
    assert isinstance(job, TrainJob)
    case = replace(job.cases[0], predicted_by_parent=("BrainStem", "ParotidL"))
    torch.set_num_threads(1)
    prepared = prepare_dataset(
        replace(job, cases=(case,), parent=parent), tmp_path, lambda *_: None
    )
    folder = prepared.folder / prepared.plans["configurations"]["3d_fullres"]["data_identifier"]
    data, seg, _, properties = nnUNetDatasetBlosc2(str(folder)).load_case(case.name)
    model = open_model(parent, "cpu", job.settings.tile_step)
    image = torch.from_numpy(np.asarray(data[:]))
    predicted = model.predictor.predict_sliding_window_return_logits(image).argmax(0).numpy()
    taught = np.asarray(seg[:])[0]
    assert predicted.any()
    assert np.array_equal(np.where(taught < 0, 0, taught), np.where(taught < 0, 0, predicted))
    for value in np.unique(predicted[(predicted > 0) & (taught >= 0)]):  # patches are centred there
        places = properties["class_locations"][int(value)]
        assert len(places)
        assert set(taught[tuple(places[:, 1:].T)]) == {value}
    plain = replace(job, cases=(job.cases[0],), parent=parent)
    prepared = prepare_dataset(plain, tmp_path / "plain", lambda *_: None)
    _, seg, _, _ = nnUNetDatasetBlosc2(str(prepared.folder / folder.name)).load_case(case.name)
    assert not np.array_equal(np.asarray(seg[:])[0], taught)


def test_a_checkpoint_with_another_hash_is_not_opened(copy: tuple[Study, int]) -> None:
    study, run_id = copy
    registered = locate_model(study, get_model(study, run_id))
    content = bytearray(registered.checkpoint.read_bytes())
    content[len(content) // 2] ^= 1
    registered.checkpoint.write_bytes(bytes(content))
    with pytest.raises(DataError, match="was registered with SHA-256"):
        open_model(registered, "cpu")


class _Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("ran"),))  # type: ignore[return-value]


def test_code_in_a_checkpoint_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bad = tmp_path / "fold_0" / "checkpoint_final.pth"
    bad.parent.mkdir()
    torch.save({"network_weights": _Payload()}, bad)
    renamed = ModelFolder(folder=tmp_path, checkpoint_sha256=hash_file(bad))
    with pytest.raises(DataError, match="A checkpoint was expected"):
        open_model(renamed, "cpu")
    assert not (tmp_path / "ran").exists()


def test_a_person_decides_with_a_reason_and_the_record_shows_it(copy: tuple[Study, int]) -> None:
    study, run_id = copy
    with (
        pytest.raises(RuleError, match="Please give a reason"),
        transaction(study.engine) as session,
    ):
        decline(session, run_id, actor="lead", reason=" ", now=utc_now())
    with transaction(study.engine) as session:
        decline(session, run_id, actor="lead", reason="too coarse", now=utc_now())
    with reading(study.engine) as session:
        view = get_run_view(session, study, run_id)
        audit = session.exec(select(Audit).where(Audit.action == "run declined")).one()
    assert view.run.state is RunState.DECLINED
    assert audit.detail["reason"] == "too coarse"
    with (
        pytest.raises(RuleError, match="there is no model to decide on"),
        transaction(study.engine) as session,
    ):
        promote(session, run_id, actor="lead", reason="after all", now=utc_now())


def register_one_piece(study: Study, model: ModelVersion) -> None:
    """Give a model the rule that it would have from twelve contours of each structure."""
    twelve = PieceCount(contours=12, one_piece=12)
    rule = decide_postprocessing(
        tuple(model.labels), dict.fromkeys(model.labels, twelve), Postprocessing()
    )
    written = write_postprocessing(locate_model(study, model), rule)
    model.card = write_facts(replace(read_facts(model), postprocessing=written))


def list_predicted(study: Study, run_id: int) -> tuple[dict[tuple[str, str], np.ndarray], ...]:
    """(structure, case) -> voxels, of the run's parent and of its candidate."""
    predicted: dict[Arm, dict[tuple[str, str], np.ndarray]] = {arm: {} for arm in Arm}
    with reading(study.engine) as session:
        rows = session.exec(
            select(RunScore, Case)
            .join(Case, Case.id == RunScore.case_id)  # type: ignore[arg-type]
            .where(RunScore.run_id == run_id)
        ).all()
    for row, case in rows:
        grid = study.volumes.get_index(case.image_sha256).grid
        mask = study.labels.get_mask(row.prediction_sha256, grid)
        predicted[row.arm][row.structure, case.name] = mask.dense()
    return predicted[Arm.PARENT], predicted[Arm.CANDIDATE]


def test_a_child_continues_the_promoted_parent_and_is_measured_against_it(
    copy: tuple[Study, int],
) -> None:
    study, run_id = copy
    with transaction(study.engine) as session:
        promoted = promote(
            session, run_id, actor="lead", reason="first", now=utc_now(), despite_gate=True
        )
        parent_id = stored_id(promoted)
        register_one_piece(study, promoted)
        parent_card = promoted.checkpoint_sha256
    child_run = queue_run(
        study,
        parent_model_id=parent_id,
        overrides={**TINY, "epochs": 1, "learning_rate_adapt": 1e-9},
    )
    state = run_one(study, child_run, launcher=WarmLauncher(), poll_seconds=0.1)
    assert state is RunState.AWAITING_APPROVAL
    child = get_model(study, child_run)
    assert child.parent_id == parent_id
    assert child.card["training"]["parent_checkpoint_sha256"] == parent_card
    with reading(study.engine) as session:
        parent = session.get_one(ModelVersion, parent_id)
        view = get_run_view(session, study, child_run)
    before = read_plain(locate_model(study, parent).checkpoint)["network_weights"]
    after = read_plain(locate_model(study, child).checkpoint)["network_weights"]
    assert all(torch.allclose(before[name], after[name], atol=1e-4) for name in before)
    plans = [
        json.loads((locate_model(study, m).folder / "plans.json").read_text())
        for m in (parent, child)
    ]
    assert plans[0] == plans[1]
    # the child learned next to nothing (its rate is 1e-9): before and after are one prediction
    assert len(view.scores) == 4
    for score in view.scores:
        assert score.after_dice == pytest.approx(score.before_dice, abs=0.01)
    assert child.card["postprocessing"]["keep_largest"] == ["BrainStem", "ParotidL"]
    raw, (before_gate, after_gate) = (
        list_predicted(study, run_id)[1],
        list_predicted(study, child_run),
    )
    assert min(share_of_largest(mask) for (name, _), mask in raw.items() if name != "BrainStem") < 1
    for place, mask in raw.items():
        assert np.array_equal(before_gate[place], keep_largest(mask)), "one's own rule before"
        assert share_of_largest(after_gate[place]) == (1 if after_gate[place].any() else 0)
    with transaction(study.engine) as session:
        promote(session, child_run, actor="lead", reason="next", now=utc_now(), despite_gate=True)
    with transaction(study.engine) as session:
        states = {m.id: m.state for m in list_models(session, "2")}
        assert states == {parent_id: ModelState.RETIRED, child.id: ModelState.PROMOTED}
        roll_back(session, parent_id, actor="lead", reason="worse in clinic", now=utc_now())
        states = {m.id: m.state for m in list_models(session, "2")}
        assert states == {parent_id: ModelState.PROMOTED, child.id: ModelState.RETIRED}
