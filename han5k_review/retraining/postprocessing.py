"""Postprocessing: which structures a model draws as one piece, and the contours that say so.

A network leaves stray pieces far from an organ. A structure whose training contours are one piece
keeps only the largest piece of its drawing (docs/decisions/0011-one-piece.md). nnU-Net calls this
postprocessing. The rule is a file of the model's folder, registered by its hash like the weights.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from han5k_review.errors import DataError
from han5k_review.imaging.pieces import NEIGHBOURS, share_of_largest
from han5k_review.retraining.jobs import ModelFolder, TrainJob
from han5k_review.store.files import write_atomically
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.volume_files import VolumeFiles

LEAST_CONTOURS = 5
LEAST_ONE_PIECE = 0.95
WHOLE = 0.99
"""A contour is one piece when its largest piece holds this share: less is a slip of the pen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceCount:
    """How many contours were looked at, and how many were one piece; `inherited` from a parent."""

    contours: int
    one_piece: int
    inherited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Postprocessing:
    """The structures that keep only their largest piece, and what was counted of each."""

    keep_largest: tuple[str, ...] = ()
    counts: dict[str, PieceCount] = field(default_factory=dict)
    neighbours: int = NEIGHBOURS


_FILE = TypeAdapter(Postprocessing)


def decide_postprocessing(
    names: Sequence[str], counts: Mapping[str, PieceCount], parent: Postprocessing
) -> Postprocessing:
    """The rule of a model that draws `names`.

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


def count_pieces(job: TrainJob) -> dict[str, PieceCount]:
    """Count the contours of a job that show pieces, on the grid of their CT; empty ones do not."""
    shares: dict[str, list[float]] = {}
    volumes, masks = VolumeFiles(folder=job.volumes), LabelFiles(folder=job.masks)
    for case in job.cases:
        grid = volumes.get_index(case.image_sha256).grid
        for name in case.shows_pieces:
            mask = masks.get_mask(case.masks[name], grid)
            if not mask.is_empty:
                shares.setdefault(name, []).append(share_of_largest(mask.voxels))
    return {
        name: PieceCount(contours=len(found), one_piece=sum(s >= WHOLE for s in found))
        for name, found in shares.items()
    }


def derive_postprocessing(job: TrainJob) -> Postprocessing:
    """The rule of the model a job trains; empty when the run is to keep all pieces."""
    if not job.settings.keep_largest_piece:
        return Postprocessing()
    parent = Postprocessing() if job.parent is None else read_postprocessing(job.parent)
    return decide_postprocessing(tuple(job.labels), count_pieces(job), parent)


def write_postprocessing(model: ModelFolder, rule: Postprocessing) -> dict[str, Any]:
    """Put the rule into the model's folder; returns it as the card keeps it, with its hash."""
    content = _FILE.dump_json(rule, indent=1) + b"\n"
    write_atomically(model.postprocessing, content)
    return {"sha256": hashlib.sha256(content).hexdigest(), **asdict(rule)}


def read_postprocessing(model: ModelFolder) -> Postprocessing:
    """The rule of a model, empty when none was registered; DataError when its file was changed."""
    if model.postprocessing_sha256 is None:
        return Postprocessing()
    try:
        content = model.postprocessing.read_bytes()
        rule = _FILE.validate_json(content)
    except (OSError, ValidationError) as error:
        raise DataError(
            f"The postprocessing of a model was expected at {model.postprocessing}, found: "
            f"{error}; restore the model folder."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != model.postprocessing_sha256:
        raise DataError(
            f"The postprocessing {model.postprocessing} was registered with SHA-256 "
            f"{model.postprocessing_sha256[:12]}, found {found[:12]}; restore the model folder."
        )
    return rule


def describe_postprocessing(card: Mapping[str, Any]) -> str:
    """One line for people, from the card of a model version."""
    rule = card.get("postprocessing")
    if rule is None:
        return "Keeps every piece it draws: no rule was registered with it."
    kept = list(rule["keep_largest"])
    if not kept:
        return "Keeps every piece it draws: no structure is known to be one piece."
    many = "structure" if len(kept) == 1 else "structures"
    return f"Keeps only the largest piece of {len(kept)} {many}: {', '.join(kept)}."


def describe_counts(card: Mapping[str, Any]) -> str:
    """What was counted of each structure: `Mandible 12 of 12`; inherited ones say so."""
    counts = card.get("postprocessing", {}).get("counts", {})
    return ", ".join(
        f"{name} {c['one_piece']} of {c['contours']}" + (" (parent's)" if c["inherited"] else "")
        for name, c in counts.items()
    )
