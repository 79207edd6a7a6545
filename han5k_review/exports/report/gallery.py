"""The failure gallery: the worst contours of each structure as pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from han5k_review.errors import Han5kError
from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    Section,
    escape,
    paragraph,
    say_number,
    subtitle,
)
from han5k_review.exports.report.slices import Line, draw_slice, find_largest_slice
from han5k_review.imaging.mask import StructureMask
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import GradeLevel
from han5k_review.study import grid_of
from han5k_review.texts.counts import say_count

WORST = 3
_FAILURES = (GradeLevel.MAJOR, GradeLevel.ABSENT)
_JUDGED, _OTHER = "#ff5a4e", "#37d3ff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A contour under review that readers refused; `rows` are their grades that do."""

    rows: tuple[GradeRow, ...]

    @property
    def dice(self) -> float:
        """Dice with the newest reference; nan where it is not measured."""
        measured = self.rows[0].measured
        return math.nan if measured is None else measured.panel.dice


def list_failures(facts: ReportFacts, worst: int = WORST) -> dict[str, list[Failure]]:
    """Structure -> the worst first: refused by most readers, the lowest Dice, then by case."""
    by_label: dict[tuple[str, int], list[GradeRow]] = {}
    for row in facts.judged:
        if row.verdict in _FAILURES:
            place = (row.grade.structure, row.grade.label_version_id)
            by_label.setdefault(place, []).append(row)
    failures: dict[str, list[Failure]] = {}
    for (structure, _), rows in by_label.items():
        failures.setdefault(structure, []).append(Failure(rows=tuple(rows)))

    def badness(one: Failure) -> tuple[object, ...]:
        dice = 2.0 if math.isnan(one.dice) else one.dice
        return (-len(one.rows), dice, one.rows[0].case.name)

    return {name: sorted(found, key=badness)[:worst] for name, found in failures.items()}


def build_gallery(facts: ReportFacts, study: Study) -> Section:
    """Up to three contours of each structure, with what readers said of them."""
    parts: list[str] = []
    worst = list_failures(facts)
    for structure in facts.rows.catalogue:
        failures = worst.get(str(structure.name), [])
        if failures:
            parts.append(subtitle(structure.title))
            figures = "".join(_build_figure(facts, study, one) for one in failures)
            parts.append(f'<div class="gallery">{figures}</div>')
    if not parts:
        parts.append(paragraph("No contour under review was graded as major revision or absent."))
    else:
        said = (
            f"Up to {WORST} contours of each structure that readers graded as major revision, or "
            "as absent or wrong organ: those that most readers refused first, then those with the "
            "lowest Dice. Red: the contour that was judged. Blue, dashed: the reader's correction, "
            "else the reference. The slice is the one in which both differ most."
        )
        parts.insert(0, paragraph(said))
    return Section(key="failures", title="Failure gallery", parts=tuple(parts))


def _build_figure(facts: ReportFacts, study: Study, failure: Failure) -> str:
    row = failure.rows[0]
    readers = ", ".join(one.reader.pseudonym for one in failure.rows)
    tags = sorted({tag for one in failure.rows for tag in one.grade.tags})
    lines = [
        f"{row.case.name}, refused by {say_count(len(failure.rows), 'reader')} ({readers})",
        f"Dice {say_number(failure.dice)}" if not math.isnan(failure.dice) else "not measured",
        *(["Issues: " + ", ".join(tags)] if tags else []),
        *[
            f"{one.reader.pseudonym}: {one.grade.comment}"
            for one in failure.rows
            if one.grade.comment
        ],
    ]
    said = "".join(f"<div>{escape(line)}</div>" for line in lines)
    picture = _draw(facts, study, failure)
    return f"<figure>{picture}<figcaption>{said}</figcaption></figure>"


def _draw(facts: ReportFacts, study: Study, failure: Failure) -> str:
    """The picture, or the sentence that says why there is none."""
    row = failure.rows[0]
    try:
        masks = _read_masks(study, failure)
        if not masks:
            return paragraph("No picture: the contour is empty.", kind="no-picture")
        k = find_largest_slice(masks)
        if k is None:
            return paragraph("No picture: the contour is empty.", kind="no-picture")
        hu = study.volumes.get_axial_slice(row.case.image_sha256, k)
    except Han5kError:
        return paragraph(
            "No picture: the CT or the contour is not in the study's files.", kind="no-picture"
        )
    wanted = row.structure.window if row.structure else ""
    window = next((one for one in facts.windows if one.name == wanted), facts.windows[0])
    lines = [
        Line(mask=mask, colour=_OTHER if place else _JUDGED, dashed=bool(place))
        for place, mask in enumerate(masks)
    ]
    return draw_slice(hu, k, lines, window, words=f"{row.case.name}, axial slice {k}")


def _read_masks(study: Study, failure: Failure) -> Sequence[StructureMask]:
    """The judged contour, and beside it the correction or the reference; none without voxels."""
    row = failure.rows[0]
    grid = grid_of(row.case)
    revision = next((one.revision for one in failure.rows if one.revision is not None), None)
    hashes = [row.label.mask_sha256]
    if revision is not None:
        hashes.append(revision.child.mask_sha256)
    elif row.reference is not None:
        hashes.append(row.reference.mask_sha256)
    masks = [study.labels.get_mask(sha256, grid) for sha256 in hashes]
    return masks if any(not mask.is_empty for mask in masks) else []
