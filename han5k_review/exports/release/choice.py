"""Which contours are released, by rule, and why the others are not.

A structure of a case is released when

1. its contour was accepted (`review/accepted.py`): that contour; or
2. the structure is certified, and nothing speaks against the contour under review: that contour.

Certified: the e-value of "more than the limit of patients are acceptable" reaches structures/5 %,
so that a false certificate of any structure is made in at most 5 % of studies, and a certificate
stays. Against a contour speak a grade in force that calls it a major revision, not assessable or
absent, and a revision of it that nobody has decided on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.study_rows import StudyRows
from han5k_review.store.identity import CaseStructure, stored_id
from han5k_review.store.vocabulary import GradeLevel


class ReleaseRule(StrEnum):
    """Whether certified structures are released too, or accepted contours only."""

    ACCEPTED = "accepted"
    CERTIFIED = "certified"


class Standing(StrEnum):
    """Why a contour is in a release."""

    ACCEPTED = "accepted"
    CERTIFIED = "certified"


class Reason(StrEnum):
    """Why a structure of a case is not in a release."""

    NO_CONTOUR = "the study has no contour of it"
    MAJOR = "a reader found that it needs a major revision"
    NOT_ASSESSABLE = "a reader could not assess it, or found the organ absent or wrong"
    WAITS = "a revision of it waits for a decision"
    GRADED = "graded, but neither accepted nor certified"
    NOT_GRADED = "not graded, and neither accepted nor certified"
    UNKNOWN = "not in the structure table of the study"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A contour that is released; `grades` counts the levels in force of this very contour."""

    case_id: int
    structure: str
    label_version_id: int
    standing: Standing
    grades: Mapping[GradeLevel, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is released and what is not, each by (case name, structure in catalogue order)."""

    chosen: tuple[Chosen, ...]
    left_out: Mapping[CaseStructure, Reason]

    def count_reasons(self) -> Mapping[str, Counter[Reason]]:
        """Structure -> reason -> number of cases in which it is left out for it."""
        found: dict[str, Counter[Reason]] = {}
        for (_, name), reason in self.left_out.items():
            found.setdefault(name, Counter())[reason] += 1
        return found


def choose_contours(
    rows: StudyRows,
    grades: Iterable[GradeRow],
    certified: Collection[str],
    structures: Collection[str] = (),
) -> Choice:
    """Apply the rule to every case and structure; `structures` empty: all of the catalogue.

    `certified` is empty where only accepted contours are wanted.
    """
    counts = _count_levels(grades)
    waiting = {view.revision.reviewed_id for view in rows.revisions if view.decision is None}
    known = [str(one.name) for one in rows.catalogue]
    strangers = {name for _, name in (*rows.accepted, *rows.under_review)} - set(known)
    wanted = [name for name in (*known, *sorted(strangers)) if not structures or name in structures]
    chosen: list[Chosen] = []
    left_out: dict[CaseStructure, Reason] = {}
    for case_id, _ in sorted(rows.cases.items(), key=lambda item: item[1].name):
        for name in wanted:
            found = _judge(rows, (case_id, name), counts, waiting, certified)
            if name in strangers:
                if (case_id, name) in rows.under_review or (case_id, name) in rows.accepted:
                    left_out[case_id, name] = Reason.UNKNOWN
            elif isinstance(found, Reason):
                left_out[case_id, name] = found
            else:
                chosen.append(found)
    return Choice(chosen=tuple(chosen), left_out=left_out)


def _judge(
    rows: StudyRows,
    spot: CaseStructure,
    counts: Mapping[int, Counter[GradeLevel]],
    waiting: Collection[int],
    certified: Collection[str],
) -> Chosen | Reason:
    """The rule for one structure of one case."""
    accepted = rows.accepted.get(spot)
    reviewed = rows.under_review.get(spot)
    if accepted is not None:
        number, standing = stored_id(accepted.contour), Standing.ACCEPTED
    elif reviewed is None:
        return Reason.NO_CONTOUR
    else:
        number, standing = reviewed.label_version_id, Standing.CERTIFIED
    levels = counts.get(number, Counter())
    if standing is Standing.CERTIFIED:
        if levels[GradeLevel.MAJOR]:
            return Reason.MAJOR
        if levels[GradeLevel.NOT_ASSESSABLE] or levels[GradeLevel.ABSENT]:
            return Reason.NOT_ASSESSABLE
        if number in waiting:
            return Reason.WAITS
        if spot[1] not in certified:
            return Reason.GRADED if levels else Reason.NOT_GRADED
    return Chosen(
        case_id=spot[0],
        structure=spot[1],
        label_version_id=number,
        standing=standing,
        grades=dict(levels),
    )


def _count_levels(grades: Iterable[GradeRow]) -> Mapping[int, Counter[GradeLevel]]:
    """Label version -> grades in force by level, of first reads that count; or of the consensus."""
    counts: dict[int, Counter[GradeLevel]] = {}
    for row in grades:
        if row.is_counted and row.verdict is not None:
            counts.setdefault(row.grade.label_version_id, Counter())[row.verdict] += 1
    return counts
