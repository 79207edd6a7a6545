"""`han5k revise` with files as other programs write them: seen first, resampled only when asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from sqlmodel import col, select

from han5k_review.cli.main import main
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import Role
from tests.evaluation.phantom_study import GRID, block, build_study
from tests.studies import add_identity

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


def test_a_segment_file_revises_every_structure_it_names(
    study: Study, revise: Revise, tmp_path: Path
) -> None:
    # BrainStem and ParotidL overlap, so they lie in two layers; Nose is not of the catalogue.
    layers = np.stack([block(3, size=7).dense(), block(4).dense()]).astype(np.uint8)
    lps = np.diag([-1.0, -1.0, 1.0]) @ np.array(GRID.affine_ras)[:3]
    vectors = ",".join(f"({','.join(map(str, column))})" for column in lps[:, :3].T)
    vectors = vectors.replace("),(", ") (")
    names = (("BrainStem", 0), ("ParotidL", 1), ("Nose", 1))
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
