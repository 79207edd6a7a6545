"""The demo as DICOM: each synthetic patient as a CT series and RTSTRUCTs, and a manifest.

`<case>/ct/0001.dcm ...`, `<case>/labels.dcm`, `<case>/reference.dcm`, `cases.csv`. Every second
patient comes from a clinic that names two ROIs in its own way, as clinics do. The labels of the two
structure sets differ, so that the folder can be imported as a tree too (`--reference-label`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.demo.case import Masks
from han5k_review.demo.study import DemoEntry
from han5k_review.imaging.dicom.ct_images import build_ct_images, build_image_reference
from han5k_review.imaging.dicom.named_masks import NamedMask
from han5k_review.imaging.dicom.structure_sets import build_structure_set
from han5k_review.store.files import write_atomically
from han5k_review.texts.table_files import build_csv

MANIFEST = "cases.csv"
MANIFEST_COLUMNS = ("case", "patient", "split", "ct", "labels", "reference")
PSEUDO_LABEL, REFERENCE_LABEL = "RESEARCH PSEUDO", "RESEARCH REF"
CLINIC_NAMES: Mapping[StructureName, str] = {
    StructureName("ParotidL"): "Gl. parotis li",
    StructureName("BrainStem"): "Hirnstamm",
}


def write_dicom_entry(
    folder: Path, entry: DemoEntry, catalogue: Catalogue, number: int
) -> Mapping[str, str]:
    """Write a case (`number` from 0) into `folder` and give its row of the manifest."""
    place = folder / entry.name
    (place / "ct").mkdir(parents=True, exist_ok=True)
    for k, content in enumerate(build_ct_images(entry.ct, patient=entry.patient), start=1):
        (place / "ct" / f"{k:04d}.dcm").write_bytes(content)
    reference = build_image_reference(entry.ct)
    own_names = CLINIC_NAMES if number % 2 else {}
    files = {}
    for column, masks, algorithm, label in (
        ("labels", entry.pseudo, "AUTOMATIC", PSEUDO_LABEL),
        ("reference", entry.reference, "MANUAL", REFERENCE_LABEL),
    ):
        if masks:
            named = _name(masks, catalogue, own_names, algorithm)
            content = build_structure_set(named, reference, patient=entry.patient, label=label)
            write_atomically(place / f"{column}.dcm", content)
            files[column] = f"{entry.name}/{column}.dcm"
    return {
        "case": entry.name,
        "patient": entry.patient,
        "split": entry.split.value,
        "ct": f"{entry.name}/ct",
        **files,
    }


def write_dicom_manifest(folder: Path, rows: list[Mapping[str, str]]) -> Path:
    """Write the manifest of the cases; where it is."""
    path = folder / MANIFEST
    whole = [{column: row.get(column, "") for column in MANIFEST_COLUMNS} for row in rows]
    write_atomically(path, build_csv(MANIFEST_COLUMNS, whole))
    return path


def _name(
    masks: Masks, catalogue: Catalogue, own_names: Mapping[StructureName, str], algorithm: str
) -> list[NamedMask]:
    found = []
    for name, mask in masks.items():
        structure = catalogue.get_structure(name)
        found.append(
            NamedMask(
                name=own_names.get(name) or catalogue.get_outside_name(name),
                mask=mask,
                colour_rgb=structure.color_rgb,
                algorithm=algorithm,
                made_by="HaN5K demo",
            )
        )
    return found
