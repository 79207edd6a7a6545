"""Results and cards as earlier code wrote them: read as typed values, and none is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from han5k_review.errors import DataError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import (
    FilesResult,
    ImportResult,
    JobOutcome,
    JobResult,
    PredictResult,
    TrainResult,
)
from han5k_review.retraining.jobs.tasks import (
    FileForm,
    FilesJob,
    Job,
    ModelFolder,
    PredictJob,
    TrainJob,
)
from han5k_review.retraining.models.model_facts import read_facts
from han5k_review.retraining.settings import resolve_settings
from han5k_review.store.tables import ModelVersion

SHA = "ab" * 32
RULE = {
    "sha256": SHA,
    "keep_largest": ["BrainStem"],
    "counts": {"BrainStem": {"contours": 6, "one_piece": 6, "inherited": False}},
    "neighbours": 26,
}


def folder_with(path: Path, job: Job, written: dict[str, Any]) -> JobFolder:
    folder = JobFolder(path=path)
    folder.write_job(job)
    (path / "result.json").write_text(json.dumps(written))
    return folder


def train_job() -> TrainJob:
    return TrainJob(
        volumes=Path("v"),
        masks=Path("m"),
        labels={"BrainStem": 1},
        inside={},
        cases=(),
        settings=resolve_settings("smoke"),
        device="cpu",
    )


def test_a_training_that_began_before_is_taken_over_with_what_it_tells(tmp_path: Path) -> None:
    values = {"checkpoint_sha256": SHA, "epochs": 4, "patch_zyx": [8, 16, 16], "nested": {}}
    written = {"outcome": "done", "error": "", "values": values}
    found = folder_with(tmp_path, train_job(), written).find_result()
    assert found is not None
    trained = found.get(TrainResult)
    assert (trained.checkpoint_sha256, trained.patch_zyx) == (SHA, (8, 16, 16))
    assert (trained.postprocessing, trained.seconds) == (None, None)
    with pytest.raises(DataError, match="A PredictResult was expected"):
        found.get(PredictResult)


def test_what_was_predicted_before_keeps_its_doubts(tmp_path: Path) -> None:
    doubt = {"members": 3, "disagreement": 0.25, "volume_spread": None}
    values = {
        "masks": {"model": {"HN-001": {"BrainStem": SHA}}},
        "doubts": {"model": {"HN-001": {"BrainStem": doubt}}},
        "seconds": 1.5,
    }
    job = PredictJob(
        volumes=Path("v"),
        masks=Path("m"),
        models={},
        cases=(),
        settings=resolve_settings("smoke"),
        device="cpu",
    )
    written = {"outcome": "done", "error": "", "values": values}
    found = folder_with(tmp_path, job, written).find_result()
    assert found is not None
    predicted = found.get(PredictResult)
    assert predicted.masks["model"]["HN-001"] == {"BrainStem": SHA}
    assert predicted.doubts["model"]["HN-001"]["BrainStem"].disagreement == 0.25
    assert predicted.entropies == {}, "nothing was measured then, and nothing is made up"


@pytest.mark.parametrize("outcome", [JobOutcome.CANCELLED, JobOutcome.FAILED])
def test_a_job_that_broke_off_has_no_values(tmp_path: Path, outcome: JobOutcome) -> None:
    written = {"outcome": outcome.value, "error": "no disk", "values": {}}
    found = folder_with(tmp_path, train_job(), written).find_result()
    assert found == JobResult(outcome=outcome, error="no disk")


def test_a_result_of_another_shape_is_one_sentence(tmp_path: Path) -> None:
    written = {"outcome": "done", "error": "", "values": {"checkpoint_sha256": 5}}
    with pytest.raises(DataError, match="What the job produced was expected in"):
        folder_with(tmp_path, train_job(), written).find_result()


def test_cards_of_before_say_what_they_said() -> None:
    training = {
        "run": 3,
        "preset": "smoke",
        "settings": {"epochs": 4, "seed": 1, "optimizer": "adamw", "working_spacing_mm": 5.0},
        "cases": 3,
        "trusted_contours": {"BrainStem": 3},
        "parent_checkpoint_sha256": None,
        "nested": {},
        "epochs": 4,
    }
    card = {"use": "Research", "training": training, "postprocessing": RULE}
    model = ModelVersion(name="m", folder="m", checkpoint_sha256=SHA, labels={}, card=card)
    facts = read_facts(model)
    assert facts.training is not None
    assert (facts.training.told.working_spacing_mm, facts.training.told.mirroring) == (5.0, False)
    assert facts.postprocessing is not None
    assert facts.postprocessing.counts["BrainStem"].contours == 6
    bare = ModelVersion(name="n", folder="n", checkpoint_sha256=SHA, labels={}, card={})
    assert read_facts(bare).training is None
    model.card = {"training": "by hand"}
    with pytest.raises(DataError, match="The card of the model m was expected"):
        read_facts(model)


def test_results_come_back_as_they_were_written(tmp_path: Path) -> None:
    folder = JobFolder(path=tmp_path)
    folder.write_job(train_job())
    done = JobResult(outcome=JobOutcome.DONE, values=TrainResult(checkpoint_sha256=SHA, epochs=2))
    folder.write_result(done)
    assert folder.find_result() == done
    other = JobResult(
        outcome=JobOutcome.DONE, values=ImportResult(checkpoint_sha256=SHA, source_sha256=SHA)
    )
    assert other.get(ImportResult).source_sha256 == SHA


def test_jobs_that_still_say_drawn_are_read(tmp_path: Path) -> None:
    case = {"name": "HN-001", "image_sha256": SHA, "masks": {}, "drawn_by_parent": ["BrainStem"]}
    folder = JobFolder(path=tmp_path)
    folder.write_job(train_job())
    job = json.loads((tmp_path / "job.json").read_text())
    (tmp_path / "job.json").write_text(json.dumps({**job, "cases": [case]}))
    read = folder.read_job()
    assert isinstance(read, TrainJob)
    assert read.cases[0].predicted_by_parent == ("BrainStem",)
    files = FilesJob(
        model=ModelFolder(folder=Path("f"), checkpoint_sha256=SHA),
        files={},
        out=Path("o"),
        form=FileForm.MASKS,
        settings=resolve_settings("smoke"),
        device="cpu",
    )
    values = {"drawn": 2, "kept": 1, "failed": {}, "notices": {}}
    found = folder_with(tmp_path, files, {"outcome": "done", "error": "", "values": values})
    result = found.find_result()
    assert result is not None
    assert result.get(FilesResult).predicted == 2
