"""Case files for import tests: a small CT, labels, a label map, and what a study holds of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlmodel import col, select

from han5k_review.importing.imports import Progress, plan_import, run_import
from han5k_review.importing.reports import ImportReport
from han5k_review.importing.sources import CaseSource, Source, build_source
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit, Case, LabelVersion
from han5k_review.study import read_study_catalogue
from tests.imaging.phantoms import phantom_hu, phantom_labels, write_phantom
from tests.importing.conftest import NOON

LABEL_MAP = "structure,values\nParotidL,1\nParotidR,2\nLarynx,3\nGTVp,9\n"
# What `content` says of a study without a case.
EMPTY = {"cases": [], "versions": [], "audits": [], "files": []}


def write_ct(folder: Path, name: str = "ct.nii.gz", shift: int = 0) -> Path:
    """A CT of its own content for each `shift`."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_phantom(folder / name, (phantom_hu() + shift).astype(np.int16))


def write_labels(
    folder: Path, name: str = "labels.nii.gz", labels: NDArray[np.uint8] | None = None
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return write_phantom(folder / name, phantom_labels() if labels is None else labels)


def write_label_map(folder: Path, text: str = LABEL_MAP) -> Path:
    path = folder / "map.csv"
    path.write_text(text)
    return path


def source(study: Study, folder: Path, **cells: str) -> CaseSource:
    """A source of files in `folder`: ct.nii.gz, labels.nii.gz, map.csv unless said otherwise."""
    given = {"case": "HN-1", "ct": "ct.nii.gz", "labels": "labels.nii.gz", "label_map": "map.csv"}
    return build_source(given | cells, folder=folder, study=study, origin=f"test {cells}")


def write_case(study: Study, folder: Path) -> CaseSource:
    """A whole good case in `folder`."""
    write_ct(folder)
    write_labels(folder)
    write_label_map(folder)
    return source(study, folder)


def run(study: Study, *sources: Source, progress: Progress | None = None) -> ImportReport:
    catalogue = read_study_catalogue(study)
    return run_import(study, catalogue, sources, actor="anna", now=lambda: NOON, progress=progress)


def plan(study: Study, *sources: Source, deep: bool = True) -> ImportReport:
    return plan_import(study, read_study_catalogue(study), sources, deep=deep)


def content(study: Study) -> dict[str, Sequence[object]]:
    """Everything an import writes: rows, and files with their bytes' sizes."""
    with reading(study.engine) as session:
        cases = session.exec(select(Case).order_by(col(Case.id))).all()
        versions = session.exec(select(LabelVersion).order_by(col(LabelVersion.id))).all()
        audits = session.exec(select(Audit).where(Audit.action != "make study")).all()
        rows = {
            "cases": [(c.name, c.patient, str(c.split), c.image_sha256) for c in cases],
            "versions": [
                (v.case_id, v.structure, str(v.source), v.mask_sha256, v.voxels, v.note)
                for v in versions
            ],
            "audits": [(a.action, a.subject) for a in audits],
        }
    folders = (study.volumes.folder, study.labels.folder)
    files = [p for folder in folders for p in sorted(folder.rglob("*")) if p.is_file()]
    return {**rows, "files": [(p.name, p.stat().st_mtime_ns) for p in files]}
