"""Known cases: what the study holds already, as values an import compares against."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field

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


@dataclass(slots=True, kw_only=True)
class Claims:
    """What is taken in a study.

    `names`: names of cases as stored, by `fold_name`; `patients` by `fold_patient`; `owners` of CTs
    by the hash of the volume and by that of its planes. All grow while an import runs.
    `last_case_id` is the newest case that was read: rows of cases are added, never changed.
    """

    names: MutableMapping[str, tuple[str, ...]] = field(default_factory=dict)
    patients: MutableMapping[str, PatientClaim] = field(default_factory=dict)
    owners: MutableMapping[str, Owner] = field(default_factory=dict)
    last_case_id: int = 0

    def overlay(self) -> Claims:
        """The same claims; what is added to these is not added to the others."""
        return Claims(
            names=ChainMap({}, self.names),
            patients=ChainMap({}, self.patients),
            owners=ChainMap({}, self.owners),
            last_case_id=self.last_case_id,
        )

    def own(self, owner: Owner, *hashes: str) -> None:
        """Take a CT for a case, under each hash that is known of it."""
        self.owners.update(dict.fromkeys(filter(None, hashes), owner))


def read_claims(session: Session) -> Claims:
    """Everything a new case must not contradict."""
    claims = Claims()
    refresh_claims(session, claims)
    return claims


def refresh_claims(session: Session, claims: Claims) -> None:
    """Add the cases that were stored since the claims were read; as quick however many there are.

    Who adds a case holds a lock meanwhile (`queue_writers`), so that none comes late.
    """
    columns = (Case.id, Case.name, Case.patient, Case.split, Case.image_sha256, Case.planes_sha256)
    query = select(*columns).where(col(Case.id) > claims.last_case_id).order_by(col(Case.id))  # type: ignore[call-overload]
    for case_id, name, patient, split, *hashes in session.exec(query):
        claims.names[fold_name(name)] = (*claims.names.get(fold_name(name), ()), name)
        claims.patients[fold_patient(patient)] = PatientClaim(patient=patient, split=Split(split))
        claims.own(Owner(case=name, patient=patient), *(one or "" for one in hashes))
        claims.last_case_id = int(case_id)


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
