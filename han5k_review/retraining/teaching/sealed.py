"""The sealed test set: held-out patients who judge no run, and are opened rarely.

A gate that looks at the same patients run after run chooses models that suit these patients. The
sealed ones are predicted with every run and measured with none, until a person opens the set for
one run; each opening is counted, and the card says how often.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlmodel import Session, col, func, select

from han5k_review.errors import RuleError
from han5k_review.retraining.teaching.declared import list_all_declared
from han5k_review.store.audit import add_audit
from han5k_review.store.run_tables import RunScore
from han5k_review.store.sealed_tables import SealedOpening, SealedPatient
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.store.vocabulary import LabelSource, Split
from han5k_review.texts.counts import say_count


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedState:
    """How many patients are sealed, how often they were opened, and what that said of a model."""

    patients: int
    openings: int
    opened: SealedOpening | None = None


def list_sealed(session: Session) -> frozenset[str]:
    """The patients of the sealed test set."""
    return frozenset(session.exec(select(SealedPatient.patient)))


def seal_patients(
    session: Session, count: int, *, seed: int, actor: str, reason: str, now: datetime
) -> list[str]:
    """Seal `count` held-out patients with reference contours, at random among those nobody saw.

    RuleError without a reason, when fewer are left that no run has measured, and when no other
    held-out patient would be left for the gate.
    """
    if not reason.strip():
        raise RuleError("Please give a reason.")
    held_out = set(session.exec(select(Case.patient).where(Case.split == Split.HELD_OUT)))
    held_out -= list_sealed(session)
    free = sorted(_keep_untouched(session, held_out))
    if not 0 < count <= len(free):
        raise RuleError(
            f"Between 1 and {len(free)} patients were expected, found {count}: so many held-out "
            "patients have reference contours, were measured by no run, and taught no imported "
            "model. Import more as held_out."
        )
    if len(held_out) == count:
        raise RuleError(
            f"Fewer than {count} patients were expected: then none of the held-out patients would "
            "be left for the gate. Seal fewer, or import more as held_out."
        )
    chosen = sorted(np.random.default_rng(seed).choice(free, count, replace=False).tolist())
    session.add_all(
        SealedPatient(patient=name, actor=actor, reason=reason, sealed_at_utc=now)
        for name in chosen
    )
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action="patients sealed",
        subject="sealed test set",
        reason=reason,
        patients=chosen,
        seed=seed,
    )
    return chosen


def _keep_untouched(session: Session, patients: Collection[str]) -> set[str]:
    """Those with a reference contour that no run has measured and nobody declared of a model."""
    measured = set(
        session.exec(select(Case.patient).join(RunScore, col(RunScore.case_id) == Case.id))
    )
    known = set(
        session.exec(
            select(Case.patient)
            .join(LabelVersion, col(LabelVersion.case_id) == Case.id)
            .where(LabelVersion.source == LabelSource.REFERENCE)
        )
    )
    return (set(patients) & known) - measured - list_all_declared(session)


def find_sealed_state(session: Session, model_id: int | None = None) -> SealedState:
    """The state of the set, and its opening for this model."""
    count = session.exec(select(func.count(col(SealedPatient.id)))).one()
    openings = session.exec(select(func.count(col(SealedOpening.id)))).one()
    opened = session.exec(
        select(SealedOpening).where(SealedOpening.model_id == model_id)
    ).one_or_none()
    return SealedState(patients=count, openings=openings, opened=opened)


def describe_sealed(state: SealedState) -> str:
    """One line for the card: the set, the counter, and what it said of the model."""
    if not state.patients:
        return "None: every held-out patient judged every run"
    opened = say_count(state.openings, "time")
    told = f"{say_count(state.patients, 'patient')}, opened {opened} in this study"
    if state.opened is None:
        return f"{told}, never for this model"
    words: dict[str, list[str]] = {}
    for structure, verdict in state.opened.found.items():
        words.setdefault(str(verdict), []).append(structure)
    found = "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in words.items())
    return f"{told}; for this model on {state.opened.opened_at_utc:%Y-%m-%d} ({found})"
