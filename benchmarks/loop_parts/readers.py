"""Simulated readers: they would draw what `spread` makes of the clinical contour, and grade by it.

Every grade, revision and decision goes through the services that the pages use. Readers are as
lenient as the small network is coarse (its voxels are 5 mm): they pass what is right within two
of its voxels, and call major what is off by more than 12 mm or shares little with the organ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, select

from han5k_review.accounts.readers import add_reader
from han5k_review.cli.demo_review import accept_correction
from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics import measure_pair
from han5k_review.review.assigning import assign_cases
from han5k_review.review.assignment import list_worklist
from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.review.labels import list_under_review
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion, Reader
from han5k_review.store.vocabulary import GradeLevel, Role
from han5k_review.study import get_study_info, read_study_scale
from han5k_review.study.scale import Scale

NO_DICE, NO_HD95_MM = 0.65, 10.0
MAJOR_DICE, MAJOR_HD95_MM = 0.55, 12.0
Contours = Mapping[str, StructureMask]
_PASSWORD = "only-for-this-benchmark"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a reader sees in one contour under review."""

    case: str
    structure: str
    dice: float
    hd95_mm: float
    level: GradeLevel


@dataclass(frozen=True, kw_only=True)
class Review:
    """A review round: all grades, and the contours that were revised and accepted."""

    findings: tuple[Finding, ...]
    revised: tuple[tuple[str, str], ...]


def judge_contour(dice: float, hd95_mm: float) -> GradeLevel:
    """The grade of a contour by how it agrees with what the reader would draw."""
    if dice >= NO_DICE and hd95_mm <= NO_HD95_MM:
        return GradeLevel.NO
    if dice < MAJOR_DICE or hd95_mm > MAJOR_HD95_MM:
        return GradeLevel.MAJOR
    return GradeLevel.MINOR


def choose_revised(findings: Sequence[Finding], budget: int) -> list[Finding]:
    """Contours graded major: the structures that fail most often first, in them the worst first.

    That is what a study lead with a budget does: systematic errors before single ones.
    """
    graded = Counter(f.structure for f in findings)
    major = [f for f in findings if f.level is GradeLevel.MAJOR]
    failed = Counter(f.structure for f in major)

    def worst(f: Finding) -> tuple[float, float, str, str]:
        return (-failed[f.structure] / graded[f.structure], f.dice, f.structure, f.case)

    return sorted(major, key=worst)[:budget]


def review(study: Study, known: Mapping[str, Contours], budget: int) -> Review:
    """Grade every contour under review of the cases, revise the worst, adjudicate.

    `known`: case -> the contours that the reader would draw.
    """
    with reading(study.engine) as session:
        scale = read_study_scale(study, get_study_info(session))
    with transaction(study.engine) as session:
        reader = _add_people(session)
        cases = [session.exec(select(Case).where(Case.name == n)).one() for n in known]
        assign_cases(session, reader=reader, cases=cases, actor="loop benchmark", now=utc_now())
    findings = []
    for entry in _worklist(study):
        findings += _grade(study, scale, entry.assignment_id, entry.case, known[entry.case])
    chosen = choose_revised(findings, budget)
    for finding in chosen:
        _revise(study, finding.case, finding.structure, known[finding.case][finding.structure])
    return Review(findings=tuple(findings), revised=tuple((f.case, f.structure) for f in chosen))


def revise_all(study: Study, structure: str, wanted: Contours) -> None:
    """Revise one structure to what is `wanted` of it, by case, and accept that; nothing is graded.

    In a study that has no reader yet.
    """
    with transaction(study.engine) as session:
        _add_people(session)
    for case, mask in wanted.items():
        _revise(study, case, structure, mask)


def _add_people(session: Session) -> Reader:
    """A reader, who is returned, and an adjudicator."""
    reader = _add(session, "reader", Role.READER)
    _add(session, "adjudicator", Role.ADJUDICATOR)
    return reader


def _add(session: Session, name: str, role: Role) -> Reader:
    return add_reader(
        session, name=name, password=_PASSWORD, role=role, actor="loop benchmark", now=utc_now()
    )


def _worklist(study: Study) -> list:
    with reading(study.engine) as session:
        reader = session.exec(select(Reader).where(Reader.name == "reader")).one()
        return list_worklist(session, stored_id(reader))


def _grade(
    study: Study, scale: Scale, assignment_id: int, case: str, would_draw: Contours
) -> list[Finding]:
    codes = {grade.level: grade.code for grade in scale.grades}
    found = []
    with transaction(study.engine) as session:
        reader = session.exec(select(Reader).where(Reader.name == "reader")).one()
        row = session.exec(select(Case).where(Case.name == case)).one()
        for name, label in list_under_review(session, stored_id(row)).items():
            finding = _look(study, case, label, would_draw[name])
            found.append(finding)
            submit_grade(
                session,
                assignment_id=assignment_id,
                reader=reader,
                scale=scale,
                request=GradeRequest(
                    request_id=f"loop-{assignment_id}-{label.id}",
                    structure=name,
                    label_version_id=stored_id(label),
                    code=codes[finding.level],
                ),
                now=utc_now(),
            )
    return found


def _look(study: Study, case: str, label: LabelVersion, wanted: StructureMask) -> Finding:
    drawn = study.labels.get_mask(label.mask_sha256, wanted.grid)
    panel = measure_pair(wanted, drawn, wanted.grid.spacing_mm)
    dice, hd95_mm = float(panel.dice), float(panel.hd95_mm)
    return Finding(
        case=case,
        structure=label.structure,
        dice=dice,
        hd95_mm=hd95_mm,
        level=judge_contour(dice, hd95_mm),
    )


def _revise(study: Study, case: str, structure: str, wanted: StructureMask) -> None:
    with transaction(study.engine) as session:
        row = session.exec(select(Case).where(Case.name == case)).one()
        reader = session.exec(select(Reader).where(Reader.name == "reader")).one()
        adjudicator = session.exec(select(Reader).where(Reader.name == "adjudicator")).one()
        label = list_under_review(session, stored_id(row))[structure]
        accept_correction(session, study, label, wanted, reader=reader, adjudicator=adjudicator)
