"""A corrected mask that a person uploads on a page: checked, then stored as a revision."""

from __future__ import annotations

import tempfile
from pathlib import Path

from streamlit.runtime.uploaded_file_manager import UploadedFile

from han5k_review.errors import DataError, RuleError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.label_images import read_mask
from han5k_review.review.labels import list_under_review
from han5k_review.review.revising import submit_revision
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Case, Reader, Revision
from han5k_review.ui.context import Bench

_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")


def submit_upload(
    bench: Bench, case: Case, structure: str, upload: UploadedFile, reader: Reader
) -> Revision:
    """Read the uploaded mask on the case's grid and submit it; DataError or RuleError otherwise."""
    suffix = next((s for s in _SUFFIXES if upload.name.lower().endswith(s)), None)
    if suffix is None:
        raise DataError(
            f"A mask as {', '.join(_SUFFIXES)} was expected, found {upload.name!r}; save it so."
        )
    with reading(bench.study.engine) as session:
        present = list_under_review(session, case.id or 0).get(structure)
    if present is None:
        raise RuleError(f"{case.name}: {structure} has no pseudo-label under review to revise.")
    grid = Grid.from_rows(case.shape_ijk, case.affine_ras)
    before = bench.study.labels.get_mask(present.mask_sha256, grid)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{structure}{suffix}"
        path.write_bytes(upload.getvalue())
        after = read_mask(path, grid)
    with transaction(bench.study.engine) as session:
        session.expire_on_commit = False
        return submit_revision(
            session,
            bench.study.labels,
            case=case,
            structure=structure,
            before=before,
            after=after,
            reader=reader,
            now=utc_now(),
        )
