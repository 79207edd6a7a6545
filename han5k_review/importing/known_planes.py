"""Planes of the CTs that were imported before the study kept them: measured once, then stored."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Executor

from sqlmodel import col, select

from han5k_review.errors import DataError
from han5k_review.importing.known_cases import Claims, Owner, read_claims
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Case
from han5k_review.store.volume_files import VolumeFiles


def read_full_claims(
    study: Study,
    executor: Executor | None,
    *,
    write: bool,
    shapes: Collection[tuple[int, ...]] | None = None,
) -> Claims:
    """The claims of a study, with the planes of every stored CT.

    Those of older cases are measured from the stored volumes, about half a second each, and kept if
    `write`; with `shapes` only those of these sorted sizes. A volume that is missing or damaged is
    known by its hash alone.
    """
    with reading(study.engine) as session:
        claims = read_claims(session)
        old = session.exec(
            select(Case).where(col(Case.planes_sha256).is_(None)).order_by(col(Case.id))
        ).all()
        session.expunge_all()
    if shapes is not None:
        old = [case for case in old if tuple(sorted(case.shape_ijk)) in shapes]
    hashes = [case.image_sha256 for case in old]
    run = map if executor is None else executor.map
    found = list(run(_measure, [study.volumes] * len(hashes), hashes))
    for case, planes in zip(old, found, strict=True):
        claims.own(Owner(case=case.name, patient=case.patient), planes)
    if write and any(found):
        with transaction(study.engine) as session:
            for case, planes in zip(old, found, strict=True):
                session.get_one(Case, case.id).planes_sha256 = planes or None
    return claims


def _measure(volumes: VolumeFiles, image_sha256: str) -> str:
    try:
        return volumes.get_volume(image_sha256).planes_sha256
    except DataError:
        return ""
