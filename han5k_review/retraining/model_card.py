"""The card of a model version: the sections of the ESTRO model card for AI in radiotherapy.

AID-RT, Barragan-Montero et al., Phys Imaging Radiat Oncol 2026 (doi 10.1016/j.phro.2026.100940):
card metadata, basic information, technical specifications, training, evaluation, other. What the
study does not know is printed as not stated: an empty field would look like an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review import __version__
from han5k_review.retraining.card_words import (
    FIRST_VERSION,
    IMPORTED_NOTE,
    INTENDED_USE,
    LIMITS,
    NOT_STATED,
    OTHER,
    describe_training,
)
from han5k_review.retraining.gate import (
    GateSettings,
    Interval,
    StructureVerdict,
    Verdict,
    bootstrap_mean,
)
from han5k_review.retraining.postprocessing import describe_counts, describe_postprocessing
from han5k_review.retraining.views import judge_run, list_paired_scores
from han5k_review.store.tables import Audit, LabelVersion, ModelVersion
from han5k_review.study import find_study_info

Field = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSection:
    """A numbered section and its fields, in order."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardScore:
    """One structure on the held-out cases: mean Dice and HD95 with patient-bootstrap intervals."""

    structure: str
    training_contours: int | None
    cases: int
    dice: Interval | None
    hd95_mm: Interval | None
    dice_change: Interval | None
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Everything a card says."""

    name: str
    sections: tuple[CardSection, ...]
    scores: tuple[CardScore, ...]


def build_model_card(
    session: Session, model: ModelVersion, *, contact: str | None, now: datetime
) -> ModelCard:
    """The card of a model version as the study knows it now."""
    info = find_study_info(session)
    verdicts = judge_run(session, model.run_id) if model.run_id is not None else ()
    scores = _list_scores(session, model, verdicts)
    decision = _find_decision(session, model)
    study = info.name if info else NOT_STATED
    return ModelCard(
        name=model.name,
        scores=scores,
        sections=(
            CardSection(
                title="0. Card",
                fields=(
                    ("Creation date", f"{now:%Y-%m-%d}"),
                    ("Version of the card", f"1.0, written by HaN5K Review {__version__}"),
                    ("Changes", "Written anew from the study's record at each download."),
                ),
            ),
            _basic(session, model, study, decision, contact, verdicts),
            _technical(model),
            CardSection(
                title="3. Training data, methodology and information",
                fields=tuple(describe_training(model.card, model.labels)),
            ),
            _evaluation(model, verdicts),
            CardSection(title="5. Other considerations", fields=OTHER),
        ),
    )


def _basic(
    session: Session,
    model: ModelVersion,
    study: str,
    decision: Audit | None,
    contact: str | None,
    verdicts: Sequence[StructureVerdict],
) -> CardSection:
    parent = session.get(ModelVersion, model.parent_id) if model.parent_id else None
    drawn = session.exec(
        select(LabelVersion.id).where(LabelVersion.model_version_id == model.id).limit(1)
    ).first()
    failed = [v.structure for v in verdicts if v.verdict is Verdict.FAIL]
    few = [v.structure for v in verdicts if v.verdict is Verdict.TOO_FEW]
    approved = NOT_STATED
    if decision is not None:
        reason = str(decision.detail.get("reason", ""))
        approved = f"{decision.actor}, {decision.at_utc:%Y-%m-%d}: {reason}"
    observed = [f"Failed the gate: {', '.join(failed)}."] if failed else []
    observed += [f"Too few held-out cases to judge: {', '.join(few)}."] if few else []
    return CardSection(
        title="1. Model: basic information",
        fields=(
            ("Name", model.name),
            ("Creation date", f"{model.created_at_utc:%Y-%m-%d %H:%M} UTC"),
            ("Version", f"model version {model.id} of the study, {model.state}"),
            (
                "Changes",
                f"Continues {parent.name} in run {model.run_id}." if parent else FIRST_VERSION,
            ),
            ("Summary", f"Contours of {len(model.labels)} structures on head-and-neck CT."),
            ("Anatomical site", "HN"),
            ("Clearance", "Not approved for medical use: research use only."),
            ("Accepted into the study by", approved),
            ("Intended users", "Radiation oncologists and physicists of the study."),
            ("Intended use", INTENDED_USE),
            ("Observed limitations", " ".join(observed) or "None recorded by the gate."),
            ("Potential limitations", LIMITS),
            ("Learning architecture", "nnU-Net v2, 3d_fullres: one U-Net per label group"),
            ("Developed by", f"The study {study}"),
            ("Contact", contact or NOT_STATED),
            ("Conflict of interest", NOT_STATED),
            ("Licence of the weights", NOT_STATED),
            (
                "Model source",
                f"models/{model.folder} in the study; not published",
            ),
            ("Checkpoint SHA-256", model.checkpoint_sha256),
            ("In use", "It drew label versions of this study." if drawn else "It drew none yet."),
        ),
    )


def _technical(model: ModelVersion) -> CardSection:
    training = model.card.get("training", {})
    software = model.card.get("software", {})
    settings = training.get("settings", {})
    spacing = settings.get("working_spacing_mm")
    nested = training.get("nested") or {}
    return CardSection(
        title="2. Technical specifications",
        fields=(
            ("Input", "One planning CT in HU, as NIfTI, NRRD or MHA"),
            ("Output", f"One mask per structure: {', '.join(model.labels)}"),
            (
                "Pre-processing",
                (f"Averaged down to about {spacing:g} mm; " if spacing else "Native resolution; ")
                + ("cut to the body; " if settings.get("crop_to_body") else "")
                + "resampled and normalised by nnU-Net's plans",
            ),
            (
                "Post-processing",
                " ".join(
                    [
                        *(f"{inner} is added back to {outer}." for inner, outer in nested.items()),
                        describe_postprocessing(model.card),
                    ]
                ),
            ),
            ("Training contours in one piece", describe_counts(model.card) or NOT_STATED),
            ("Patch (z, y, x)", _join(training.get("patch_zyx"))),
            ("Spacing (z, y, x) in mm", _join(training.get("spacing_zyx_mm"))),
            (
                "Software",
                ", ".join(f"{name} {number}" for name, number in software.items()) or NOT_STATED,
            ),
            ("Origin", str(model.card.get("origin", "trained in this study"))),
        ),
    )


def _evaluation(model: ModelVersion, verdicts: Sequence[StructureVerdict]) -> CardSection:
    evaluation = model.card.get("evaluation", {})
    unchanged = sum(v.unchanged_cases for v in verdicts)
    return CardSection(
        title="4. Evaluation data, methodology and results",
        fields=(
            ("Held-out cases", str(evaluation.get("held_out_cases", NOT_STATED))),
            ("Held-out patients", str(evaluation.get("held_out_patients", NOT_STATED))),
            (
                "Reference",
                "Reference contours and revisions accepted by an adjudicator; patients never train."
                if verdicts
                else IMPORTED_NOTE,
            ),
            ("Pseudo-labels accepted unchanged", f"{unchanged}, counted apart, never deciding"),
            (
                "Measures",
                "Dice and HD95 (surface elements, larger of both directions); means with 95 % "
                "bootstrap intervals over patients; distances to empty contours are left out",
            ),
        ),
    )


def _list_scores(
    session: Session, model: ModelVersion, verdicts: Sequence[StructureVerdict]
) -> tuple[CardScore, ...]:
    if model.run_id is None:
        return ()
    taught = model.card.get("training", {}).get("trusted_contours", {})
    judged = [s for s in list_paired_scores(session, model.run_id) if s.decides]
    settings = GateSettings()
    found = []
    for verdict in verdicts:
        own = [s for s in judged if s.structure == verdict.structure]
        found.append(
            CardScore(
                structure=verdict.structure,
                training_contours=taught.get(verdict.structure),
                cases=len(own),
                dice=bootstrap_mean([(s.patient, s.after_dice) for s in own], settings),
                hd95_mm=bootstrap_mean([(s.patient, s.after_hd95_mm) for s in own], settings),
                dice_change=verdict.dice_difference,
                verdict=verdict.verdict.value,
            )
        )
    return tuple(found)


def _find_decision(session: Session, model: ModelVersion) -> Audit | None:
    """The newest act that put the model in use."""
    subjects = [f"model {model.name}", f"run {model.run_id}"]
    query = (
        select(Audit)
        .where(
            col(Audit.subject).in_(subjects),
            col(Audit.action).in_(("run promoted", "model rolled back", "model put in use")),
        )
        .order_by(col(Audit.id).desc())
    )
    return session.exec(query).first()


def _join(values: Sequence[float] | None) -> str:
    return " x ".join(f"{v:g}" for v in values) if values else NOT_STATED
