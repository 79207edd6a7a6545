"""The demo as DICOM: what is written is read back as the very CT and contours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.demo.case import DemoCase
from han5k_review.demo.dicom_files import (
    CLINIC_NAMES,
    write_dicom_entry,
    write_dicom_manifest,
)
from han5k_review.demo.pseudo import PseudoLabels
from han5k_review.demo.study import DemoEntry
from han5k_review.imaging.ct_files import read_ct_with_notices
from han5k_review.imaging.dicom.label_masks import build_label_mask
from han5k_review.imaging.dicom.labels import read_dicom_labels
from han5k_review.imaging.dicom.trees import find_tree
from han5k_review.store.vocabulary import Split

DCIODVFY = Path(sys.executable).with_name("dciodvfy")


def test_a_patient_leaves_as_dicom_and_comes_back_the_same(
    case: DemoCase, pseudo: PseudoLabels, catalogue: Catalogue, tmp_path: Path
) -> None:
    entry = DemoEntry(
        name="demo-02",
        patient="DEMO002",
        split=Split.TRAIN,
        ct=case.ct,
        pseudo=pseudo.masks,
        truth=case.references,
        reference=case.references,
        errors={},
    )
    row = write_dicom_entry(tmp_path, entry, catalogue, 1)
    manifest = write_dicom_manifest(tmp_path, [row])
    assert manifest.read_text(encoding="utf-8-sig").splitlines() == [
        "case,patient,split,ct,labels,reference",
        "demo-02,DEMO002,train,demo-02/ct,demo-02/labels.dcm,demo-02/reference.dcm",
    ]
    [reference] = [one for one in find_tree(tmp_path).labels if "RESEARCH REF" in one.titles]
    assert reference.path.name == "reference.dcm"  # the other has another label
    ct = read_ct_with_notices(tmp_path / row["ct"])
    assert ct.volume.grid.matches(case.ct.grid)
    np.testing.assert_array_equal(ct.volume.hu, case.ct.hu)
    assert ct.notices == ()
    for column, masks in (("labels", pseudo.masks), ("reference", case.references)):
        found = read_dicom_labels(tmp_path / row[column], ct.frame_uid).labels
        assert len({label.name for label in found}) == len(masks)
        for label, (name, mask) in zip(found, masks.items(), strict=True):
            assert label.name == CLINIC_NAMES.get(name, label.name)
            assert (catalogue.find_name(label.name) == name) == (name not in CLINIC_NAMES)
            back = build_label_mask(label, ct.volume.grid).mask
            np.testing.assert_array_equal(back.voxels, mask.voxels)
    first = sorted((tmp_path / row["ct"]).iterdir())[0]
    for file in (first, tmp_path / row["labels"]):
        said = subprocess.run([DCIODVFY, file], capture_output=True, text=True, check=False)
        lines = (said.stdout + said.stderr).splitlines()
        assert not [line for line in lines if line.startswith(("Error", "Abort"))]
