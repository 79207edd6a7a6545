"""`han5k revise` with files as other programs write them: seen first, resampled only when asked."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from pydicom import dcmread
from sqlmodel import col, select

from han5k_review.cli.main import main
from han5k_review.exports.contour_files import Contour, build_nifti_archive
from han5k_review.exports.dicom_files import DicomForm, build_dicom_file
from han5k_review.imaging.dicom.references import hash_frame
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import Role
from han5k_review.study import get_case
from rigs.studies import add_identity
from tests.evaluation.phantom_study import GRID, block, build_study

CASE = ("--case", "HN-002", "--reader", "ann")
Revise = Callable[..., tuple[int, str]]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = build_study(tmp_path / "study")
    add_identity(study)
    with transaction(study.engine) as session:
        session.add(Reader(name="ann", pseudonym="R1", role=Role.READER, password_hash="-"))
    return study


@pytest.fixture
def revise(study: Study, capsys: pytest.CaptureFixture[str]) -> Revise:
    def run(path: Path, *words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(("revise", "--mask", str(path), *CASE, *words, "--study", str(study.root)))
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return run


def revised(study: Study) -> list[str]:
    with reading(study.engine) as session:
        names = session.exec(
            select(LabelVersion.structure).join(
                Revision, col(Revision.label_version_id) == col(LabelVersion.id)
            )
        )
        return sorted(names)


def test_a_dry_run_tells_the_change_and_stores_nothing(
    study: Study, revise: Revise, tmp_path: Path
) -> None:
    # HN-002's pseudo-label is 6 x 8 x 5 voxels of 12 mm3 from i = 3 on; the file's has one i more.
    path = tmp_path / "wider.nii.gz"
    dense = block(3, size=7).dense().astype(np.uint8)
    nib.save(nib.Nifti1Image(dense, GRID.affine_ras), path)  # type: ignore[attr-defined]
    code, printed = revise(path, "--structure", "BrainStem", "--dry-run")
    assert code == 0, printed
    assert "2.88 -> 3.36 cc" in printed
    assert "Dice 0.923" in printed  # 2 x 240 / (240 + 280)
    assert "nothing was stored" in printed
    assert revised(study) == []


def test_another_grid_is_resampled_only_when_asked(
    study: Study, revise: Revise, tmp_path: Path
) -> None:
    # Half the spacing along i: every voxel twice.
    affine = np.array(GRID.affine_ras)
    affine[:3, 3] -= affine[:3, 0] / 4
    affine[:3, 0] /= 2
    fine = np.repeat(block(3, size=7).dense(), 2, axis=0).astype(np.uint8)
    path = tmp_path / "fine.nii.gz"
    nib.save(nib.Nifti1Image(fine, affine), path)  # type: ignore[attr-defined]
    code, printed = revise(path, "--structure", "BrainStem")
    assert code == 2
    assert "fine.nii.gz" in printed
    assert revised(study) == []
    code, printed = revise(path, "--structure", "BrainStem", "--resample")
    assert code == 0, printed
    assert "2.88 -> 3.36 cc" in printed
    assert revised(study) == ["BrainStem"]


def test_the_zip_of_masks_that_left_comes_back(
    study: Study, revise: Revise, tmp_path: Path
) -> None:
    path = tmp_path / "masks.zip"
    contours = [Contour(structure="BrainStem", mask=block(3, size=7))]
    path.write_bytes(build_nifti_archive(contours))
    code, printed = revise(path)
    assert code == 0, printed
    assert "2.88 -> 3.36 cc" in printed
    assert revised(study) == ["BrainStem"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "no contour")
    code, printed = revise(path)
    assert code == 2
    assert "files of contours" in printed
    assert "found 1 other file" in " ".join(printed.split())


def test_a_segment_file_revises_every_structure_it_names(
    study: Study, revise: Revise, tmp_path: Path
) -> None:
    # BrainStem and ParotidL overlap, so they lie in two layers; Nose is not of the catalogue.
    masks = (block(3, size=7), block(4), block(4))
    layers = np.stack([mask.dense() for mask in masks]).astype(np.uint8)
    lps = np.diag([-1.0, -1.0, 1.0]) @ np.array(GRID.affine_ras)[:3]
    vectors = ",".join(f"({','.join(map(str, column))})" for column in lps[:, :3].T)
    vectors = vectors.replace("),(", ") (")
    names = (("BrainStem", 0), ("ParotidL", 1), ("Nose", 2))
    header = [
        "NRRD0004",
        "type: unsigned char",
        "dimension: 4",
        "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, layers.shape))}",
        f"space directions: none {vectors}",
        "kinds: list domain domain domain",
        "endian: little",
        "encoding: raw",
        f"space origin: ({','.join(map(str, lps[:, 3]))})",
        *(
            f"Segment{n}_{key}:={value}"
            for n, (name, layer) in enumerate(names)
            for key, value in (("Name", name), ("Layer", layer), ("LabelValue", 1))
        ),
    ]
    path = tmp_path / "both.seg.nrrd"
    path.write_bytes("\n".join([*header, "", ""]).encode() + layers.tobytes(order="F"))
    code, printed = revise(path)
    assert code == 0, printed
    assert "Nose: not a structure of this case, left out" in printed
    assert revised(study) == ["BrainStem", "ParotidL"]


def write_mask(path: Path, dense: np.ndarray, affine: np.ndarray | None = None) -> Path:
    chosen = np.array(GRID.affine_ras) if affine is None else affine
    nib.save(nib.Nifti1Image(dense.astype(np.uint8), chosen), path)  # type: ignore[attr-defined]
    return path


@pytest.mark.parametrize("alias", ["brain stem", "BRAINSTEM", "Brainstem"])
def test_a_structure_may_be_named_by_an_alias(revise: Revise, tmp_path: Path, alias: str) -> None:
    path = write_mask(tmp_path / "wider.nii.gz", block(3, size=7).dense())
    code, printed = revise(path, "--structure", alias, "--dry-run")
    assert code == 0, printed
    assert "HN-002 BrainStem: 2.88 -> 3.36 cc" in printed


def test_a_name_that_no_structure_has_is_one_sentence(revise: Revise, tmp_path: Path) -> None:
    path = write_mask(tmp_path / "wider.nii.gz", block(3, size=7).dense())
    code, printed = revise(path, "--structure", "Parotid")
    assert code == 2
    assert "by name or alias, was expected for --structure, found 'Parotid'" in printed
    assert "ParotidL" in printed
    code, printed = revise(path)
    assert code == 2
    assert "name it with --structure" in printed


def test_another_grid_names_the_option_and_what_differs(revise: Revise, tmp_path: Path) -> None:
    affine = np.array(GRID.affine_ras)
    affine[2, 3] += 30
    path = write_mask(tmp_path / "higher.nii.gz", block(3, size=7).dense(), affine)
    code, printed = revise(path, "--structure", "BrainStem")
    assert code == 2
    plain = " ".join(printed.split())
    assert "Only the origin differs: the file lies 30.00 mm to the patient's head" in plain
    assert "--resample" in plain


def test_a_contour_that_would_be_emptied_is_said_before_it_is_taken(
    study: Study, revise: Revise, tmp_path: Path
) -> None:
    path = write_mask(tmp_path / "empty.nii.gz", np.zeros(GRID.shape))
    for words in (("--dry-run",), ()):
        code, printed = revise(path, "--structure", "BrainStem", *words)
        assert code == 0, printed
        first = printed.splitlines()[0]
        assert first == "warning: the file empties BrainStem: 2.88 cc before, nothing after"
    assert revised(study) == ["BrainStem"]


def test_a_file_of_slicer_410_that_was_not_changed_submits_nothing(
    study: Study, revise: Revise, tmp_path: Path
) -> None:
    """One layer per segment, neither Layer nor LabelValue: HN-002's own two contours."""
    lps = np.diag([-1.0, -1.0, 1.0]) @ np.array(GRID.affine_ras)[:3]
    layers = np.stack([block(3).dense(), block(3).dense()]).astype(np.uint8)
    vectors = " ".join(f"({','.join(map(str, column))})" for column in lps[:, :3].T)
    header = [
        "NRRD0004",
        "type: unsigned char",
        "dimension: 4",
        "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, layers.shape))}",
        f"space directions: none {vectors}",
        "kinds: list domain domain domain",
        "encoding: raw",
        f"space origin: ({','.join(map(str, lps[:, 3]))})",
    ]
    for number, name in enumerate(("BrainStem", "ParotidL")):
        header += [f"Segment{number}_ID:=Segment_{number + 1}", f"Segment{number}_Name:={name}"]
    path = tmp_path / "old.seg.nrrd"
    path.write_bytes("\n".join([*header, "", ""]).encode() + layers.tobytes(order="F"))
    code, printed = revise(path)
    assert code == 2
    assert "empties" not in printed
    assert printed.count("left out: unchanged") == 2, printed
    assert revised(study) == []


def write_dicom(path: Path, study: Study, form: DicomForm, wider: int, *, series: str = "") -> Path:
    """HN-002's contours as they leave, BrainStem `wider` voxels longer; `series`: another CT."""
    contours = [
        Contour(structure=name, mask=mask, colour_rgb=(9, 9, 9))
        for name, mask in (("BrainStem", block(3, size=6 + wider)), ("ParotidL", block(3)))
    ]
    with reading(study.engine) as session:
        sha256 = get_case(session, "HN-002").image_sha256
    made = build_dicom_file(contours, form, patient="P2", image_sha256=series or sha256)
    path.write_bytes(made.content)
    return path


@pytest.mark.parametrize("form", list(DicomForm))
def test_dicom_that_left_comes_back_as_the_revision_and_the_rest_is_unchanged(
    study: Study, revise: Revise, tmp_path: Path, form: DicomForm
) -> None:
    code, printed = revise(write_dicom(tmp_path / "RS.1.2", study, form, 1))
    assert code == 0, printed
    assert "HN-002 BrainStem: 2.88 -> 3.36 cc" in printed
    assert "left out: unchanged" in printed
    assert revised(study) == ["BrainStem"]
    with reading(study.engine) as session:
        stored = session.exec(
            select(LabelVersion.mask_sha256).join(
                Revision, col(Revision.label_version_id) == col(LabelVersion.id)
            )
        ).one()
    assert stored == block(3, size=7).sha256


def test_dicom_of_another_ct_is_refused_with_numbers(
    study: Study, revise: Revise, tmp_path: Path
) -> None:
    strange = write_dicom(tmp_path / "rs", study, DicomForm.STRUCTURE_SET, 1, series="f" * 64)
    code, printed = revise(strange, "--dry-run")
    assert "cannot be told" in " ".join(printed.split()), printed  # no frame is known of this case
    frame = dcmread(strange).StructureSetROISequence[0].ReferencedFrameOfReferenceUID
    with transaction(study.engine) as session:
        case = get_case(session, "HN-002")
        case.frame_sha256 = hash_frame(frame, case.image_sha256)
        session.add(case)
    assert "cannot be told" not in revise(strange, "--dry-run")[1]
    other = write_dicom(tmp_path / "other", study, DicomForm.STRUCTURE_SET, 1, series="e" * 64)
    code, printed = revise(other)
    assert code == 2
    assert "they belong to another image" in " ".join(printed.split())
    dataset = dcmread(strange)  # drawn 2 of 5 mm above the slices of this CT
    for item in dataset.ROIContourSequence:
        for contour in item.ContourSequence:
            points = np.array(contour.ContourData, dtype=float)
            points[2::3] += 0.4 * GRID.spacing_mm[2]
            contour.ContourData = [f"{value:.3f}" for value in points]
    dataset.save_as(strange)
    code, printed = revise(strange)
    assert code == 2
    plain = " ".join(printed.split())
    assert f"up to {0.4 * GRID.spacing_mm[2]:.2f} mm from the nearest" in plain
    assert revise(strange, "--resample", "--dry-run")[0] == 0
    assert revised(study) == []
