"""A model card as Markdown for people, and as JSON for other software."""

from __future__ import annotations

import json
from dataclasses import asdict

from han5k_review.retraining.models.card_words import NOT_STATED
from han5k_review.retraining.models.model_card import CardPart, CardScore, ModelCard
from han5k_review.retraining.teaching.changes import Interval


def render_card_markdown(card: ModelCard) -> str:
    """The card as a Markdown document."""
    lines = [f"# Model card: {card.name}", "", "Research use only. Not a medical device.", ""]
    for section in card.sections:
        lines += [f"## {section.title}", ""]
        lines += [f"* **{name}**: {value}" for name, value in section.fields]
        lines.append("")
        if section.part is CardPart.EVALUATION and card.scores:
            lines += [
                "| structure | training contours | n | Dice | surface Dice | HD95 mm | "
                "change of Dice | gate |",
                "|---|---|---|---|---|---|---|---|",
            ]
            lines += [_score_line(score) for score in card.scores]
            lines.append("")
    return "\n".join(lines)


def _score_line(score: CardScore) -> str:
    cells = (
        score.structure,
        NOT_STATED if score.training_contours is None else str(score.training_contours),
        str(score.cases),
        describe_interval(score.dice, 3),
        describe_interval(score.surface_dice, 3),
        describe_interval(score.hd95_mm, 1),
        describe_interval(score.dice_change, 3, sign=True),
        score.verdict,
    )
    return f"| {' | '.join(cells)} |"


def describe_interval(value: Interval | None, digits: int, *, sign: bool = False) -> str:
    """`0.912 (0.880 to 0.931)`, or a dash where nothing is defined."""
    if value is None:
        return "-"
    form = f"{'+' if sign else ''}.{digits}f"
    if not value.is_known:
        return f"{value.mean:{form}} (one patient)"
    return f"{value.mean:{form}} ({value.low:{form}} to {value.high:{form}})"


def render_card_json(card: ModelCard) -> str:
    """The card as JSON: sections with their fields by name, and the scores."""
    content = {
        "disclaimer": "Research use only. Not a medical device.",
        "name": card.name,
        "sections": {s.title: dict(s.fields) for s in card.sections},
        "scores": [asdict(score) for score in card.scores],
    }
    return json.dumps(content, indent=1)
