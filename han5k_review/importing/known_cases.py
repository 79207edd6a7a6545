"""Known cases: what the study holds already, as values an import compares against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session, col, select

from han5k_review.imaging.grid import Grid
from han5k_review.importing.fingerprints import Fingerprint
from han5k_review.store.tables import Audit, Case, LabelVersion
from han5k_review.store.vocabulary import LabelSource, Split

AUDIT_ACTION = "import case"
LabelKey = tuple[LabelSource, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLabel:
    """The newest imported label version of one structure and source."""

    version_id: int
    mask_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCase:
    """A case of the study; `labels` by (source, structure), `fingerprint` of its last import.

    `stamp` is that of the files of its last import; empty when they were too new to have one.
    """

    case_id: int
    name: str
    patient: str
    split: Split
    image_sha256: str
    grid: Grid
    labels: Mapping[LabelKey, KnownLabel]
    fingerprint: Fingerprint
    stamp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What is taken in a study: case name by CT hash, split by patient.

    Both maps grow while an import runs.
    """

    images: dict[str, str]
    patients: dict[str, Split]


def read_claims(session: Session) -> Claims:
    """Everything a new case must not contradict."""
    rows = session.exec(select(Case.image_sha256, Case.name, Case.patient, Case.split)).all()
    return Claims(
        images={sha256: name for sha256, name, _, _ in rows},
        patients={patient: Split(split) for _, _, patient, split in rows},
    )


def read_ct_files(session: Session) -> dict[str, str]:
    """The case by the SHA-256 of each CT file that was imported, as the audit trail has them."""
    rows = session.exec(
        select(Audit.subject, Audit.detail).where(Audit.action == AUDIT_ACTION)
    ).all()
    found = ((detail.get("fingerprint", {}).get("ct"), subject) for subject, detail in rows)
    return {sha256: subject.removeprefix("case ") for sha256, subject in found if sha256}


def find_known_case(session: Session, name: str) -> KnownCase | None:
    """The case of this name as the database has it now; None when there is none."""
    case = session.exec(select(Case).where(Case.name == name)).first()
    return None if case is None else _read_known(session, case)


def _read_known(session: Session, case: Case) -> KnownCase:
    """One case with its newest imported labels and the fingerprint of its last import."""
    imported = (LabelSource.PSEUDO, LabelSource.REFERENCE)
    versions = session.exec(
        select(LabelVersion)
        .where(LabelVersion.case_id == case.id, col(LabelVersion.source).in_(imported))
        .order_by(col(LabelVersion.id))
    ).all()
    audit = session.exec(
        select(Audit)
        .where(Audit.action == AUDIT_ACTION, Audit.subject == f"case {case.name}")
        .order_by(col(Audit.id).desc())
    ).first()
    return KnownCase(
        case_id=case.id or 0,
        name=case.name,
        patient=case.patient,
        split=case.split,
        image_sha256=case.image_sha256,
        grid=Grid.from_affine(case.shape_ijk, np.array(case.affine_ras)),
        labels={
            (v.source, v.structure): KnownLabel(version_id=v.id or 0, mask_sha256=v.mask_sha256)
            for v in versions
        },
        fingerprint={} if audit is None else dict(audit.detail.get("fingerprint", {})),
        stamp="" if audit is None else str(audit.detail.get("stamp", "")),
    )
