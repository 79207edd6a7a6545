"""Which structures a model is trusted to predict: by the verdicts of its run."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from han5k_review.retraining.teaching.gate import Verdict
from han5k_review.retraining.teaching.run_scores import judge_run
from han5k_review.store.tables import ModelVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedStructures:
    """Structures of a model by the gate's word; `unjudged` are all of a model without a run."""

    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()

    @property
    def usual(self) -> tuple[str, ...]:
        """What is predicted when nobody says otherwise."""
        return self.passed or self.unjudged


def list_offered_structures(session: Session, model: ModelVersion) -> OfferedStructures:
    """The model's structures by the verdicts of its run, in the order of its label table.

    A structure without a verdict (no held-out case has a reference) counts as undecided. No gate
    has judged a model that was imported: all of its structures are predicted.
    """
    names = tuple(model.labels)
    if model.run_id is None:
        return OfferedStructures(unjudged=names)
    words = {row.structure: row.verdict for row in judge_run(session, model.run_id)}
    verdicts = [(name, words.get(name, Verdict.UNDECIDED)) for name in names]
    return OfferedStructures(
        passed=tuple(n for n, word in verdicts if word is Verdict.NOT_WORSE),
        failed=tuple(n for n, word in verdicts if word is Verdict.WORSE),
        undecided=tuple(n for n, word in verdicts if word is Verdict.UNDECIDED),
    )
