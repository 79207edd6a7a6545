"""The card of a model version: the sections of the ESTRO model card for AI in radiotherapy.

AID-RT, Barragan-Montero et al., Phys Imaging Radiat Oncol 2026 (doi 10.1016/j.phro.2026.100940):
card metadata, basic information, technical specifications, training, evaluation, other. What the
study does not know is printed as not stated: an empty field would look like an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from sqlmodel import Session, col, select

from han5k_review import __version__
from han5k_review.retraining.models.card_words import (
    FIRST_VERSION,
    IMPORTED_NOTE,
    INTENDED_USE,
    LIMITS,
    NOT_STATED,
    OTHER,
    describe_training,
    describe_verdicts,
    tell,
    tell_declared,
)
from han5k_review.retraining.models.model_facts import ModelFacts, TrainingFacts, read_facts
from han5k_review.retraining.models.postprocessing import describe_counts, describe_postprocessing
from han5k_review.retraining.teaching.changes import Interval, measure_mean
from han5k_review.retraining.teaching.declared import find_declared
from han5k_review.retraining.teaching.gate import StructureVerdict
from han5k_review.retraining.teaching.run_scores import judge_run, list_paired_scores
from han5k_review.retraining.teaching.sealed import SealedState, describe_sealed, find_sealed_state
from han5k_review.store.model_tables import ModelDecision
from han5k_review.store.tables import LabelVersion, ModelVersion
from han5k_review.store.vocabulary import ModelAct
from han5k_review.study import find_study_info
from han5k_review.texts.counts import say_count

Field = tuple[str, str]


class CardPart(IntEnum):
    """The numbered sections of a card, in the numbers of the ESTRO card."""

    CARD = 0
    BASIC = 1
    TECHNICAL = 2
    TRAINING = 3
    EVALUATION = 4
    OTHER = 5


_TITLES: Mapping[CardPart, str] = {
    CardPart.CARD: "Card",
    CardPart.BASIC: "Model: basic information",
    CardPart.TECHNICAL: "Technical specifications",
    CardPart.TRAINING: "Training data, methodology and information",
    CardPart.EVALUATION: "Evaluation data, methodology and results",
    CardPart.OTHER: "Other considerations",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSection:
    """A section and its fields, in order."""

    part: CardPart
    fields: tuple[Field, ...]

    @property
    def title(self) -> str:
        """The heading with its number."""
        return f"{self.part.value}. {_TITLES[self.part]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardScore:
    """One structure on the held-out cases: means of patients with t intervals."""

    structure: str
    training_contours: int | None
    cases: int
    dice: Interval | None
    surface_dice: Interval | None
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
    facts, declared = read_facts(model), find_declared(session, model.id)
    scores = _list_scores(session, model, facts, verdicts)
    decision = _find_decision(session, model)
    study = info.name if info else NOT_STATED
    return ModelCard(
        name=model.name,
        scores=scores,
        sections=(
            CardSection(
                part=CardPart.CARD,
                fields=(
                    ("Creation date", f"{now:%Y-%m-%d}"),
                    ("Version of the card", f"1.0, written by HaN5K Review {__version__}"),
                    ("Changes", "Written anew from the study's record at each download."),
                ),
            ),
            _basic(session, model, study, decision, contact, verdicts),
            _technical(model, facts),
            CardSection(
                part=CardPart.TRAINING,
                fields=(
                    *describe_training(facts, model.labels),
                    *tell_declared(declared, is_imported=model.run_id is None),
                ),
            ),
            _evaluation(facts, verdicts, find_sealed_state(session, model.id)),
            CardSection(part=CardPart.OTHER, fields=OTHER),
        ),
    )


def _basic(
    session: Session,
    model: ModelVersion,
    study: str,
    decision: ModelDecision | None,
    contact: str | None,
    verdicts: Sequence[StructureVerdict],
) -> CardSection:
    parent = session.get(ModelVersion, model.parent_id) if model.parent_id else None
    made = select(LabelVersion.id).where(LabelVersion.model_version_id == model.id).limit(1)
    predicted = session.exec(made).first()
    count = say_count(len(model.labels), "structure")
    return CardSection(
        part=CardPart.BASIC,
        fields=(
            ("Name", model.name),
            ("Creation date", f"{model.created_at_utc:%Y-%m-%d %H:%M} UTC"),
            ("Version", f"model version {model.id} of the study, {model.state}"),
            (
                "Changes",
                f"Continues {parent.name} in run {model.run_id}." if parent else FIRST_VERSION,
            ),
            ("Summary", f"Contours of {count} on head-and-neck CT."),
            ("Anatomical site", "HN"),
            ("Clearance", "Not approved for medical use: research use only."),
            ("Accepted into the study by", _describe_decision(decision)),
            ("Intended users", "Radiation oncologists and physicists of the study."),
            ("Intended use", INTENDED_USE),
            ("Observed limitations", describe_verdicts(verdicts)),
            ("Potential limitations", LIMITS),
            ("Learning architecture", "nnU-Net v2, 3d_fullres: one U-Net per label group"),
            ("Developed by", f"The study {study}"),
            ("Contact", contact or NOT_STATED),
            ("Conflict of interest", NOT_STATED),
            ("Licence of the weights", NOT_STATED),
            ("Model source", f"models/{model.folder} in the study; not published"),
            ("Checkpoint SHA-256", model.checkpoint_sha256),
            ("In use", "It predicted contours." if predicted else "It predicted none."),
        ),
    )


def _describe_decision(decision: ModelDecision | None) -> str:
    if decision is None:
        return NOT_STATED
    return f"{decision.actor}, {decision.decided_at_utc:%Y-%m-%d}: {decision.reason}"


def _technical(model: ModelVersion, facts: ModelFacts) -> CardSection:
    training = facts.training or TrainingFacts()
    settings = training.told
    spacing = settings.working_spacing_mm
    return CardSection(
        part=CardPart.TECHNICAL,
        fields=(
            ("Input", "One planning CT in HU, as NIfTI, NRRD or MHA"),
            ("Output", f"One mask per structure: {', '.join(model.labels)}"),
            (
                "Pre-processing",
                (f"Averaged down to about {spacing:g} mm; " if spacing else "Native resolution; ")
                + ("cut to the body; " if settings.crop_to_body else "")
                + "resampled and normalised by nnU-Net's plans",
            ),
            (
                "Post-processing",
                " ".join(
                    [
                        *(
                            f"{inner} is added back to {outer}."
                            for inner, outer in training.nested.items()
                        ),
                        describe_postprocessing(facts.postprocessing),
                    ]
                ),
            ),
            ("Training contours in one piece", describe_counts(facts.postprocessing) or NOT_STATED),
            ("Patch (z, y, x)", _join(training.patch_zyx)),
            ("Spacing (z, y, x) in mm", _join(training.spacing_zyx_mm)),
            (
                "Software",
                ", ".join(f"{name} {number}" for name, number in facts.software.items())
                or NOT_STATED,
            ),
            ("Origin", facts.origin or "trained in this study"),
        ),
    )


def _evaluation(
    facts: ModelFacts, verdicts: Sequence[StructureVerdict], sealed: SealedState
) -> CardSection:
    held_out = facts.evaluation
    unchanged = sum(v.unchanged_cases for v in verdicts)
    return CardSection(
        part=CardPart.EVALUATION,
        fields=(
            ("Sealed test set", describe_sealed(sealed)),
            ("Held-out cases", tell(held_out and held_out.held_out_cases)),
            ("Held-out patients", tell(held_out and held_out.held_out_patients)),
            (
                "Reference",
                "Reference contours and revisions accepted by an adjudicator; patients never train."
                if verdicts
                else IMPORTED_NOTE,
            ),
            (
                "Pseudo-labels accepted unchanged",
                f"{unchanged}, counted apart; they can raise an alarm, and never speak for a model",
            ),
            (
                "Measures",
                "Dice, surface Dice at the structure's tolerance and HD95 (surface elements, "
                "larger of both directions); means of patients with 95 % t intervals; the HD95 "
                "of an empty contour is left out of the mean, and counts as 100 mm in the gate",
            ),
        ),
    )


def _list_scores(
    session: Session, model: ModelVersion, facts: ModelFacts, verdicts: Sequence[StructureVerdict]
) -> tuple[CardScore, ...]:
    if model.run_id is None:
        return ()
    taught = facts.training.trusted_contours if facts.training else {}
    judged = [s for s in list_paired_scores(session, model.run_id) if s.decides]
    found = []
    for verdict in verdicts:
        own = [s for s in judged if s.structure == verdict.structure]
        found.append(
            CardScore(
                structure=verdict.structure,
                training_contours=taught.get(verdict.structure),
                cases=len(own),
                dice=measure_mean([(s.patient, s.after_dice) for s in own]),
                surface_dice=measure_mean([(s.patient, s.after_surface_dice) for s in own]),
                hd95_mm=measure_mean([(s.patient, s.after_hd95_mm) for s in own]),
                dice_change=verdict.dice_difference,
                verdict=verdict.verdict.value,
            )
        )
    return tuple(found)


def _find_decision(session: Session, model: ModelVersion) -> ModelDecision | None:
    """The newest act that put the model in use."""
    query = (
        select(ModelDecision)
        .where(
            ModelDecision.model_id == model.id,
            col(ModelDecision.act).not_in((ModelAct.DECLINED, ModelAct.TAKEN_OUT)),
        )
        .order_by(col(ModelDecision.id).desc())
    )
    return session.exec(query).first()


def _join(values: Sequence[float]) -> str:
    return " x ".join(f"{v:g}" for v in values) if values else NOT_STATED
