"""What the demo's people did after reading: revisions, decisions, signatures, consensus grades."""

from __future__ import annotations

import numpy as np
from sqlmodel import Session, col, select

from han5k_review.accounts.readers import get_reader
from han5k_review.cli.demo_reading import EYES, Story, find_level
from han5k_review.cli.demo_review import ADJUDICATOR, REDRAWN, REVISED
from han5k_review.imaging.flaws import roughen
from han5k_review.imaging.mask import StructureMask
from han5k_review.protocol.adjudicating import ConsensusRequest, submit_consensus
from han5k_review.protocol.due_contours import list_due
from han5k_review.review.decisions.revising import decide_revision
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.review.grading import count_graded
from han5k_review.review.labels import list_shown, list_under_review
from han5k_review.review.signing import sign_read
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Case
from han5k_review.store.vocabulary import Decision
from han5k_review.study import get_study_info, grid_of, read_study_scale

_SIGNED = 2


def revise(session: Session, story: Story) -> None:
    """Known errors are corrected and accepted; both readers drew one contour anew, which waits."""
    ada = get_reader(session, ADJUDICATOR)
    rng = np.random.default_rng([story.seed, 3])
    for place, (name, masks) in enumerate(story.truth.items()):
        case = session.exec(select(Case).where(Case.name == name)).one()
        for structure in REVISED:
            who = _list_viewers(session, case, structure)
            if not who:
                continue
            chosen = who[place % len(who)]
            number = _submit(session, story, case, structure, masks[structure], chosen, 15)
            decide_revision(
                session,
                revision_id=number,
                decision=Decision.ACCEPTED,
                reason="",
                adjudicator=ada,
                now=story.calendar.day(13),
            )
        for reader in _list_viewers(session, case, REDRAWN):
            drawn = roughen(masks[REDRAWN], rng)
            _submit(session, story, case, REDRAWN, drawn, reader, 11)


def _list_viewers(session: Session, case: Case, structure: str) -> list[str]:
    """Names of readers whose read showed the contour under review, no planted error."""
    label = list_under_review(session, stored_id(case)).get(structure)
    if label is None:
        return []
    found = []
    for name in EYES:
        rows = session.exec(
            select(Assignment).where(
                Assignment.case_id == case.id,
                Assignment.reader_id == get_reader(session, name).id,
            )
        )
        shown = [list_shown(session, row).get(structure) for row in rows if not row.is_repeat]
        if any(one is not None and one.id == label.id for one in shown):
            found.append(name)
    return found


def _submit(
    session: Session,
    story: Story,
    case: Case,
    structure: str,
    after: StructureMask,
    reader: str,
    days_before: float,
) -> int:
    label = list_under_review(session, stored_id(case))[structure]
    revision = submit_revision(
        session,
        story.study.labels,
        case=case,
        structure=structure,
        before=story.study.labels.get_mask(label.mask_sha256, grid_of(case)),
        after=after,
        reader=get_reader(session, reader),
        now=story.calendar.day(days_before),
    )
    return stored_id(revision)


def sign(session: Session, story: Story) -> None:
    """Each reader signed the first complete reads."""
    for name in EYES:
        reader = get_reader(session, name)
        mine = select(Assignment).where(Assignment.reader_id == reader.id)
        rows = session.exec(mine.order_by(col(Assignment.presentation_order))).all()
        complete = [
            row
            for row in rows
            if not (row.is_calibration or row.is_repeat) and _is_complete(session, row)
        ]
        for row in complete[:_SIGNED]:
            at = story.calendar.day(10)
            sign_read(session, assignment_id=stored_id(row), reader=reader, now=at)


def _is_complete(session: Session, row: Assignment) -> bool:
    graded, total = count_graded(session, row)
    return graded == total


def adjudicate(session: Session, story: Story) -> None:
    """Every second contour on which readers differ has a consensus grade; the others wait."""
    scale = read_study_scale(story.study, get_study_info(session))
    ada = get_reader(session, ADJUDICATOR)
    for one in list_due(session)[::2]:
        level = find_level(story.worth.get((one.case, one.structure), 0.0))
        request = ConsensusRequest(
            label_version_id=one.label_version_id,
            last_grade_id=one.last_grade_id,
            code=next(grade.code for grade in scale.grades if grade.level is level),
        )
        submit_consensus(session, request, adjudicator=ada, scale=scale, now=story.calendar.day(5))
