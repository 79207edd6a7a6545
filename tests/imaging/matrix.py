"""The matrix: what becomes of each odd header as CT, label, reference, revision and upload.

`python -m tests.imaging.matrix` prints it, as the product's own import, `revise` and upload say.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlmodel import col, select
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from han5k_review.cli.main import main
from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.importing.imports import run_import
from han5k_review.importing.reports import CaseOutcome, CaseReport
from han5k_review.importing.sources import CaseSource, build_source
from han5k_review.importing.study import create_study
from han5k_review.settings import get_settings
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import Role
from han5k_review.study import read_study_catalogue
from han5k_review.ui.uploads import read_upload
from han5k_review.ui.visit import Bench, open_bench
from tests.imaging.defects import AFFINE, Affine, Cell, Defect
from tests.imaging.header_writers import sound_nifti
from tests.imaging.metaimage_defects import METAIMAGE_DEFECTS
from tests.imaging.nifti_defects import NIFTI_DEFECTS
from tests.imaging.nrrd_defects import NRRD_DEFECTS

SHAPE = (12, 10, 8)
START, SIZE = (7, 2, 5), (3, 4, 2)
ROLES = ("CT", "label", "reference", "revision", "upload")
DEFECTS: tuple[Defect, ...] = (*NIFTI_DEFECTS, *NRRD_DEFECTS, *METAIMAGE_DEFECTS)
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
_NEAR_MM = 0.15  # a tenth of the smallest spacing: nearer is the same place


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What became of a file in one role; `place_ras_mm` is the centre of what was stored."""

    cell: Cell | str
    place_ras_mm: NDArray[np.float64] | None = None
    sentence: str = ""


def mask() -> NDArray[np.uint8]:
    """A block that no flip and no other order of axes leaves in its place."""
    voxels = np.zeros(SHAPE, np.uint8)
    voxels[tuple(slice(a, a + n) for a, n in zip(START, SIZE, strict=True))] = 1
    return voxels


def ct(number: int) -> NDArray[np.int16]:
    """Air around the block; one voxel of its own for each number, so that no two CTs are equal."""
    hu = np.where(mask() > 0, 900, -1000).astype(np.int16)
    hu[0, 0, 0] = number
    return hu


def true_place(affine: Affine) -> NDArray[np.float64]:
    """The centre of the block in RAS mm, by hand: the mean of its first and last voxel."""
    centre = [a + (n - 1) / 2 for a, n in zip(START, SIZE, strict=True)]
    return (affine @ np.array([*centre, 1.0]))[:3]


def write_defect(defect: Defect, folder: Path, stem: str, array: NDArray[np.generic]) -> Path:
    """Write the array as the odd file `stem` and the defect's suffix."""
    folder.mkdir(parents=True, exist_ok=True)
    file, path = defect.build(array, stem), folder / f"{stem}{defect.suffix}"
    if defect.packed is not None:
        return file.write(path, packed=defect.packed)  # type: ignore[call-arg]
    return file.write(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tester:
    """A study in `folder`, and the roles that a file can have in it."""

    study: Study
    folder: Path

    def source(self, defect: Defect, number: int, role: str) -> CaseSource:
        """A case whose file of this role is odd; all its others are sound."""
        grid = AFFINE if defect.cell is Cell.REFUSED else defect.affine
        name, place = f"{role}-{number}", self.folder / f"{role}-{number}"
        labels, reference = place / "labels", place / "reference"
        if role == "CT":
            image = write_defect(defect, place, "ct", ct(number))
            return build_source({"case": name, "ct": image.name}, **self._context(place))
        shade = number + 1000 * (1 + ROLES.index(role))
        sound = sound_nifti(ct(shade), grid).write(self._file(place, "ct.nii.gz"))
        cells = {"case": name, "ct": sound.name}
        if role in ("revision", "upload"):
            drawn = np.roll(mask(), -1, axis=0)
            path = self._file(labels, "ParotidL.nii.gz")
            sound_nifti(drawn, grid).write(path)
            write_defect(defect, place, "corrected", mask())
        else:
            write_defect(defect, labels if role == "label" else reference, "ParotidL", mask())
            cells |= {} if role == "label" else {"reference": reference.name}
        cells |= {} if role == "reference" else {"labels": labels.name}
        return build_source(cells, **self._context(place))

    def bring_in(self, role: str, defects: Sequence[Defect]) -> list[CaseReport]:
        """Import one case for each defect."""
        sources = [self.source(defect, n, role) for n, defect in enumerate(defects)]
        catalogue = read_study_catalogue(self.study)
        report = run_import(self.study, catalogue, sources, actor="anna", now=lambda: NOON)
        return list(report.cases)

    def look_at(self, role: str, number: int, report: CaseReport) -> Seen:
        """What the study holds of an imported case."""
        if report.outcome is CaseOutcome.REFUSED:
            return Seen(cell=Cell.REFUSED, sentence=report.refusal)
        heading = {"CT": "CT: ", "label": "labels: ", "reference": "reference: "}[role]
        warned = [w for w in report.warnings if w.startswith(heading) and "oblique" not in w]
        cell = Cell.WARNED if warned else Cell.RIGHT
        return Seen(cell=cell, place_ras_mm=self._place(f"{role}-{number}"), sentence=str(warned))

    def revise(self, number: int, defect: Defect) -> Seen:
        """`han5k revise` with the odd file."""
        name = f"revision-{number}"
        words = ["revise", "--study", str(self.study.root), "--case", name, "--reader", "ann"]
        words += ["--structure", "ParotidL"]
        words += ["--mask", str(self.folder / name / f"corrected{defect.suffix}")]
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
            try:
                main(words)
            except SystemExit as ended:
                code = int(ended.code or 0)
        text = out.getvalue()
        if code:
            return Seen(cell=Cell.REFUSED if code == 2 else f"exit {code}", sentence=text)
        cell = Cell.WARNED if "warning: " in text else Cell.RIGHT
        return Seen(cell=cell, place_ras_mm=self._place(name, revised=True), sentence=text)

    def upload(self, number: int, defect: Defect, bench: Bench) -> Seen:
        """The upload on a case's page with the odd file."""
        path = self.folder / f"upload-{number}" / f"corrected{defect.suffix}"
        record = UploadedFileRec(
            file_id="1", name=path.name, type="application/octet-stream", data=path.read_bytes()
        )
        with reading(self.study.engine) as session:
            case = session.exec(select(Case).where(Case.name == f"upload-{number}")).one()
            session.expunge(case)
        try:
            file = UploadedFile(record, FileURLs())
            plan = read_upload(bench, case, file, "ParotidL", resample=False)
        except DataError as error:
            return Seen(cell=Cell.REFUSED, sentence=str(error))
        (one,) = plan.taken
        cell = Cell.WARNED if plan.notices else Cell.RIGHT
        return Seen(cell=cell, place_ras_mm=_centre(one.after), sentence=str(plan.notices))

    def _place(self, name: str, *, revised: bool = False) -> NDArray[np.float64]:
        """The centre of what is stored: the revision, the mask, or the bright block of the CT."""
        with reading(self.study.engine) as session:
            case = session.exec(select(Case).where(Case.name == name)).one()
            grid = Grid.from_rows(case.shape_ijk, case.affine_ras)
            query = select(LabelVersion).where(LabelVersion.case_id == case.id)
            if revised:
                query = query.join(Revision, col(Revision.label_version_id) == LabelVersion.id)
            version = session.exec(query.order_by(col(LabelVersion.id).desc())).first()
            if version is not None:
                return _centre(self.study.labels.get_mask(version.mask_sha256, grid))
            volume = self.study.volumes.get_volume(case.image_sha256)
        return _centre(StructureMask.from_dense(volume.hu > 500, volume.grid))

    def _context(self, folder: Path) -> dict[str, object]:
        return {"folder": folder, "study": self.study, "origin": folder.name}

    def _file(self, folder: Path, name: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name


def _centre(found: StructureMask) -> NDArray[np.float64]:
    places = np.argwhere(found.voxels) + np.array(found.start_ijk)
    return found.grid.points_ras_mm(places.mean(axis=0)[None])[0]


def judge(seen: Seen, defect: Defect) -> str:
    """The cell, or `WRONG` where what was stored lies elsewhere."""
    if seen.place_ras_mm is None:
        return str(seen.cell)
    apart = float(np.linalg.norm(seen.place_ras_mm - true_place(defect.affine)))
    return str(seen.cell) if apart < _NEAR_MM * 0.9 else f"WRONG by {apart:.2f} mm"


@contextlib.contextmanager
def open_tester(folder: Path) -> Iterator[tuple[Tester, Bench]]:
    """A new study in `folder` with a reader, and the bench that a page has of it."""
    study = create_study(folder / "study", "Matrix", now_utc=NOON)
    with transaction(study.engine) as session:
        session.add(Reader(name="ann", pseudonym="R1", role=Role.READER, password_hash="-"))
    before = os.environ.get("HAN5K_STUDY")
    os.environ["HAN5K_STUDY"] = str(study.root)
    get_settings.cache_clear()
    open_bench.clear()
    bench = open_bench()
    try:
        yield Tester(study=study, folder=folder), bench
    finally:
        bench.study.engine.dispose()
        study.engine.dispose()
        os.environ.pop("HAN5K_STUDY")
        if before is not None:
            os.environ["HAN5K_STUDY"] = before
        get_settings.cache_clear()
        open_bench.clear()


def measure_matrix(folder: Path, defects: Sequence[Defect] = DEFECTS) -> list[dict[str, Seen]]:
    """For each defect, what became of its file in each role."""
    rows: list[dict[str, Seen]] = [{} for _ in defects]
    with open_tester(folder) as (tester, bench):
        for role in ROLES:
            for n, report in enumerate(tester.bring_in(role, defects)):
                if role == "revision":
                    rows[n][role] = tester.revise(n, defects[n])
                elif role == "upload":
                    rows[n][role] = tester.upload(n, defects[n], bench)
                else:
                    rows[n][role] = tester.look_at(role, n, report)
    return rows


def print_matrix(rows: Sequence[dict[str, Seen]], defects: Sequence[Defect] = DEFECTS) -> None:
    """One line for each defect, one column for each role."""
    width = max(len(defect.name) for defect in defects) + 2
    lines = ["defect".ljust(width) + "".join(role.ljust(12) for role in ROLES)]
    for defect, row in zip(defects, rows, strict=True):
        cells = "".join(judge(row[role], defect).ljust(12) for role in ROLES)
        lines.append(defect.name.ljust(width) + cells)
    sys.stdout.write("\n".join(line.rstrip() for line in lines) + "\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print_matrix(measure_matrix(Path(place)))
