"""What a person asks of a release: by which rule, of which structures, in which forms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from han5k_review.exports.release.choice import ReleaseRule


class ReleaseForm(StrEnum):
    """The forms that the contours of a release come in."""

    MASKS = "masks"
    NNUNET = "nnunet"
    RTSTRUCT = "rtstruct"
    SEG = "seg"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRequest:
    """The wish for a release.

    `limit` is the share of acceptable patients that a certificate has to show. `structures` and
    `map_structures` (those of nnU-Net's label maps) empty: all, and as many as fit. `images` puts
    the CTs in, for which the maker answers. `title` empty: the study's name. `authors` are written
    `Family, Given`; none: the study.
    """

    rule: ReleaseRule = ReleaseRule.CERTIFIED
    limit: float = 0.90
    structures: tuple[str, ...] = ()
    forms: tuple[ReleaseForm, ...] = (ReleaseForm.MASKS, ReleaseForm.NNUNET)
    map_structures: tuple[str, ...] = ()
    images: bool = False
    title: str = ""
    version: str = "1"
    authors: tuple[str, ...] = ()
