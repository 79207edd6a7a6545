"""Real CTs and contours: openkbp through a manifest, totalseg, and the two-rater mask folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.importing.case_labels import read_case_labels
from han5k_review.importing.reports import CaseOutcome
from han5k_review.importing.sources import build_source, read_manifest
from han5k_review.store.study import Study
from han5k_review.study import read_study_catalogue
from tests.imaging.phantoms import write_image
from tests.importing.case_files import content, plan, run

CASES = ("pt_4", "pt_13", "pt_22", "pt_31", "pt_59", "pt_99")
ORGANS = ("BrainStem", "Cord_HaN", "ParotidR", "ParotidL", "Esophagus_HaN", "Larynx", "Mandible")


def test_six_real_cases_come_in_with_labels_and_references(
    study: Study, shared_data: Path, tmp_path: Path
) -> None:
    rows = ["case,patient,split,ct,labels,reference,label_map"]
    for n, name in enumerate(CASES):
        stem = shared_data / "openkbp" / name
        labels = nib.load(f"{stem}_oars.nii.gz")
        shifted = np.roll(np.asarray(labels.dataobj), 1, axis=0)
        pseudo = write_image(tmp_path / f"{name}.nii.gz", shifted, labels.affine)
        split = "held_out" if n < 2 else "train"
        rows.append(
            f"{name},{name},{split},{stem}_ct.nii.gz,{pseudo.name},{stem}_oars.nii.gz,openkbp"
        )
    manifest = tmp_path / "cases.csv"
    manifest.write_text("\n".join(rows) + "\n")
    sources = read_manifest(manifest, study)
    assert plan(study, *sources).count(CaseOutcome.NEW) == len(CASES)
    report = run(study, *sources)
    assert report.exit_code == 0, report.cases
    assert report.cases[0].matched == ORGANS
    versions = content(study)["versions"]
    masks = read_masks(study)
    assert len(versions) == len(masks) == len(CASES) * 2 * len(ORGANS)
    for case_id, name in enumerate(CASES, start=1):
        truth = np.asarray(nib.load(shared_data / "openkbp" / f"{name}_oars.nii.gz").dataobj)
        for value, organ in enumerate(ORGANS, start=1):
            reference = masks[case_id, organ, "reference"]
            assert np.array_equal(reference.dense(), truth == value)
            assert masks[case_id, organ, "pseudo"].voxel_count == reference.voxel_count
        centres = {o: masks[case_id, o, "reference"].centre_ijk() or (0, 0, 0) for o in ORGANS}
        assert centres["ParotidL"][0] > centres["ParotidR"][0], "i grows to the left"
        assert centres["Cord_HaN"][1] > centres["Larynx"][1], "j grows to the back"
        assert centres["BrainStem"][2] > centres["Larynx"][2], "k grows to the head"
    before = content(study)
    assert run(study, *sources).count(CaseOutcome.UNCHANGED) == len(CASES)
    assert content(study) == before


def read_masks(study: Study) -> dict[tuple[int, str, str], StructureMask]:
    there = content(study)
    grids = [study.volumes.get_index(str(row[3])).grid for row in there["cases"]]
    return {
        (row[0], row[1], row[2]): study.labels.get_mask(row[3], grids[row[0] - 1])
        for row in there["versions"]
    }


def test_the_multi_organ_example_comes_in_with_its_axes_turned(
    study: Study, shared_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "map.csv").write_text("structure,values\nCord,79\nAorta,52\n,1-51|53-78|80-117\n")
    folder = shared_data / "totalseg"
    cells = {
        "case": "totalseg",
        "ct": str(folder / "example_ct_sm.nii.gz"),
        "labels": str(folder / "example_seg.nii.gz"),
        "label_map": "map.csv",
    }
    source = build_source(cells, folder=tmp_path, study=study, origin="the command line")
    (case,) = run(study, source).cases
    assert case.matched == ("Cord_HaN", "Aorta")
    ct, labels = (nib.load(cells[key]) for key in ("ct", "labels"))
    ((_, _, _, sha256),) = content(study)["cases"]
    volume = study.volumes.get_volume(str(sha256))
    assert nib.aff2axcodes(ct.affine) == ("R", "A", "S")
    assert np.array_equal(volume.hu, np.asarray(ct.dataobj)[::-1, ::-1])
    cord = read_masks(study)[1, "Cord_HaN", "pseudo"]
    assert np.array_equal(cord.dense(), (np.asarray(labels.dataobj) == 79)[::-1, ::-1])


def test_the_folders_of_two_raters_resolve_by_alias(
    make_import_study: Callable[..., Study], shared_data: Path
) -> None:
    catalogue = read_study_catalogue(make_import_study())
    for patient in ("0522c0331", "TCGA-CV-A6JO"):
        for rater in ("oncologist", "radiographer"):
            folder = shared_data / "deepmind-hn" / patient / rater
            image = nib.load(folder / "Brain.nii.gz")
            grid = Grid.from_affine(image.shape, image.affine)
            grid = grid.reoriented(grid.reorientation_to_lps())
            labels = read_case_labels(folder, grid, catalogue, None)
            assert len(labels.masks) == 16
            assert set(labels.unmatched) == {
                "Lacrimal-Lt",
                "Lacrimal-Rt",
                "Lung-Lt",
                "Lung-Rt",
                "Spinal-Canal",
            }
            voxels = int(np.count_nonzero(np.asarray(image.dataobj)))
            assert labels.masks[catalogue.get_structure("Brain").name].voxel_count == voxels
