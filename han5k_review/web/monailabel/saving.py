"""What a pushed label becomes: a revision of each structure that it changes, all or none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import ConflictError, DataError, RuleError
from han5k_review.imaging.corrected_files import (
    ContourFile,
    FileContour,
    read_corrected,
    read_named_map,
)
from han5k_review.imaging.flat_masks import has_overlaps, restore_overlaps
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.segmentation_files import is_segmentation
from han5k_review.importing.confirmed_names import read_clinic_catalogue
from han5k_review.review.corrections import Correction, plan_corrections
from han5k_review.review.labels import list_under_review
from han5k_review.review.reads import list_own
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Case
from han5k_review.study import grid_of, read_study_catalogue
from han5k_review.texts.names import show_line
from han5k_review.web.monailabel.forms import SentLabel
from han5k_review.web.monailabel.tool_desk import OpenRead

_REST = (
    "These segments are empty and were not taken; that a structure is absent is a grade, given on "
    "this server's own page."
)

_KEPT = "The file has no voxel in two structures, so {} kept what they shared with others before."
_STANDS = "{} is as under review; your earlier revision of it stands, an adjudicator decides."


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPlan:
    """What a file would change: corrections to take, names of the rest, and sentences about it."""

    corrections: Sequence[Correction]
    unchanged: Sequence[str]
    left_empty: Sequence[str]
    notes: Sequence[str]


def plan_sent_label(session: Session, study: Study, found: OpenRead, label: SentLabel) -> SentPlan:
    """Read a pushed label against the contours under review. Reads only.

    DataError or GeometryError for a file that cannot be taken, RuleError for a structure that the
    study or the case does not have, ConflictError where a changed one is locked.
    """
    catalogue = read_clinic_catalogue(session, read_study_catalogue(study))
    file = _read_file(label, grid_of(found.case))
    drawn = _match(catalogue, file)
    before = _read_before(session, study, found.case, drawn)
    after = {name: drawn[name].mask for name in before}
    restored = after if has_overlaps(after) else restore_overlaps(before, after)
    kept = sorted(name for name in after if restored[name] is not after[name])
    left_empty = sorted(n for n, one in after.items() if one.is_empty and not before[n].is_empty)
    own = list_own(session, found.assignment)
    same = {n for n, one in restored.items() if one.sha256 == before[n].sha256}
    sent = {n for n, one in restored.items() if n in own and one.sha256 == own[n].mask_sha256}
    changed = [
        replace(drawn[name], name=name, mask=mask)
        for name, mask in restored.items()
        if name not in same | sent | {*left_empty}
    ]
    plan = plan_corrections(
        session, study.labels, catalogue, case=found.case, contours=changed, structure=None
    )
    _check_taken(plan.corrections, changed)
    return SentPlan(
        corrections=plan.corrections,
        unchanged=sorted(same | sent),
        left_empty=left_empty,
        notes=[
            *file.notices,
            *([_KEPT.format(", ".join(kept))] if kept else []),
            *([_REST] if left_empty else []),
            *(_STANDS.format(name) for name in sorted(same & own.keys())),
            *_describe(plan.corrections),
        ],
    )


def _describe(corrections: Sequence[Correction]) -> Iterator[str]:
    """What people should weigh."""
    for one in corrections:
        if one.doubt is not None:
            yield one.doubt
        yield from (f"{one.structure}: {note}" for note in one.notes)


def _read_before(
    session: Session, study: Study, case: Case, drawn: Mapping[str, FileContour]
) -> dict[str, StructureMask]:
    """The contours under review of what is drawn; RuleError where the case has none."""
    reviewed = list_under_review(session, stored_id(case))
    strangers = [n for n, one in drawn.items() if n not in reviewed and not one.mask.is_empty]
    if strangers:
        raise RuleError(
            f"{case.name}: structures with a contour under review were expected, found "
            f"{', '.join(strangers)}; remove these segments, or ask the study lead for them."
        )
    grid = grid_of(case)
    return {
        name: study.labels.get_mask(reviewed[name].mask_sha256, grid)
        for name in drawn
        if name in reviewed
    }


def _check_taken(corrections: Sequence[Correction], changed: Sequence[FileContour]) -> None:
    refused = [f"{one.structure} is {one.refusal}" for one in corrections if one.refusal]
    if refused:
        raise ConflictError(
            f"Open structures were expected, {'; '.join(refused)}; nothing was taken."
        )
    if len(corrections) != len(changed):
        raise DataError("Each changed structure once was expected, found another number of them.")


def _read_file(label: SentLabel, grid: Grid) -> ContourFile:
    """The contours of a pushed file; the path on this machine is in no message."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"label{label.suffix}"
        with path.open("wb") as kept:
            shutil.copyfileobj(label.content, kept)
        try:
            if is_segmentation(path):
                return read_corrected(path, grid)
            if not label.names:
                raise DataError(
                    f"{path}: the names of its values (label_info) or a .seg.nrrd were expected, "
                    "found none; send one of them."
                )
            return read_named_map(path, grid, label.names)
        except DataError as error:
            raise type(error)(str(error).replace(str(path), f"label{label.suffix}")) from error


def _match(catalogue: Catalogue, file: ContourFile) -> Mapping[str, FileContour]:
    """Structure -> contour. What is empty and has no name that the study knows is left out.

    RuleError for names that the study does not know, DataError for a structure twice or a file
    without a voxel.
    """
    found: dict[str, FileContour] = {}
    unknown = []
    for contour in file:
        name = catalogue.find_clinic_name(contour.name or "")
        if name is None and not contour.mask.is_empty:
            unknown.append(show_line(contour.name or ""))
        elif name is not None and name in found:
            raise DataError(
                f"Each structure once was expected in the label, found {name} twice (the second "
                f"as {contour.name!r}); rename one of the segments."
            )
        elif name is not None:
            found[name] = contour
    if unknown:
        raise RuleError(
            f"Structures of this study were expected, found {', '.join(unknown)[:300]}; rename or "
            "remove these segments, then send the label again."
        )
    if all(one.mask.is_empty for one in found.values()):
        raise DataError("A label with voxels was expected, all of its segments are empty.")
    return found
