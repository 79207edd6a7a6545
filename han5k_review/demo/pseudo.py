"""Pseudo-labels: the references with the errors that real networks make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import Structure, StructureName
from han5k_review.demo.case import DemoCase, Masks
from han5k_review.imaging.flaws import FLAWS, PseudoError, roughen
from han5k_review.imaging.mask import StructureMask

ERROR_SHARE = 0.3
_SLICES_NEEDED = {PseudoError.MISSING_SLICE: 5, PseudoError.TRUNCATED: 6}
_LARGE_CC = 500.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PseudoLabels:
    """`masks` on the CT's grid; `errors` says of each of them what was done to it on purpose."""

    masks: Masks
    errors: Mapping[StructureName, PseudoError]


def build_pseudo_labels(
    case: DemoCase,
    catalogue: Catalogue,
    rng: np.random.Generator,
    *,
    error_share: float = ERROR_SHARE,
) -> PseudoLabels:
    """A network's contours of `case`: all a little rough, about `error_share` of them wrong.

    The kinds of error take turns, so that a case with all structures shows each of them. A swapped
    side befalls both structures of a pair.
    """
    errors = plan_errors(case.references, catalogue, rng, error_share=error_share)
    masks: dict[StructureName, StructureMask] = {}
    for name, error in errors.items():
        mask = case.references[name]
        pair = catalogue.get_structure(name).pair
        if error is PseudoError.SWAPPED_SIDE and pair is not None:
            mask = case.references[pair]
        rough = roughen(mask, rng)
        flaw = FLAWS.get(error)
        masks[name] = flaw(rough, rng) if flaw else rough
    return PseudoLabels(masks=masks, errors=errors)


def plan_errors(
    references: Masks, catalogue: Catalogue, rng: np.random.Generator, *, error_share: float
) -> dict[StructureName, PseudoError]:
    """Which error befalls which structure; in the order of the references."""
    errors = dict.fromkeys(references, PseudoError.NONE)
    wanted = round(error_share * len(references))
    kinds = [error for error in PseudoError if error is not PseudoError.NONE]
    queue = [kinds[n] for n in rng.permutation(len(kinds))]
    names = list(references)
    names = [names[n] for n in rng.permutation(len(names))]
    done = 0
    for turn in range(wanted * 2):
        error = queue[turn % len(queue)]
        name = next((n for n in names if _suits(error, n, references, errors, catalogue)), None)
        if name is None or done >= wanted:
            continue
        errors[name] = error
        done += 1
        pair = catalogue.get_structure(name).pair
        if error is PseudoError.SWAPPED_SIDE and pair is not None:
            errors[pair] = error
            done += 1
    return errors


def _suits(
    error: PseudoError,
    name: StructureName,
    references: Masks,
    errors: Mapping[StructureName, PseudoError],
    catalogue: Catalogue,
) -> bool:
    mask = references[name]
    if errors[name] is not PseudoError.NONE or mask.is_empty:
        return False
    if mask.volume_cc > _LARGE_CC:
        return error is PseudoError.MISSING_SLICE
    if error is PseudoError.SWAPPED_SIDE:
        return _has_free_pair(catalogue.get_structure(name), references, errors)
    slices: int = mask.voxels.shape[2]
    return slices >= _SLICES_NEEDED.get(error, 2)


def _has_free_pair(
    structure: Structure,
    references: Masks,
    errors: Mapping[StructureName, PseudoError],
) -> bool:
    pair = structure.pair
    if pair is None or pair not in references or references[pair].is_empty:
        return False
    return errors[pair] is PseudoError.NONE
