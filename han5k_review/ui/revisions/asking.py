"""Questions asked in the viewer: what it needs to decide one by key, and which comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st
from sqlmodel import Session

from han5k_review.accounts.may import Action
from han5k_review.errors import Han5kError
from han5k_review.review.decisions.adjudication import Candidate, Question, list_questions
from han5k_review.review.decisions.read_comparison import find_widest_slice
from han5k_review.review.decisions.revising import decide_revision
from han5k_review.review.edit_rules import read_edit_rules
from han5k_review.review.label_sets import PROPOSAL_KEY
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import Decision
from han5k_review.study import grid_of
from han5k_review.study.scale import Scale
from han5k_review.texts.counts import say_count
from han5k_review.ui.revisions.proposal_asking import (
    ask_about_proposal,
    decide_proposal_in_viewer,
    skip_proposal_in_viewer,
)
from han5k_review.ui.view_choice import ViewChoice
from han5k_review.ui.visit import Visit
from han5k_review.viewer import Decision as Asked
from han5k_review.viewer import DecisionCandidate, ViewerEvent, ViewerPayload

_TOLD = "decision-told"


def build_compare_query(question: Question, slice_k: int | None) -> dict[str, str]:
    """The address of the review page where this question is looked at: two of its contours."""
    keys = [one.set_key for one in question.candidates]
    first, second = keys[:2] if len(keys) > 1 else ("a", keys[0])
    query = {"case": question.case, "structure": question.structure}
    query |= {"first": first, "compare": second}
    return query if slice_k is None else query | {"slice": str(slice_k)}


def ask_in_viewer(
    session: Session, visit: Visit, payload: ViewerPayload, choice: ViewChoice
) -> ViewerPayload:
    """The payload with the question on its structure, for those who decide; else as it is.

    Beside a proposal it is the proposal that is asked about.
    """
    if choice.structure is None or not visit.may(Action.ADJUDICATE):
        return payload
    if choice.compare == PROPOSAL_KEY:
        return ask_about_proposal(session, visit, payload, choice)
    questions = _list_questions(session, visit)
    found = _find(questions, payload.case, choice.structure)
    if found is None:
        return payload
    asked = Asked(
        structure=found.structure,
        candidates=tuple(
            DecisionCandidate(
                revision=stored_id(one.revision),
                set=one.set_key,
                name=one.name,
                facts=describe_facts(one, visit.bench.scale),
                refusal=_find_refusal(one, visit),
            )
            for one in found.candidates
        ),
        waiting=len(questions),
        told=st.session_state.pop(_TOLD, None),
    )
    return replace(payload, decision=asked, side_by_side=False)


def decide_in_viewer(visit: Visit, event: ViewerEvent, choice: ViewChoice) -> Mapping[str, str]:
    """Store the decision; where to go then, as the parameters of the review page; {} nowhere.

    What is refused is told where it was asked.
    """
    if choice.compare == PROPOSAL_KEY:
        return decide_proposal_in_viewer(visit, event)
    engine = visit.bench.study.engine
    with reading(engine) as session:
        before = _list_questions(session, visit)
    here = choice.case or "", choice.structure or ""
    try:
        decision = Decision(event.decision or "")
        with transaction(engine) as session:
            decide_revision(
                session,
                revision_id=event.revision or 0,
                decision=decision,
                reason=event.reason or "",
                adjudicator=visit.get_reader(),
                now=utc_now(),
            )
    except Han5kError as error:
        st.session_state[_TOLD] = str(error)
        return _go(visit, _find(before, *here))
    end = " and locked" if decision is Decision.ACCEPTED else ""
    name = _name_of(before, event.revision)
    st.session_state[_TOLD] = f"{here[0]}, {here[1]}: {name} {decision.value}{end}."
    with reading(engine) as session:
        left = _list_questions(session, visit)
    return _go(visit, _find(left, *here) or _find_next(before, left, here))


def skip_in_viewer(visit: Visit, choice: ViewChoice) -> Mapping[str, str]:
    """The parameters of what waits next, of this question itself when nothing else does."""
    if choice.compare == PROPOSAL_KEY:
        return skip_proposal_in_viewer(visit, choice)
    with reading(visit.bench.study.engine) as session:
        questions = _list_questions(session, visit)
    here = choice.case or "", choice.structure or ""
    return _go(visit, _find_next(questions, questions, here) or _find(questions, *here))


def describe_facts(candidate: Candidate, scale: Scale) -> str:
    """Grade, VRD and time of a candidate, in a few words."""
    revision, grade = candidate.revision, candidate.grade
    code = None if grade is None else grade.raw_code
    words = [scale.say(code) or "no grade given"]
    if revision.vrd is not None:
        words.append(f"VRD {100 * revision.vrd:.1f} %")
    if revision.slices_edited is not None:
        words.append(f"{say_count(revision.slices_edited, 'slice')} edited")
    return ", ".join(words)


def _list_questions(session: Session, visit: Visit) -> list[Question]:
    """Questions that this person may decide, the one that waits longest first."""
    names_reads = read_edit_rules(visit.bench.study.tables).names_reads
    return [
        question
        for question in list_questions(session, names_reads=names_reads)
        if any(_find_refusal(one, visit) is None for one in question.candidates)
    ]


def _find_refusal(candidate: Candidate, visit: Visit) -> str | None:
    is_own = candidate.revision.reader_id == visit.identity.reader_id
    return "yours: a second person decides" if is_own else None


def _find(questions: Sequence[Question], case: str, structure: str) -> Question | None:
    return next((q for q in questions if (q.case, q.structure) == (case, structure)), None)


def _find_next(
    order: Sequence[Question], left: Sequence[Question], here: tuple[str, str]
) -> Question | None:
    """What comes after `here` in `order` and is still left, wrapping around."""
    names = [(one.case, one.structure) for one in order]
    start = names.index(here) + 1 if here in names else 0
    coming = (*names[start:], *names[:start])
    found = (_find(left, *name) for name in coming if name != here)
    return next((one for one in found if one is not None), None)


def _name_of(questions: Sequence[Question], revision_id: int | None) -> str:
    candidates = (one for question in questions for one in question.candidates)
    return next((one.name for one in candidates if one.revision.id == revision_id), "Revision")


def _go(visit: Visit, question: Question | None) -> Mapping[str, str]:
    if question is None:
        return {}
    study = visit.bench.study
    with reading(study.engine) as session:
        grid = grid_of(session.get_one(Case, question.case_id))
    versions = [question.reviewed, *(one.view.child for one in question.candidates)]
    masks = [study.labels.get_mask(one.mask_sha256, grid) for one in versions]
    return build_compare_query(question, find_widest_slice(masks[1:] if len(masks) > 2 else masks))
