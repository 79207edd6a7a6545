"""The study of benchmarks/load.py: a case of 49 structures for each reader, one CT for all.

Rows go in together. Everybody has a case, an assignment and label versions of their own; the files
behind them are the same, since what a file costs does not depend on whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import insert
from sqlmodel import Session

from han5k_review.accounts.passwords import hash_password
from han5k_review.importing.study import create_study
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.tables import Assignment, Case, LabelVersion, Reader
from han5k_review.store.vocabulary import LabelSource, Role, Split
from han5k_review.study import read_study_catalogue
from rigs.noisy_ct import build_noisy_ct, build_organs, make_head_grid

PASSWORD = "a benchmark's password"
STRUCTURES = 49


def name_reader(number: int) -> str:
    """The account of the reader who has assignment `number`, counted from 1."""
    return f"reader{number}"


def build_load_study(
    root: Path, readers: int, shape_ijk: tuple[int, int, int], database_url: str | None
) -> None:
    """Store the study; `readers` accounts with one password, assignment n belongs to reader n."""
    study = create_study(root, "Load", now_utc=utc_now(), database_url=database_url)
    names = [str(one.name) for one in read_study_catalogue(study)][:STRUCTURES]
    grid = make_head_grid(shape_ijk)
    organs = build_organs(grid, names)
    common = {
        "image_sha256": study.volumes.put_volume(build_noisy_ct(grid)),
        "shape_ijk": list(grid.shape),
        "affine_ras": [list(line) for line in grid.affine_ras],
        "split": Split.TRAIN,
    }
    labels = [
        {
            "structure": name,
            "source": LabelSource.PSEUDO,
            "mask_sha256": study.labels.put_mask(mask),
            "voxels": mask.voxel_count,
            "volume_cc": mask.volume_cc,
        }
        for name, mask in organs.items()
    ]
    with transaction(study.engine) as session:
        _add_rows(session, range(1, readers + 1), common, labels)
    study.engine.dispose()


def _add_rows(
    session: Session,
    numbers: Sequence[int],
    case: dict[str, object],
    labels: Sequence[dict[str, object]],
) -> None:
    """Rows get their numbers from the database, so that its counters stand where they must."""
    password_hash = hash_password(PASSWORD)
    common = {"role": Role.READER, "password_hash": password_hash}
    people = [{"name": name_reader(n), "pseudonym": f"R{n:03}"} | common for n in numbers]
    cases = [{"name": f"HN-{n:04}", "patient": f"P{n:04}"} | case for n in numbers]
    tasks = [{"case_id": n, "reader_id": n, "presentation_order": 1} for n in numbers]
    versions = [{"case_id": n} | label for n in numbers for label in labels]
    for table, rows in (
        (Reader, people),
        (Case, cases),
        (Assignment, tasks),
        (LabelVersion, versions),
    ):
        session.connection().execute(insert(table), rows)
