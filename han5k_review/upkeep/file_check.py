"""Are the files there that rows name, are they what they were, and which does no row name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from sqlmodel import Session, col, select

from han5k_review.errors import Han5kError
from han5k_review.imaging.grid import Grid
from han5k_review.store.dose_files import read_dose_file
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.texts.counts import say_count
from han5k_review.upkeep.finding import Finding

_TABLES = ("structures.csv", "scales.csv", "windows.csv")
_RESTORE = "Put it back from a backup (`han5k restore`), or import the case again."
_OLD_SECONDS = 24 * 3600
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """How many files were looked for, and what was found."""

    volumes: int
    masks: int
    findings: tuple[Finding, ...]


def check_files(
    study: Study, *, deep: bool = False, progress: Callable[[int], None] | None = None
) -> FileCheck:
    """Look for every file that a row names; `deep` reads each and compares its hash."""
    findings = [*_list_tables(study)]
    with reading(study.engine) as session:
        images = _list_images(session)
        masks = _list_masks(session)
    for name, sha256 in images:
        findings += _check_volume(study, name, sha256, deep=deep)
        _tell(progress)
    for number, (name, sha256, grid) in masks.items():
        path = study.labels.path(sha256)
        if not path.is_file():
            sentence = f"The mask of label version {number} is missing: {path}."
            findings.append(Finding(sentence=sentence, mend=_RESTORE))
        elif deep:
            findings += _attempt(partial(study.labels.get_mask, sha256, grid), name)
        _tell(progress)
    if deep:
        for path in sorted((study.root / "doses").rglob("*.npz")):
            findings += _attempt(partial(read_dose_file, path), "A dose")
    findings += _list_unnamed(study, {sha256 for _, sha256, _ in masks.values()}, images)
    return FileCheck(volumes=len(images), masks=len(masks), findings=tuple(findings))


def _tell(progress: Callable[[int], None] | None) -> None:
    if progress is not None:
        progress(1)


def _list_images(session: Session) -> list[tuple[str, str]]:
    return list(session.exec(select(Case.name, Case.image_sha256).order_by(col(Case.id))).all())


def _list_masks(session: Session) -> dict[int, tuple[str, str, Grid]]:
    """Label version -> its case, its hash, the case's grid."""
    grids = {
        case.id: (case.name, Grid.from_affine(tuple(case.shape_ijk), np.array(case.affine_ras)))
        for case in session.exec(select(Case))
    }
    rows = session.exec(
        select(LabelVersion.id, LabelVersion.case_id, LabelVersion.mask_sha256).order_by(
            col(LabelVersion.id)
        )
    )
    return {
        number or 0: (grids[case][0], sha256, grids[case][1])
        for number, case, sha256 in rows
        if case in grids  # else the record check tells of it
    }


def _check_volume(study: Study, name: str, sha256: str, *, deep: bool) -> Iterator[Finding]:
    folder = study.volumes.path(sha256)
    if not (folder / "index.json").is_file():
        yield Finding(sentence=f"The CT of {name} is missing: {folder}.", mend=_RESTORE)
        return
    if study.volumes.find_place(sha256) is not None:
        return  # it has no slabs here; the importing room knows whether it is as it was
    if deep:
        yield from _attempt(partial(study.volumes.get_volume, sha256), name)
        return
    slabs = len(study.volumes.get_index(sha256).slabs)
    gone = [n for n in range(slabs) if not (folder / f"{n:04d}.zst").is_file()]
    if gone:
        yield Finding(
            sentence=f"{say_count(len(gone), 'slab')} of the CT of {name} are missing in {folder}.",
            mend=_RESTORE,
        )


def _attempt(read: Callable[[], object], name: str) -> Iterator[Finding]:
    try:
        read()
    except Han5kError as error:
        yield Finding(sentence=f"{name}: {error}", mend=_RESTORE)


def _list_tables(study: Study) -> Iterator[Finding]:
    for name in _TABLES:
        if not (study.tables / name).is_file():
            yield Finding(
                sentence=f"The table {name} is missing in {study.tables}.",
                mend="Put it back from a backup; tables/versions/ has the older ones.",
            )


def _list_unnamed(
    study: Study, masks: set[str], images: list[tuple[str, str]]
) -> Iterator[Finding]:
    """Files that no row names, and half-written ones: they do no harm and take room."""
    volumes = {sha256 for _, sha256 in images}
    unnamed = [
        path
        for path in study.labels.folder.glob("??/*.nii.gz")
        if path.name.split(".")[0] not in masks
    ]
    unnamed += [path for path in study.volumes.folder.glob("??/*") if path.name not in volumes]
    now = time.time()
    unfinished = [
        path
        for folder in (study.labels.folder, study.volumes.folder, study.root / "doses")
        for path in folder.rglob(".*.tmp")
        if now - path.stat().st_mtime > _OLD_SECONDS
    ]
    for paths, words in (
        ([path for path in unnamed if not path.name.startswith(".")], "named by no row"),
        (unfinished, "half-written"),
    ):
        if paths:
            shown = ", ".join(path.relative_to(study.root).as_posix() for path in paths[:_SHOWN])
            yield Finding(
                sentence=f"{say_count(len(paths), 'file or folder', 'files or folders')} "
                f"{words}: {shown}.",
                mend="They do no harm; interrupted imports leave them. Delete them while nothing "
                "runs, after a backup.",
                is_problem=False,
            )
