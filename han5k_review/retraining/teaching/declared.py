"""Patients that taught a model elsewhere, as a person declares them: what they may not judge.

A model looks better on patients that taught it. So declared ones, and those of the models that a
model continues, choose nothing and judge nothing of its line: not the monitor's alpha, not the
gate, not the sealed test set.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review.errors import ConfigError, RuleError
from han5k_review.store.audit import add_audit
from han5k_review.store.model_tables import DeclaredPatient
from han5k_review.store.tables import Case, ModelVersion
from han5k_review.store.vocabulary import Split
from han5k_review.texts.counts import say_count
from han5k_review.texts.names import tidy_name

UNKNOWN = (
    "not declared: whether it learned from this study's held-out patients is not known "
    "(`han5k model declare`)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What was declared of a model's line: all patients, and those of this study by split."""

    patients: frozenset[str] = frozenset()
    held_out: tuple[str, ...] = ()
    training: tuple[str, ...] = ()


def read_patients(text: str) -> list[str]:
    """The pseudonyms of a text, one a line; RuleError when there is none, or a line has commas."""
    names = [tidy_name(line) for line in text.splitlines()]
    found = list(dict.fromkeys(name for name in names if name))
    odd = next((name for name in found if "," in name or ";" in name), None)
    if odd is not None:
        raise RuleError(f"One pseudonym a line was expected, found: {odd[:60]}.")
    if not found:
        raise RuleError("The pseudonyms of patients were expected, one a line; found none.")
    return found


def declare_patients(
    session: Session, model_id: int, *, patients: Iterable[str], actor: str, now: datetime
) -> Declared:
    """Declare that these patients taught an imported model; what is declared of it then.

    A patient who was declared before is not written again; nothing is taken back. ConfigError for
    a model that is not there, RuleError for one that this study trained: its patients are known.
    """
    model = session.get(ModelVersion, model_id)
    if model is None:
        raise ConfigError(f"There is no model version {model_id}.")
    if model.run_id is not None:
        raise RuleError(
            f"An imported model was expected; {model.name} was trained in run {model.run_id}, and "
            "its manifest says who taught it."
        )
    known = set(
        session.exec(select(DeclaredPatient.patient).where(DeclaredPatient.model_id == model_id))
    )
    new = [name for name in dict.fromkeys(patients) if name not in known]
    session.add_all(
        DeclaredPatient(model_id=model_id, patient=name, actor=actor, declared_at_utc=now)
        for name in new
    )
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action="patients declared",
        subject=f"model {model.name}",
        patients=new,
    )
    session.flush()
    return find_declared(session, model_id)


def find_declared(session: Session, model_id: int | None) -> Declared:
    """What was declared of a model and of all models that it continues."""
    line: list[int] = []
    while model_id is not None and model_id not in line:
        line.append(model_id)
        model = session.get(ModelVersion, model_id)
        model_id = model.parent_id if model else None
    query = select(DeclaredPatient.patient).where(col(DeclaredPatient.model_id).in_(line))
    patients = frozenset(session.exec(query))
    own: dict[Split, set[str]] = {split: set() for split in Split}
    for name, split in session.exec(select(Case.patient, Case.split)):
        if name in patients:
            own[Split(split)].add(name)
    return Declared(
        patients=patients,
        held_out=tuple(sorted(own[Split.HELD_OUT])),
        training=tuple(sorted(own[Split.TRAIN])),
    )


def list_all_declared(session: Session) -> frozenset[str]:
    """The patients that were declared of any model."""
    return frozenset(session.exec(select(DeclaredPatient.patient)))


def describe_declared(declared: Declared) -> str:
    """One sentence: how many, how many of them are of this study, and what follows."""
    if not declared.patients:
        return UNKNOWN
    told = f"{say_count(len(declared.patients), 'patient')} declared; "
    if not declared.held_out and not declared.training:
        return told + "none is in this study (pseudonyms must be the same)"
    told += f"in this study {len(declared.training)} in training"
    if declared.held_out:
        told += f", and held out: {', '.join(declared.held_out)}, who judge no run of its line"
    return told


def note_declared(declared: Declared, name: str) -> list[str]:
    """What a person should know before a run continues the model `name`."""
    if not declared.held_out:
        return []
    return [
        f"Held-out patients who taught {name} elsewhere, and judge nothing of this run: "
        f"{', '.join(declared.held_out)}."
    ]
