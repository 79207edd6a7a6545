"""Label choices: which label version of each structure stands on one side of a comparison."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from han5k_review.errors import ConfigError
from han5k_review.review.accepted import list_accepted
from han5k_review.review.labels import UNDER_REVIEW as UNDER_REVIEW_SOURCES
from han5k_review.review.labels import is_shown
from han5k_review.store.identity import CaseStructure, stored_id
from han5k_review.store.tables import LabelVersion, ModelVersion
from han5k_review.store.vocabulary import LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChoice:
    """The newest label version of these sources, per case and structure.

    `model_version_id` and `reader_id` narrow it to one maker; `accepted_only` means the accepted
    contour instead of the newest one (review/accepted.py). `title` is how pages and exports call
    it.
    """

    title: str
    sources: tuple[LabelSource, ...]
    model_version_id: int | None = None
    reader_id: int | None = None
    accepted_only: bool = False


UNDER_REVIEW = LabelChoice(title="contour under review", sources=UNDER_REVIEW_SOURCES)
REFERENCE = LabelChoice(title="reference", sources=(LabelSource.REFERENCE,))
ACCEPTED = LabelChoice(title="accepted contour", sources=tuple(LabelSource), accepted_only=True)
IMPORTED = LabelChoice(title="imported pseudo-label", sources=(LabelSource.PSEUDO,))
_NAMED = {"ai": UNDER_REVIEW, "pseudo": IMPORTED, "reference": REFERENCE, "accepted": ACCEPTED}
_MODEL = "model:"
_COLUMNS = (
    col(LabelVersion.id),
    col(LabelVersion.case_id),
    col(LabelVersion.structure),
    col(LabelVersion.source),
    col(LabelVersion.mask_sha256),
    col(LabelVersion.model_version_id),
)


def list_choices(session: Session) -> Mapping[str, LabelChoice]:
    """Every side a comparison can have, by the name that pages and commands call it.

    `ai` is the newest contour under review, `pseudo` the imported one whatever came later,
    `reference`, `accepted` (a revision, or a contour locked as it is), and `model:<name>` what one
    model version predicted.
    """
    models = session.exec(select(ModelVersion).order_by(col(ModelVersion.id))).all()
    return _NAMED | {
        f"{_MODEL}{model.name}": LabelChoice(
            title=f"model {model.name}",
            sources=(LabelSource.PREDICTION,),
            model_version_id=model.id,
        )
        for model in models
    }


def get_choice(session: Session, name: str) -> LabelChoice:
    """The choice of this name; ConfigError lists the names there are."""
    choices = list_choices(session)
    if name not in choices:
        raise ConfigError(
            f"A label source of the study was expected ({', '.join(choices)}), found {name!r}."
        )
    return choices[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenLabel:
    """A label version as a comparison needs it: who it is, and the hash of its mask."""

    label_version_id: int
    source: LabelSource
    mask_sha256: str
    model_version_id: int | None


def find_labels(
    session: Session,
    choice: LabelChoice,
    case_ids: Sequence[int] | None = None,
    structures: Collection[str] | None = None,
) -> Mapping[CaseStructure, ChosenLabel]:
    """(case id, structure) -> the label version that `choice` means.

    Of these cases and these structures, or of all.
    """
    if choice.accepted_only:
        return {
            key: _refer(found.contour)
            for key, found in list_accepted(session, case_ids).items()
            if _is_meant(choice, found.contour) and (structures is None or key[1] in structures)
        }
    # Columns instead of objects: a cohort has 200,000 label versions.
    query = (
        sa.select(*_COLUMNS)
        .where(col(LabelVersion.source).in_(choice.sources))
        .order_by(col(LabelVersion.id))
    )
    if case_ids is not None:
        query = query.where(col(LabelVersion.case_id).in_(case_ids))
    if structures is not None:
        query = query.where(col(LabelVersion.structure).in_(structures))
    if choice.model_version_id is not None:
        query = query.where(col(LabelVersion.model_version_id) == choice.model_version_id)
    else:  # what a model predicted may be measured though nobody put it under review
        query = query.where(is_shown())
    if choice.reader_id is not None:
        query = query.where(col(LabelVersion.reader_id) == choice.reader_id)
    return {
        (case_id, structure): ChosenLabel(
            label_version_id=number,
            source=source,
            mask_sha256=sha256,
            model_version_id=model_id,
        )
        for number, case_id, structure, source, sha256, model_id in session.execute(query)
    }


def _is_meant(choice: LabelChoice, contour: LabelVersion) -> bool:
    return (
        contour.source in choice.sources
        and choice.model_version_id in (None, contour.model_version_id)
        and choice.reader_id in (None, contour.reader_id)
    )


def _refer(contour: LabelVersion) -> ChosenLabel:
    return ChosenLabel(
        label_version_id=stored_id(contour),
        source=contour.source,
        mask_sha256=contour.mask_sha256,
        model_version_id=contour.model_version_id,
    )
