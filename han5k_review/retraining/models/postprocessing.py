"""Postprocessing: which structures a model predicts as one piece, and the contours that say so.

A network leaves stray pieces far from an organ. A structure whose training contours are one piece
keeps only the largest piece of its prediction (docs/decisions/0011-one-piece.md). nnU-Net calls
this postprocessing. The rule is a file of the model's folder, registered by its hash like the
weights (`postprocessing_files`). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from han5k_review.retraining.jobs.piece_rule import PieceCount, Postprocessing
from han5k_review.texts.counts import say_count

LEAST_CONTOURS = 5
LEAST_ONE_PIECE = 0.95
WHOLE = 0.99
"""A contour is one piece when its largest piece holds this share: less is a slip of the pen."""


def decide_postprocessing(
    names: Sequence[str], counts: Mapping[str, PieceCount], parent: Postprocessing
) -> Postprocessing:
    """The rule of a model that predicts `names`.

    A structure with at least 5 counted contours is one piece when 95 % of them are. With fewer it
    is what it was to the parent.
    """
    kept, told = [], {}
    for name in names:
        own = counts.get(name, PieceCount(contours=0, one_piece=0))
        if own.contours >= LEAST_CONTOURS:
            is_kept = own.one_piece >= LEAST_ONE_PIECE * own.contours
        else:
            is_kept = name in parent.keep_largest
            if name in parent.counts:
                own = replace(parent.counts[name], inherited=True)
        told[name] = own
        if is_kept:
            kept.append(name)
    return Postprocessing(keep_largest=tuple(kept), counts=told)


def describe_postprocessing(rule: Postprocessing | None) -> str:
    """One line for people; None is a model that was registered without a rule."""
    if rule is None:
        return "Keeps every piece it predicts: no rule was registered with it."
    kept = rule.keep_largest
    if not kept:
        return "Keeps every piece it predicts: no structure is known to be one piece."
    return (
        f"Keeps only the largest piece of {say_count(len(kept), 'structure')}: {', '.join(kept)}."
    )


def describe_counts(rule: Postprocessing | None) -> str:
    """What was counted of each structure: `Mandible 12 of 12`; inherited ones say so."""
    counts = {} if rule is None else rule.counts
    return ", ".join(
        f"{name} {c.one_piece} of {c.contours}" + (" (parent's)" if c.inherited else "")
        for name, c in counts.items()
    )
