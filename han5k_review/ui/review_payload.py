"""What the viewer mounts with: one reader's task, or one case read-only for those who may."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlmodel import Session

from han5k_review.accounts.may import Action, require
from han5k_review.anatomy.structure import Structure
from han5k_review.retraining.predictions.doubts import DOUBTFUL, find_disagreements
from han5k_review.review.assignment import find_next_assignment
from han5k_review.review.edit_rules import read_edit_rules
from han5k_review.review.grading import get_own_assignment, list_current_grades
from han5k_review.review.label_sets import LabelSet as StoredLabelSet
from han5k_review.review.label_sets import list_label_sets, view_case, view_task
from han5k_review.store.columns import format_utc
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion
from han5k_review.study import get_case
from han5k_review.study.scale import ISSUE_TAGS, Scale
from han5k_review.ui.context import Bench, Visit
from han5k_review.ui.view_choice import ViewChoice
from han5k_review.ui.viewer import (
    GivenGrade,
    LabelLine,
    LabelSet,
    Resume,
    ViewerPayload,
    ViewerScale,
    ViewerScaleGrade,
    ViewerStructure,
    ViewerWindow,
)


def build_task_payload(
    session: Session, visit: Visit, assignment_id: int, choice: ViewChoice
) -> ViewerPayload:
    """A reader's own assignment; AccessError for another's.

    An adjudicator's place has nothing to grade; the structure of `choice` is opened for editing,
    from the contour `choice.base`.
    """
    assignment = get_own_assignment(session, assignment_id, visit.get_reader())
    case = session.get_one(Case, assignment.case_id)
    names_reads = read_edit_rules(visit.bench.study.tables).names_reads
    viewpoint = view_task(assignment, names_reads=names_reads)
    sets = list_label_sets(session, assignment.case_id, viewpoint)
    upcoming = None
    if not assignment.is_adjudication:
        upcoming = find_next_assignment(session, visit.identity.reader_id, after=assignment_id)
    base = f"/api/assignments/{assignment_id}"
    versions = sets[0].versions
    resume = _resume(assignment, versions)
    edits = assignment.is_adjudication and choice.structure in versions
    if edits:
        resume = Resume(structure=choice.structure or "", slice=choice.slice_k)
    return ViewerPayload(
        case=case.name,
        assignment=assignment_id,
        next_assignment=upcoming,
        next_url=f"/review?assignment={upcoming}" if upcoming else None,
        volume_url=f"{base}/volume",
        label_sets=_label_sets(sets, base),
        structures=_structures(
            visit.bench, versions, {} if assignment.blinded else _doubts(session, versions)
        ),
        windows=_windows(visit.bench),
        scale=_scale(visit.bench.scale),
        grades=_grades(list_current_grades(session, assignment_id), versions),
        resume=resume,
        read_only=assignment.is_adjudication,
        edit_base=choice.base if edits else None,
        start_editing=edits,
        compare=choice.compare,
        account=_account_key(visit),
    )


def build_case_payload(
    session: Session, visit: Visit, case_name: str, choice: ViewChoice
) -> ViewerPayload:
    """A case with every label set, read-only; DataError when the study has no such case.

    The set `choice.first` comes first, and `choice.compare` stands beside it.
    """
    require(visit.identity, Action.READ_ANY_CASE)
    case = get_case(session, case_name)
    names_reads = read_edit_rules(visit.bench.study.tables).names_reads
    sets = list_label_sets(session, stored_id(case), view_case(names_reads=names_reads))
    versions: dict[str, LabelVersion] = {}
    for found in reversed(sets):
        versions |= found.versions
    sets.sort(key=lambda found: found.key != choice.first)
    base = f"/api/cases/{case.id}"
    structure = choice.structure
    return ViewerPayload(
        case=case.name,
        volume_url=f"{base}/volume",
        label_sets=_label_sets(sets, base),
        structures=_structures(visit.bench, versions, _doubts(session, versions)),
        windows=_windows(visit.bench),
        scale=_scale(visit.bench.scale),
        read_only=True,
        resume=Resume(structure=structure, slice=choice.slice_k) if structure in versions else None,
        compare=choice.compare,
        side_by_side=choice.compare is not None,
        account=_account_key(visit),
    )


def _account_key(visit: Visit) -> str:
    """The same for one account on every visit, another for each; it says nothing else."""
    whose = f"{visit.identity.reader_id} {visit.identity.name}"
    return hashlib.sha256(whose.encode()).hexdigest()[:16]


def _label_sets(sets: list[StoredLabelSet], base: str) -> tuple[LabelSet, ...]:
    return tuple(
        LabelSet(
            key=found.key,
            name=found.name,
            line=LabelLine(found.line),
            url=found.mask_url(base),
        )
        for found in sets
    )


def _doubts(session: Session, versions: Mapping[str, LabelVersion]) -> dict[int, float]:
    return find_disagreements(session, [stored_id(v) for v in versions.values()])


def _structures(
    bench: Bench, versions: Mapping[str, LabelVersion], doubts: Mapping[int, float]
) -> tuple[ViewerStructure, ...]:
    return tuple(
        _structure(structure, version, doubts.get(stored_id(version)))
        for structure in bench.catalogue
        if (version := versions.get(structure.name)) is not None
    )


def _structure(structure: Structure, version: LabelVersion, doubt: float | None) -> ViewerStructure:
    """One line of the list; `doubt` is the disagreement of its drawings, where it was measured."""
    warnings = ["The contour is empty."] if version.voxels == 0 else []
    if doubt is not None and doubt >= DOUBTFUL:
        warnings.append(f"Drawn several times, it differed: mean Dice {1 - doubt:.2f}.")
    return ViewerStructure(
        name=structure.name,
        title=structure.title,
        color=structure.color_hex,
        window=structure.window,
        group=structure.group,
        label_version=version.id,
        pair=structure.pair,
        side=structure.side,
        inside=structure.inside,
        hint=structure.hint,
        hint_source=structure.hint_source,
        reference_dsc=structure.reference_dsc,
        reference_hd95_mm=structure.reference_hd95_mm,
        warnings=tuple(warnings),
    )


def _windows(bench: Bench) -> tuple[ViewerWindow, ...]:
    return tuple(
        ViewerWindow(name=w.name, centre_hu=w.centre_hu, width_hu=w.width_hu) for w in bench.windows
    )


def _scale(scale: Scale) -> ViewerScale:
    return ViewerScale(
        name=scale.name,
        grades=tuple(
            ViewerScaleGrade(
                code=grade.code,
                key=grade.key,
                title=grade.title,
                level=grade.level.value,
                definition=grade.definition,
            )
            for grade in scale.grades
        ),
        tags=ISSUE_TAGS,
    )


def _grades(
    grades: Mapping[str, Grade], versions: Mapping[str, LabelVersion]
) -> dict[str, GivenGrade]:
    """Grades in force of the contours that are shown; one of an older contour does not count."""
    return {
        name: GivenGrade(
            id=stored_id(grade),
            code=grade.raw_code or "",
            graded_at_utc=format_utc(grade.graded_at_utc),
            tags=tuple(grade.tags),
            comment=grade.comment,
            flagged_slices=tuple(grade.flagged_slices),
        )
        for name, grade in grades.items()
        if name in versions and grade.label_version_id == versions[name].id
    }


def _resume(assignment: Assignment, versions: Mapping[str, LabelVersion]) -> Resume | None:
    name, slice_k = assignment.resume_structure, assignment.resume_slice
    if name is None or slice_k is None or name not in versions:
        return None
    return Resume(structure=name, slice=slice_k)
