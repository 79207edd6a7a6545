"""The model with crossed random effects: levels and times, with reader, patient and order in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from han5k_review.errors import DataError
from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    TableCell,
    build_list,
    paragraph,
    say_estimate,
    say_number,
    subtitle,
    table,
)
from han5k_review.exports.severity import find_severity
from han5k_review.review.labels import UNDER_REVIEW
from han5k_review.statistics.mixed import CrossedModel, CrossedRead, fit_crossed

MOST_READS = 400
_SEED = 15
_HEADINGS = (
    "Outcome",
    "Grades",
    "Patients",
    "Between sources",
    "Per tenfold place in the list",
    "Variance between patients",
    "Between readers",
    "The rest",
)


def build_crossed_model(facts: ReportFacts) -> list[str]:
    """A linear mixed model (REML) of the level, and one of the logarithm of active seconds."""
    rows, places = _list_rows(facts)
    arms = find_arms(rows)
    levels = [_read(row, places, arms, float(find_severity(row.grade.level) or 0)) for row in rows]
    timed = [
        _read(row, places, arms, math.log(seconds))
        for row in rows
        if (seconds := row.grade.active_seconds)
    ]
    lines: list[tuple[TableCell, ...]] = []
    reasons: dict[str, None] = {}
    for title, reads in (("level, 0 to 2", levels), ("log of active seconds", timed)):
        chosen = draw_patients(reads)
        try:
            model = fit_crossed(chosen)
        except DataError as error:
            reasons[f"{title}: {error}"] = None
            continue
        lines.append(_line(title, chosen, model))
        reasons |= {r: None for r in (model.effect.reason, model.order.reason) if r}
        if not model.converged:
            reasons[f"{title}: the fit did not converge; do not rely on this line."] = None
    return [
        subtitle("Model with crossed random effects"),
        paragraph(_explain(arms)),
        table(_HEADINGS, lines, key="model-table"),
        build_list(reasons) if reasons else "",
    ]


def find_arms(rows: Sequence[GradeRow]) -> tuple[str, ...]:
    """The two label sources that are compared; none unless both were read in the same structures.

    Where each source has structures of its own, a difference would be one between structures.
    """
    read: dict[str, set[str]] = {}
    for row in rows:
        read.setdefault(_name_arm(row), set()).add(row.grade.structure)
    first, *others = read.values() if read else (set(),)
    return tuple(sorted(read)) if len(others) == 1 and first == others[0] else ()


def _name_arm(row: GradeRow) -> str:
    return "AI" if row.arm in UNDER_REVIEW else row.arm.value


def draw_patients(reads: Sequence[CrossedRead], most: int = MOST_READS) -> list[CrossedRead]:
    """All reads, or those of patients drawn at random (fixed seed) while they are at most `most`.

    The model works on dense matrices, so that its time grows with the third power of the reads.
    """
    if len(reads) <= most:
        return list(reads)
    by_patient: dict[str, list[CrossedRead]] = {}
    for read in reads:
        by_patient.setdefault(read.patient, []).append(read)
    names = sorted(by_patient)
    chosen: list[CrossedRead] = []
    for place in np.random.default_rng(_SEED).permutation(len(names)):
        own = by_patient[names[place]]
        if len(chosen) + len(own) <= most:
            chosen += own
    return chosen


def _list_rows(facts: ReportFacts) -> tuple[list[GradeRow], dict[int | None, int]]:
    """Grades on the three levels that count, and the place of each in its reader's list, from 1."""
    rows = [row for row in facts.counted if find_severity(row.grade.level) is not None]
    given: dict[int | None, list[tuple[datetime, int | None]]] = {}
    for row in rows:
        given.setdefault(row.reader.id, []).append((row.grade.graded_at_utc, row.grade.id))
    places = {
        grade_id: place
        for own in given.values()
        for place, (_, grade_id) in enumerate(sorted(own, key=lambda one: (one[0], one[1])), 1)
    }
    return rows, places


def _read(
    row: GradeRow, places: dict[int | None, int], arms: Sequence[str], value: float
) -> CrossedRead:
    return CrossedRead(
        patient=row.case.patient,
        reader=row.reader.pseudonym,
        value=value,
        arm=int(len(arms) == 2 and _name_arm(row) == arms[1]),
        order=places[row.grade.id],
    )


def _line(title: str, reads: Sequence[CrossedRead], model: CrossedModel) -> tuple[TableCell, ...]:
    return (
        title,
        model.reads,
        len({read.patient for read in reads}),
        say_estimate(model.effect),
        say_estimate(model.order),
        say_number(model.patient_variance, 3),
        say_number(model.reader_variance, 3),
        say_number(model.rest_variance, 3),
    )


def _explain(arms: Sequence[str]) -> str:
    said = (
        "All structures together; reader and patient are random, label source and place in the "
        "reader's list are fixed (statsmodels MixedLM, REML; 95 % intervals). At most "
        f"{MOST_READS} grades, of patients drawn at random. "
    )
    if len(arms) == 2:
        said += f"Between sources: {arms[1]} less {arms[0]}. "
    else:
        said += "Between sources: told where all structures were read in the same two. "
    return said + "The last three columns are variances; few readers tell little of theirs."
