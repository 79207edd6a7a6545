"""Folders of CTs outside the study, predicted by one of its models."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch
from sqlmodel import select

from han5k_review.anatomy.label_map import read_label_map
from han5k_review.cli.main import main
from han5k_review.errors import DataError
from han5k_review.imaging.volume import CtVolume
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import LocalLauncher
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.network.predicting.open_models import open_model
from han5k_review.retraining.network.predicting.volume_prediction import predict_case
from han5k_review.retraining.predictions.file_prediction import (
    FilesRequest,
    find_cts,
    predict_files,
)
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import LabelVersion, ModelVersion
from rigs.phantom_study import CATALOGUE, build_head
from tests.retraining.warm_launcher import WarmLauncher

SOON = Watch(launcher=WarmLauncher(), poll_seconds=0.1)


def write_ct(volume: CtVolume, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    spacing, origin, direction = volume.grid.lps_geometry
    image = sitk.GetImageFromArray(volume.hu.transpose(2, 1, 0))
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(direction)
    sitk.WriteImage(image, str(path))


@pytest.fixture
def cts(tmp_path: Path) -> Path:
    """Two CTs in two formats, one in a folder of its own, and a file cut off in the middle."""
    folder = tmp_path / "cts"
    write_ct(build_head(3).volume, folder / "a.nii.gz")
    write_ct(build_head(4).volume, folder / "second" / "b.nrrd")
    (folder / "broken.nii.gz").write_bytes((folder / "a.nii.gz").read_bytes()[:3000])
    (folder / "notes.txt").write_text("no image")
    return folder


def read_written(path: Path) -> tuple[np.ndarray, np.ndarray]:
    image = nib.load(path)
    return np.asarray(image.dataobj), image.affine


@pytest.mark.training
def test_a_folder_is_predicted_as_the_study_would_and_what_cannot_be_read_stops_nothing(
    promoted: tuple[Study, int], cts: Path, tmp_path: Path
) -> None:
    study, model_id = promoted
    out = tmp_path / "out"
    request = FilesRequest(model_id=model_id, source=cts, out=out)
    killed: list[int] = []

    def kill_once(seconds: float) -> None:
        for path in study.runs.glob("files-*"):
            process = LocalLauncher().find(JobFolder(path=path))
            if process and (out / "predict-files.json").exists() and not killed:
                killed.append(process.pid)
                os.kill(process.pid, signal.SIGKILL)
        time.sleep(seconds)

    with pytest.raises(DataError, match="The same call goes on"):
        predict_files(study, request, watch=replace(SOON, poll_seconds=0.02, pause=kill_once))
    report = predict_files(study, request, watch=SOON)
    assert report.kept >= 1, (
        "what was predicted before the process was killed is not predicted again"
    )
    assert (report.predicted + report.kept, report.is_cancelled) == (2, False)
    ((path, sentence),) = report.failed.items()
    assert path.endswith("broken.nii.gz")
    assert "broken.nii.gz" in sentence
    torch.set_num_threads(1)
    with reading(study.engine) as session:
        registered = locate_model(study, session.get_one(ModelVersion, model_id))
        own = select(LabelVersion).where(LabelVersion.model_version_id == model_id)
        assert session.exec(own).all() == []
    volume = build_head(4).volume
    for name, mask in predict_case(open_model(registered, "cpu", 0.75), volume).items():
        voxels, affine = read_written(out / "second" / "b" / f"{name}.nii.gz")
        assert np.array_equal(voxels != 0, mask.dense())
        assert np.allclose(affine, volume.grid.affine, atol=1e-4)
    write_ct(build_head(5).volume, cts / "a.nii.gz")
    changed = predict_files(study, request, watch=SOON)
    assert (changed.predicted, changed.kept, len(changed.failed)) == (1, 1, 1)


@pytest.mark.training
def test_the_command_writes_label_maps_that_the_study_can_read(
    promoted: tuple[Study, int],
    cts: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, model_id = promoted
    out = tmp_path / "out"
    words = ["predict-files", str(model_id), str(cts), "--out", str(out), "--as", "label-map"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--study", str(study.root), "--device", "cpu"])
    assert ended.value.code == 2, "one file failed"
    said = capsys.readouterr().out
    assert "failed:" in said
    assert "2 CTs predicted into" in said
    table = read_label_map(out / "labels.csv", CATALOGUE)
    values, _ = read_written(out / "a.nii.gz")
    one = FilesRequest(model_id=model_id, source=cts / "a.nii.gz", out=tmp_path / "one")
    masks = predict_files(study, one, watch=SOON)
    assert masks.predicted == 1
    for name, own in table.structures.items():
        alone, _ = read_written(tmp_path / "one" / "a" / f"{name}.nii.gz")
        assert np.array_equal(np.isin(values, list(own)), alone != 0)


def test_what_would_be_written_to_one_place_or_over_the_cts_is_refused(tmp_path: Path) -> None:
    for name in ("x.nii.gz", "x.nrrd", "out/x.nii.gz", ".hidden.nii.gz", "y.seg.nrrd"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(DataError, match="written to one place"):
        find_cts(tmp_path, tmp_path / "out")
    (tmp_path / "x.nrrd").unlink()
    assert find_cts(tmp_path, tmp_path / "out") == {"x": tmp_path.resolve() / "x.nii.gz"}
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="Another folder"):
        find_cts(tmp_path, tmp_path)
    with pytest.raises(DataError, match="were expected in"):
        find_cts(tmp_path / "empty", tmp_path / "else")
