"""Label choices: which label version of each structure stands on one side of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from han5k_review.errors import ConfigError
from han5k_review.store.tables import LabelVersion, ModelVersion, Revision, RevisionDecision
from han5k_review.store.vocabulary import Decision, LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChoice:
    """The newest label version of these sources, per case and structure.

    `model_version_id` and `reader_id` narrow it to one maker; `accepted_only` leaves out revisions
    whose newest decision is not an acceptance. `title` is how pages and exports call it.
    """

    title: str
    sources: tuple[LabelSource, ...]
    model_version_id: int | None = None
    reader_id: int | None = None
    accepted_only: bool = False


UNDER_REVIEW = LabelChoice(
    title="contour under review", sources=(LabelSource.PSEUDO, LabelSource.PREDICTION)
)
REFERENCE = LabelChoice(title="reference", sources=(LabelSource.REFERENCE,))
REVISED = LabelChoice(
    title="accepted revision", sources=(LabelSource.REVISION,), accepted_only=True
)
IMPORTED = LabelChoice(title="imported pseudo-label", sources=(LabelSource.PSEUDO,))
_NAMED = {"ai": UNDER_REVIEW, "pseudo": IMPORTED, "reference": REFERENCE, "revision": REVISED}
_MODEL = "model:"


def list_choices(session: Session) -> Mapping[str, LabelChoice]:
    """Every side a comparison can have, by the name that pages and commands call it.

    `ai` is the newest contour under review, `pseudo` the imported one whatever came later,
    `reference`, `revision` (accepted ones), and `model:<name>` what one model version drew.
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
class LabelRef:
    """A label version as a comparison needs it: who it is, and the hash of its mask."""

    label_version_id: int
    source: LabelSource
    mask_sha256: str
    model_version_id: int | None


def find_labels(
    session: Session, choice: LabelChoice, case_ids: Sequence[int] | None = None
) -> Mapping[tuple[int, str], LabelRef]:
    """(case id, structure) -> the label version that `choice` means, of these cases or of all."""
    query = (
        sa.select(
            col(LabelVersion.id),
            col(LabelVersion.case_id),
            col(LabelVersion.structure),
            col(LabelVersion.source),
            col(LabelVersion.mask_sha256),
            col(LabelVersion.model_version_id),
        )
        .where(col(LabelVersion.source).in_(choice.sources))
        .order_by(col(LabelVersion.id))
    )
    if case_ids is not None:
        query = query.where(col(LabelVersion.case_id).in_(case_ids))
    if choice.model_version_id is not None:
        query = query.where(col(LabelVersion.model_version_id) == choice.model_version_id)
    if choice.reader_id is not None:
        query = query.where(col(LabelVersion.reader_id) == choice.reader_id)
    accepted = _accepted_label_ids(session) if choice.accepted_only else None
    return {
        (case_id, structure): LabelRef(
            label_version_id=number or 0,
            source=source,
            mask_sha256=sha256,
            model_version_id=model_id,
        )
        for number, case_id, structure, source, sha256, model_id in session.execute(query)
        if accepted is None or number in accepted
    }


def _accepted_label_ids(session: Session) -> set[int]:
    decided = session.exec(
        select(Revision.label_version_id, RevisionDecision.decision)
        .join(RevisionDecision, col(RevisionDecision.revision_id) == Revision.id)
        .order_by(col(RevisionDecision.id))
    )
    newest = dict(iter(decided))
    return {number for number, decision in newest.items() if decision is Decision.ACCEPTED}
