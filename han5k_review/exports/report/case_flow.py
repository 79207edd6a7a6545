"""The case flow: how many cases went how far, as numbers and as a diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import Section, build_list, escape, paragraph
from han5k_review.exports.severity import find_severity
from han5k_review.review.counting import GradeUse
from han5k_review.store.vocabulary import APART
from han5k_review.texts.counts import say_count

_BOX_WIDTH, _SIDE_WIDTH, _LINE, _GAP, _TEXT_TOP = 330, 330, 18, 26, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFlow:
    """Cases by how far they came; `reads` are first reads with a grade, `signed` those signed.

    Left out before reading are, each case once: `no_contour`, `calibration_only`, `unassigned`.
    `adjudicated` are cases with a decision on a revision, a contour that was ever locked, or a
    consensus grade; `consensus` are the consensus grades that stand.
    """

    imported: int
    patients: int
    no_contour: int
    calibration_only: int
    unassigned: int
    assigned: int
    assigned_reads: int
    closed_reads: int
    not_begun: int
    read: int
    reads: int
    signed: int
    grades: int
    not_graded: int
    repeated: int
    repeats: int
    revised: int
    adjudicated: int
    consensus: int


def count_flow(facts: ReportFacts) -> CaseFlow:
    """Count the cases of the study; planted errors are contours of no case."""
    rows = facts.rows
    reads = [row for row in rows.assignments.values() if not row.is_calibration]
    assigned = {row.case_id for row in reads}
    drawn = {case_id for case_id, _ in rows.under_review}
    calibration = {row.case_id for row in rows.assignments.values() if row.is_calibration}
    left = set(rows.cases) - assigned
    counted = facts.counted
    read, first = _list_read(facts)
    again = [row for row in facts.grades if row.is_current and row.use is GradeUse.REPEAT]
    views = [view for view in rows.revisions if view.source not in APART]
    decided = {view.child.case_id for view in views if view.decision is not None}
    decided |= {row.case_id for row in rows.consensus.values()}
    return CaseFlow(
        imported=len(rows.cases),
        patients=len({case.patient for case in rows.cases.values()}),
        no_contour=len(left - drawn - calibration),
        calibration_only=len(left & calibration),
        unassigned=len((left & drawn) - calibration),
        assigned=len(assigned),
        assigned_reads=sum(not row.is_repeat for row in reads),
        closed_reads=sum(row.closed_at_utc is not None for row in reads),
        not_begun=len(assigned - read),
        read=len(read),
        reads=len(first),
        signed=len(first & set(facts.signed)),
        grades=len(counted),
        not_graded=sum(find_severity(row.grade.level) is None for row in counted),
        repeated=len({row.case.id for row in again}),
        repeats=len({row.assignment.id for row in again}),
        revised=len({view.child.case_id for view in views}),
        adjudicated=len(decided | set(facts.locked_cases)),
        consensus=len(rows.standing),
    )


def _list_read(facts: ReportFacts) -> tuple[set[int | None], set[int | None]]:
    """Cases and first reads with a grade, a choice or a drawn contour."""
    rows = facts.rows
    done = [(row.assignment.id, row.case.id) for row in facts.counted]
    acts = [(one.preference.assignment_id, one.is_repeat) for one in rows.choices]
    acts += [
        (one.assignment_id, False) for one in rows.drawings if one.assignment_id in rows.manual
    ]
    for number, is_repeat in acts:
        task = rows.assignments[number]
        if not (is_repeat or task.is_repeat):
            done.append((number, task.case_id))
    return {case_id for _, case_id in done}, {number for number, _ in done}


def build_case_flow(facts: ReportFacts) -> Section:
    """The diagram, and the imports that refused files."""
    flow = count_flow(facts)
    lines = [
        f"Import {number}: "
        + ", ".join(f"{count} {name}" for name, count in sorted((row.found or {}).items()))
        for number, row in enumerate(facts.imports, start=1)
    ]
    parts = [_draw(flow)]
    if lines:
        words = "Finished imports that were started on the page Imports, with cases by outcome:"
        parts += [paragraph(words), build_list(line.replace("_", " ") for line in lines)]
    parts.append(
        paragraph(
            "Invited patients, and files that an import from a terminal refused, are not recorded "
            "in the study.",
            kind="small",
        )
    )
    return Section(key="case-flow", title="Case flow", parts=tuple(parts))


def _draw(flow: CaseFlow) -> str:
    steps: list[tuple[Sequence[str], Sequence[str]]] = [
        (
            ("Imported", f"{_cases(flow.imported)} of {say_count(flow.patients, 'patient')}"),
            (
                "Not assigned",
                f"no contour to read: {_cases(flow.no_contour)}",
                f"calibration only: {_cases(flow.calibration_only)}",
                f"not handed out: {_cases(flow.unassigned)}",
            ),
        ),
        (
            (
                "Assigned",
                f"{_cases(flow.assigned)}, {say_count(flow.assigned_reads, 'first read')}",
            ),
            (
                "Not read",
                f"no grade that counts: {_cases(flow.not_begun)}",
                f"closed half-way: {say_count(flow.closed_reads, 'read')}",
            ),
        ),
        (
            (
                "Read",
                f"{_cases(flow.read)}, {say_count(flow.reads, 'first read')} "
                f"({flow.signed:,} signed)",
                f"{say_count(flow.grades, 'grade')} that count",
            ),
            ("Not assessable or absent", say_count(flow.not_graded, "grade")),
        ),
        (("Repeated", f"{_cases(flow.repeated)}, {say_count(flow.repeats, 'repeat')}"), ()),
        (("Revised", f"{_cases(flow.revised)} with a corrected contour"), ()),
        (("Adjudicated", *_say_adjudicated(flow)), ()),
    ]
    return _draw_steps(steps)


def _say_adjudicated(flow: CaseFlow) -> tuple[str, str]:
    return (
        f"{_cases(flow.adjudicated)} with a decision,",
        f"a locked contour or a consensus ({say_count(flow.consensus, 'grade')})",
    )


def _draw_steps(steps: Sequence[tuple[Sequence[str], Sequence[str]]]) -> str:
    """Boxes from top to bottom; what is left out stands on the right of its box."""
    shapes: list[str] = []
    top = 4
    for place, (main, side) in enumerate(steps):
        height = _TEXT_TOP + _LINE * max(len(main), len(side))
        shapes.append(_box(4, top, _BOX_WIDTH, height, main))
        middle = 4 + _BOX_WIDTH // 2
        if side:
            left, at = 4 + _BOX_WIDTH, top + height // 2
            shapes.append(_arrow(left, at, left + 40, at))
            shapes.append(_box(left + 44, top, _SIDE_WIDTH, height, side))
        if place + 1 < len(steps):
            shapes.append(_arrow(middle, top + height, middle, top + height + _GAP - 2))
        top += height + _GAP
    width = 8 + _BOX_WIDTH + 44 + _SIDE_WIDTH
    return (
        f'<svg class="flow" role="img" aria-label="Case flow" viewBox="0 0 {width} {top}" '
        f'width="{width}" height="{top}"><defs><marker id="head" markerWidth="7" markerHeight="7" '
        'refX="6" refY="3.5" orient="auto"><path d="M0,0 L7,3.5 L0,7 z"/></marker></defs>'
        f"{''.join(shapes)}</svg>"
    )


def _box(left: int, top: int, width: int, height: int, lines: Sequence[str]) -> str:
    said = "".join(
        f'<text x="{left + 12}" y="{top + 24 + _LINE * place}" class="line-{min(place, 1)}">'
        f"{escape(line)}</text>"
        for place, line in enumerate(lines)
    )
    return f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="4"/>{said}'


def _arrow(x1: int, y1: int, x2: int, y2: int) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" marker-end="url(#head)"/>'


def _cases(count: int) -> str:
    return say_count(count, "case")
