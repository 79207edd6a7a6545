"""Known cases: what the study holds already, as values an import compares against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from han5k_review.imaging.grid import Grid
from han5k_review.importing.fingerprints import Fingerprint
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Audit, Case, LabelVersion
from han5k_review.store.vocabulary import LabelSource, Split
from han5k_review.study import grid_of
from han5k_review.texts.names import fold_name, fold_patient

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
class Owner:
    """Whose a CT is."""

    case: str
    patient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientClaim:
    """A patient as the study writes them, and their one split."""

    patient: str
    split: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What is taken in a study.

    `names`: names of cases as stored, by `fold_name`; `patients` by `fold_patient`; `owners` of CTs
    by the hash of the volume and by that of its planes. All grow while an import runs.
    """

    names: dict[str, tuple[str, ...]]
    patients: dict[str, PatientClaim]
    owners: dict[str, Owner]

    def own(self, owner: Owner, *hashes: str) -> None:
        """Take a CT for a case, under each hash that is known of it."""
        self.owners.update(dict.fromkeys(filter(None, hashes), owner))


def read_claims(session: Session) -> Claims:
    """Everything a new case must not contradict."""
    claims = Claims(names={}, patients={}, owners={})
    by_age = col(Case.id)
    for name, patient, split, sha256 in session.exec(
        select(Case.name, Case.patient, Case.split, Case.image_sha256).order_by(by_age)
    ):
        claims.names[fold_name(name)] = (*claims.names.get(fold_name(name), ()), name)
        claims.patients[fold_patient(patient)] = PatientClaim(patient=patient, split=Split(split))
        claims.own(Owner(case=name, patient=patient), sha256)
    for name, patient, planes in session.exec(
        select(Case.name, Case.patient, Case.planes_sha256).order_by(by_age)
    ):
        claims.own(Owner(case=name, patient=patient), planes or "")
    return claims


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
        case_id=stored_id(case),
        name=case.name,
        patient=case.patient,
        split=case.split,
        image_sha256=case.image_sha256,
        grid=grid_of(case),
        labels={
            (v.source, v.structure): KnownLabel(version_id=stored_id(v), mask_sha256=v.mask_sha256)
            for v in versions
        },
        fingerprint={} if audit is None else dict(audit.detail.get("fingerprint", {})),
        stamp="" if audit is None else str(audit.detail.get("stamp", "")),
    )
