"""Confirmed names: what people said a name of a clinic's files is, kept in the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.store.audit import add_audit
from han5k_review.store.name_tables import ConfirmedName


def list_confirmed_names(session: Session) -> Sequence[ConfirmedName]:
    """Every confirmation, oldest first; of several of one name the last counts."""
    return session.exec(select(ConfirmedName).order_by(col(ConfirmedName.id))).all()


def read_clinic_catalogue(session: Session, catalogue: Catalogue) -> Catalogue:
    """The study's catalogue with all names that were confirmed for it."""
    rows = list_confirmed_names(session)
    return catalogue.with_confirmed(
        {row.written: None if row.structure is None else _name(row.structure) for row in rows}
    )


def confirm_names(
    session: Session,
    catalogue: Catalogue,
    names: Mapping[str, StructureName | None],
    *,
    actor: str,
    now_utc: datetime,
) -> int:
    """Keep what names are (None: left out); how many. ConfigError for an unknown structure."""
    for written, structure in names.items():
        if structure is not None:
            catalogue.get_structure(structure)
        session.add(
            ConfirmedName(
                written=written, structure=structure, actor=actor, confirmed_at_utc=now_utc
            )
        )
    if names:
        add_audit(
            session,
            at_utc=now_utc,
            actor=actor,
            action="confirm names",
            subject="ROI names",
            count=len(names),
            structures=sorted({str(one) for one in names.values() if one is not None}),
        )
    return len(names)


def _name(text: str) -> StructureName:
    return StructureName(text)
