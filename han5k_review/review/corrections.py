"""Corrections made with another tool: what a file would change, shown before it is taken."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import DataError, RuleError
from han5k_review.imaging.corrected_files import FileContour
from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics import Panel, measure_pair
from han5k_review.review.decisions.locking import list_locks
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.review.edit_check import list_changed_slices
from han5k_review.review.labels import list_under_review
from han5k_review.review.rule_warnings import list_rule_warnings
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.tables import Case, Reader, Revision
from han5k_review.study import grid_of
from han5k_review.texts.names import show_line

LOW_DICE = 0.5
FAR_MM = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One structure of a file beside the contour under review; `panel` has `after` as reference.

    `refusal` says why it cannot be taken (None: it can); `notes` are for people to weigh.
    """

    structure: str
    before: StructureMask
    after: StructureMask
    panel: Panel
    slices_changed: int
    notes: tuple[str, ...]
    refusal: str | None

    @property
    def doubt(self) -> str | None:
        """Why this may be another structure or another patient, with the numbers; None: it fits.

        From a Dice below 0.5 on, or when the centre moved by 10 mm or more.
        """
        panel = self.panel
        if self.before.is_empty or self.after.is_empty:
            return None
        if panel.dice >= LOW_DICE and panel.centroid_distance_mm < FAR_MM:
            return None
        apart = "little of it agrees with" if panel.dice < LOW_DICE else "it lies elsewhere than"
        return (
            f"{self.structure}: {apart} the contour under review (Dice {panel.dice:.3f}, HD95 "
            f"{panel.hd95_mm:.1f} mm, centres {panel.centroid_distance_mm:.0f} mm apart). Is it "
            f"{self.structure}, of this patient?"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionPlan:
    """What a file holds for a case: corrections, and names that the study does not know.

    `notices` are sentences about the whole file.
    """

    corrections: tuple[Correction, ...]
    unmatched: tuple[str, ...]
    notices: tuple[str, ...] = ()

    @property
    def emptied(self) -> tuple[Correction, ...]:
        """Those that would be taken and leave nothing of a contour."""
        return tuple(one for one in self.taken if one.after.is_empty and not one.before.is_empty)

    @property
    def taken(self) -> tuple[Correction, ...]:
        """Those that can be taken."""
        return tuple(one for one in self.corrections if one.refusal is None)


def plan_corrections(
    session: Session,
    labels: LabelFiles,
    catalogue: Catalogue,
    *,
    case: Case,
    contours: Iterable[FileContour],
    structure: str | None,
    notices: Iterable[str] = (),
) -> CorrectionPlan:
    """Match contours to structures (by what people confirmed, name or alias; without: `structure`).

    What changed comes first. Reads only. DataError when a contour has no name and none was given,
    or two contours of the file are the same structure.
    """
    masks, unmatched = _match(catalogue, contours, structure)
    reviewed = list_under_review(session, stored_id(case))
    locked = {structure for _, structure in list_locks(session, [stored_id(case)])}
    grid = grid_of(case)

    def find_mask(name: str) -> StructureMask | None:
        if name in masks:
            return masks[name].mask
        return labels.get_mask(reviewed[name].mask_sha256, grid) if name in reviewed else None

    corrections = []
    for name, contour in masks.items():
        if name not in reviewed:
            unmatched.append(f"{name} (no contour under review in {case.name})")
            continue
        before = labels.get_mask(reviewed[name].mask_sha256, grid)
        notes = list_rule_warnings(catalogue.get_structure(name), contour.mask, find_mask)
        notes += contour.notices
        if contour.resampling is not None:
            notes.insert(0, contour.resampling.describe())
        corrections.append(
            Correction(
                structure=name,
                before=before,
                after=contour.mask,
                panel=measure_pair(
                    contour.mask,
                    before,
                    grid.spacing_mm,
                    tolerance_mm=catalogue.get_structure(name).tolerance_mm,
                ),
                slices_changed=len(list_changed_slices(before, contour.mask)),
                notes=tuple(notes),
                refusal=_find_refusal(before, contour.mask, is_locked=name in locked),
            )
        )
    corrections.sort(key=_by_change)
    return CorrectionPlan(
        corrections=tuple(corrections), unmatched=tuple(unmatched), notices=tuple(notices)
    )


def _by_change(one: Correction) -> tuple[bool, float]:
    """What changed comes first, and of that what agrees least."""
    dice = one.panel.dice
    return one.slices_changed == 0, 1.0 if math.isnan(dice) else dice


def take_corrections(
    session: Session,
    labels: LabelFiles,
    *,
    case: Case,
    corrections: Sequence[Correction],
    reader: Reader,
    now: datetime,
    program: str = "",
) -> list[Revision]:
    """Submit each correction as a revision, all or none; RuleError as `submit_revision` does."""
    if not corrections:
        raise RuleError("At least one changed contour was expected to take, found none.")
    return [
        submit_revision(
            session,
            labels,
            case=case,
            structure=one.structure,
            before=one.before,
            after=one.after,
            reader=reader,
            now=now,
            program=program,
        )
        for one in corrections
    ]


def _match(
    catalogue: Catalogue, contours: Iterable[FileContour], structure: str | None
) -> tuple[Mapping[str, FileContour], list[str]]:
    found: dict[str, FileContour] = {}
    unmatched = []
    for contour in contours:
        name = structure if contour.name is None else catalogue.find_clinic_name(contour.name)
        if name is None and contour.name is None:
            raise DataError(
                "The structure of a mask without a name was expected, found none; name it with "
                "--structure, or choose it on the page."
            )
        if name is None:
            unmatched.append(show_line(str(contour.name)))
            continue
        if name in found:
            raise DataError(
                f"Each structure once was expected in the file, found {name} twice (the second as "
                f"{contour.name!r}); rename one of the segments."
            )
        found[name] = contour
    return found, unmatched


def _find_refusal(before: StructureMask, after: StructureMask, *, is_locked: bool) -> str | None:
    if is_locked:
        return "locked: its contour was accepted; an adjudicator can unlock it"
    return "unchanged" if before.sha256 == after.sha256 else None
