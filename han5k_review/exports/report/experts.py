"""The AI's contours against those of several experts, without a reference.

Experts' contours are what readers submitted as revisions of one contour: two readers or more each
drew it anew. Each expert is left out in turn (statistics/device.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import Han5kError
from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    Section,
    TableCell,
    build_list,
    paragraph,
    say_estimate,
    say_number,
    table,
)
from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics import measure_pair
from han5k_review.statistics.bootstrap import Resamples, draw_resamples
from han5k_review.statistics.device import DeviceAmongExperts, compare_device
from han5k_review.store.study import Study
from han5k_review.study import grid_of

MOST_CONTOURS = 20
_SEED, _RESAMPLES = 15, 300
_HEADINGS = (
    "Structure",
    "Patients",
    "Experts",
    "AI to experts",
    "Expert to expert",
    "Difference",
    "Inside their spread",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrawn:
    """A contour that several experts drew anew: hashes of its mask and of theirs, by reader id."""

    case_id: int
    structure: str
    reviewed_sha256: str
    experts: Mapping[int, str]


def list_redrawn(facts: ReportFacts) -> list[Redrawn]:
    """Contours with revisions of two readers or more, the newest of each; planted errors not.

    Of a structure one contour a patient, the first: two CTs of one patient are not independent.
    """
    drawn: dict[int, dict[int, str]] = {}
    for view in facts.rows.revisions:
        by_reader = drawn.setdefault(view.revision.reviewed_id, {})
        by_reader[view.revision.reader_id] = view.child.mask_sha256
    labels, planted = facts.rows.graded_labels, facts.rows.planted
    found: dict[tuple[str, str], Redrawn] = {}
    for number, by_reader in sorted(drawn.items()):
        if len(by_reader) < 2 or number not in labels or number in planted:
            continue
        label = labels[number]
        one = Redrawn(
            case_id=label.case_id,
            structure=label.structure,
            reviewed_sha256=label.mask_sha256,
            experts=by_reader,
        )
        patient = facts.rows.cases[label.case_id].patient
        found.setdefault((patient, label.structure), one)
    return list(found.values())


def build_experts(facts: ReportFacts, study: Study) -> Section:
    """One line per structure that two readers or more drew anew in a patient."""
    redrawn = list_redrawn(facts)
    key, title = "experts", "AI against experts"
    if not redrawn:
        said = paragraph("Not measured: no contour was corrected by two readers or more.")
        return Section(key=key, title=title, parts=(said,))
    lines: list[tuple[TableCell, ...]] = []
    notes: dict[str, None] = {}
    for structure in facts.rows.catalogue:
        own = [one for one in redrawn if one.structure == structure.name][:MOST_CONTOURS]
        if not own:
            continue
        try:
            found = _compare(facts, study, own)
        except Han5kError as error:
            notes[f"{structure.name}: {error}"] = None
            continue
        experts = len({reader for one in own for reader in one.experts})
        lines.append(_line(str(structure.name), len(own), experts, found))
        if found.difference.reason:
            notes[found.difference.reason] = None
    explained = (
        "Distance: 1 - Dice. Experts' contours are revisions of one and the same contour of the "
        "AI by several readers, so they began from it: that draws them to it, and flatters the "
        "AI. And they exist only where it was corrected. Each expert is left out in turn (after "
        "Hu and others 2025). A difference above 0: the AI is farther from the experts than they "
        f"are from each other. At most {MOST_CONTOURS} contours of a structure; 95 % intervals "
        "over patients and readers (crossed bootstrap, fixed seed)."
    )
    return Section(
        key=key,
        title=title,
        parts=(
            paragraph(explained),
            table(_HEADINGS, lines, key="expert-table"),
            build_list(notes) if notes else "",
        ),
    )


def _compare(facts: ReportFacts, study: Study, own: Sequence[Redrawn]) -> DeviceAmongExperts:
    """Distances of one structure, a patient a row."""
    readers = sorted({reader for one in own for reader in one.experts})
    to_device = np.full((len(own), len(readers)), math.nan)
    between = np.full((len(own), len(readers), len(readers)), math.nan)
    for row, one in enumerate(own):
        grid = grid_of(facts.rows.cases[one.case_id])
        device = study.labels.get_mask(one.reviewed_sha256, grid)
        masks = {r: study.labels.get_mask(sha, grid) for r, sha in one.experts.items()}
        for reader, mask in masks.items():
            place = readers.index(reader)
            to_device[row, place] = _distance(device, mask)
            for other, theirs in masks.items():
                if other < reader:
                    there = readers.index(other)
                    distance = _distance(mask, theirs)
                    between[row, place, there] = between[row, there, place] = distance
    return compare_device(to_device, between, _resamples(between), margin=0.0)


def _resamples(between: NDArray[np.float64]) -> Resamples:
    """Draws for distances (patients, experts, experts)."""
    return draw_resamples(
        np.random.default_rng(_SEED),
        patients=between.shape[0],
        readers=between.shape[1],
        resamples=_RESAMPLES,
    )


def _distance(one: StructureMask, other: StructureMask) -> float:
    """1 - Dice; nan where both are empty."""
    return 1 - measure_pair(one, other, one.grid.spacing_mm).dice


def _line(
    structure: str, patients: int, experts: int, found: DeviceAmongExperts
) -> tuple[TableCell, ...]:
    return (
        structure,
        patients,
        experts,
        say_number(found.to_device, 3),
        say_number(found.between_experts, 3),
        say_estimate(found.difference, 3),
        _judge(found),
    )


def _judge(found: DeviceAmongExperts) -> str:
    """In words; no margin is in the protocol, so 0 is the limit."""
    interval = found.difference.interval
    if interval is None:
        return "cannot be told"
    if interval.high <= 0:
        return "yes"
    return "no" if interval.low > 0 else "cannot be told"
