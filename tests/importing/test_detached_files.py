"""What a file is includes its voxels, wherever its header says that they lie."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from han5k_review.importing.fingerprints import list_input_files, measure_fingerprint
from han5k_review.importing.reports import CaseOutcome
from han5k_review.store.study import Study
from tests.imaging.phantoms import AFFINE_LPS_AXES, SHAPE, phantom_hu, phantom_labels, write_image
from tests.importing.case_files import content, plan, run, source, write_case

Writer = Callable[[Path, NDArray[np.generic]], Path]
_TYPES = {"uint8": ("MET_UCHAR", "uchar"), "int16": ("MET_SHORT", "short")}
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0]) @ AFFINE_LPS_AXES
_SPACING = np.linalg.norm(_LPS[:3, :3], axis=0)


def _slices(array: NDArray[np.generic]) -> list[bytes]:
    return [array[:, :, k].tobytes(order="F") for k in range(array.shape[2])]


def _meta(array: NDArray[np.generic], data: str) -> str:
    return (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = {' '.join(map(str, _LPS[:3, 3]))}\n"
        f"ElementSpacing = {' '.join(map(str, _SPACING))}\nDimSize = {' '.join(map(str, SHAPE))}\n"
        f"ElementType = {_TYPES[array.dtype.name][0]}\nElementDataFile = {data}\n"
    )


def _nrrd(array: NDArray[np.generic], data: str, encoding: str) -> str:
    axes = " ".join(f"({','.join(map(str, axis))})" for axis in np.diag(_SPACING))
    return (
        f"NRRD0004\ntype: {_TYPES[array.dtype.name][1]}\ndimension: 3\n"
        f"sizes: {' '.join(map(str, SHAPE))}\nspace: left-posterior-superior\n"
        f"space directions: {axes}\nspace origin: ({','.join(map(str, _LPS[:3, 3]))})\n"
        f"encoding: {encoding}\nendian: little\ndata file: {data}\n"
    )


def mhd_and_raw(folder: Path, array: NDArray[np.generic]) -> Path:
    write_image(folder / "x.mhd", array, AFFINE_LPS_AXES)
    assert (folder / "x.raw").is_file()
    return folder / "x.mhd"


def mhd_with_a_list(folder: Path, array: NDArray[np.generic]) -> Path:
    for k, voxels in enumerate(_slices(array)):
        (folder / f"s{k}.raw").write_bytes(voxels)
    names = "".join(f"s{k}.raw\n" for k in range(array.shape[2]))
    (folder / "x.mhd").write_text(_meta(array, "LIST") + names)
    return folder / "x.mhd"


def mhd_with_a_pattern(folder: Path, array: NDArray[np.generic]) -> Path:
    (folder / "deep").mkdir(exist_ok=True)
    for k, voxels in enumerate(_slices(array)):
        (folder / f"deep/s{k:03d}.raw").write_bytes(voxels)
    (folder / "x.mhd").write_text(_meta(array, f"deep/s%03d.raw 0 {array.shape[2] - 1} 1"))
    return folder / "x.mhd"


def nhdr_and_raw_gz(folder: Path, array: NDArray[np.generic]) -> Path:
    (folder / "x.raw.gz").write_bytes(gzip.compress(array.tobytes(order="F"), mtime=0))
    (folder / "x.nhdr").write_text(_nrrd(array, "x.raw.gz", "gzip"))
    return folder / "x.nhdr"


def nrrd_with_a_list(folder: Path, array: NDArray[np.generic]) -> Path:
    for k, voxels in enumerate(_slices(array)):
        (folder / f"n{k}.raw").write_bytes(voxels)
    names = "".join(f"n{k}.raw\n" for k in range(array.shape[2]))
    (folder / "x.nrrd").write_text(_nrrd(array, "LIST", "raw") + names)
    return folder / "x.nrrd"


WRITERS = pytest.mark.parametrize(
    "write",
    [mhd_and_raw, mhd_with_a_list, mhd_with_a_pattern, nhdr_and_raw_gz, nrrd_with_a_list],
    ids=lambda write: write.__name__,
)


@WRITERS
def test_a_corrected_reference_in_the_same_data_file_is_changed(
    study: Study, tmp_path: Path, write: Writer
) -> None:
    write_case(study, tmp_path)
    header = write(tmp_path, phantom_labels())
    case = source(study, tmp_path, reference=header.name, reference_label_map="map.csv")
    run(study, case)
    assert run(study, case).cases[0].outcome is CaseOutcome.UNCHANGED
    before = header.read_bytes()
    corrected = phantom_labels()
    corrected[1, 2, 1] = 0
    write(tmp_path, corrected)
    assert header.read_bytes() == before
    assert plan(study, case).cases[0].outcome is CaseOutcome.CHANGED
    (done,) = run(study, case).cases
    assert [label.structure for label in done.labels] == ["ParotidL"]


@WRITERS
def test_another_ct_in_the_same_data_file_is_refused(
    study: Study, tmp_path: Path, write: Writer
) -> None:
    write_case(study, tmp_path)
    case = source(study, tmp_path, ct=write(tmp_path, phantom_hu()).name)
    run(study, case)
    before = content(study)
    write(tmp_path, phantom_hu()[:, :, ::-1].copy() + np.int16(7))
    for report in (plan(study, case), run(study, case)):
        assert "a CT never changes under its case" in report.cases[0].refusal
    assert content(study) == before


@WRITERS
def test_a_missing_data_file_is_one_sentence(study: Study, tmp_path: Path, write: Writer) -> None:
    write_case(study, tmp_path)
    header = write(tmp_path, phantom_hu())
    case = source(study, tmp_path, ct=header.name)
    run(study, case)
    gone = list_input_files(header)[-1]
    gone.unlink()
    for report in (plan(study, case), run(study, case)):
        assert gone.name in report.cases[0].refusal
        assert "\n" not in report.cases[0].refusal


def test_a_folder_of_masks_covers_voxels_in_folders_below(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    (tmp_path / "masks").mkdir()
    header = mhd_with_a_pattern(tmp_path / "masks", (phantom_labels() == 1).astype(np.uint8))
    header.rename(header.with_name("ParotidL.mhd"))
    case = source(study, tmp_path, labels="masks", label_map="")
    run(study, case)
    mhd_with_a_pattern(tmp_path / "masks", (phantom_labels() == 2).astype(np.uint8))
    (tmp_path / "masks/x.mhd").unlink()
    assert run(study, case).cases[0].outcome is CaseOutcome.CHANGED


def test_what_the_file_system_hides_in_a_folder_changes_nothing(
    study: Study, tmp_path: Path
) -> None:
    (tmp_path / "masks").mkdir()
    write_case(study, tmp_path)
    write_image(tmp_path / "masks/ParotidL.nii.gz", phantom_labels(), AFFINE_LPS_AXES)
    case = source(study, tmp_path, labels="masks", label_map="")
    before = measure_fingerprint(case, "")
    (tmp_path / "masks/.DS_Store").write_bytes(b"x")
    (tmp_path / "masks/._ParotidL.nii.gz").write_bytes(b"x")
    assert measure_fingerprint(case, "") == before
