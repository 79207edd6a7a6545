"""What the review page mounts the viewer with: a reader's task, or one case to look at."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import streamlit as st
from sqlmodel import Session

from han5k_review.accounts.may import Action, require
from han5k_review.review.edit_bands import EditBand, EditScore, build_bands, list_edit_scores
from han5k_review.review.edit_rules import read_edit_rules
from han5k_review.review.grading import get_own_assignment
from han5k_review.review.row_numbers import WHOLE_CASE, RowKind, RowNumbers, number_task
from han5k_review.review.signatures import check_sees_sources
from han5k_review.review.visible_case import VisibleCase, get_visible_case, get_visible_task
from han5k_review.store.identity import stored_id
from han5k_review.study import get_case
from han5k_review.triage.doubts import list_doubts
from han5k_review.ui.view_choice import ViewChoice
from han5k_review.ui.visit import Visit
from han5k_review.viewer import Resume, ViewerPayload, build_payload

_SCORES_S = 600


def build_task_payload(
    session: Session, visit: Visit, assignment_id: int, choice: ViewChoice
) -> ViewerPayload:
    """A reader's own assignment; AccessError for another's.

    The structure of `choice` is opened for editing from the contour `choice.base`; where there is
    nothing to grade (an adjudicator's place) also without one.
    """
    assignment = get_own_assignment(session, assignment_id, visit.get_reader())
    seen = get_visible_task(session, assignment, names_reads=_names_reads(visit))
    numbers = number_task(visit.bench.study.root, assignment_id)
    payload = _build(session, visit, seen, numbers)
    if not payload.choice:
        payload = replace(payload, compare=choice.compare)
    place = _chosen_place(seen, choice)
    if place is None or (seen.may_grade and choice.base is None):
        return payload
    base = None if choice.base is None else numbers.show(RowKind.LABEL_VERSION, choice.base)
    return replace(payload, resume=place, edit_base=base, start_editing=True)


def build_case_payload(
    session: Session, visit: Visit, case_name: str, choice: ViewChoice
) -> ViewerPayload:
    """A case with every label set, read-only; DataError when the study has no such case.

    The set `choice.first` comes first, and `choice.compare` stands beside it.
    """
    require(visit.identity, Action.READ_ANY_CASE)
    case_id = stored_id(get_case(session, case_name))
    check_sees_sources(session, visit.identity.reader_id, case_id)
    seen = get_visible_case(session, case_name, names_reads=_names_reads(visit), first=choice.first)
    return replace(
        _build(session, visit, seen, WHOLE_CASE),
        resume=_chosen_place(seen, choice),
        compare=choice.compare,
        side_by_side=choice.compare is not None,
    )


def _build(session: Session, visit: Visit, seen: VisibleCase, numbers: RowNumbers) -> ViewerPayload:
    bench = visit.bench
    payload = build_payload(
        seen,
        catalogue=bench.catalogue,
        windows=bench.windows,
        scale=bench.scale,
        warnings=_list_doubts(session, seen),
        numbers=numbers,
        has_dose=bench.study.doses.find_newest(seen.image_sha256) is not None,
        bands=_list_bands(session, seen, str(bench.study.root)),
    )
    return replace(payload, account=_account_key(visit))


def _account_key(visit: Visit) -> str:
    """The same for one account on every visit, another for each; it says nothing else."""
    whose = f"{visit.identity.reader_id} {visit.identity.name}"
    return hashlib.sha256(whose.encode()).hexdigest()[:16]


def _list_doubts(session: Session, seen: VisibleCase) -> dict[int, tuple[str, ...]]:
    """Label version id -> why that contour is doubtful; nothing where the person is blinded."""
    if not seen.sees_doubts:
        return {}
    return list_doubts(session, [stored_id(one) for one in seen.versions.values()])


def _list_bands(session: Session, seen: VisibleCase, study: str) -> Mapping[str, EditBand]:
    """Structure -> its edit band; nothing where the person is blinded, or has no assistance."""
    if not seen.sees_doubts:
        return {}
    scores = list_scores_of(study, session)
    return build_bands(scores, seen.versions, without_case=seen.case_id)


@st.cache_data(ttl=_SCORES_S, max_entries=4, show_spinner=False)
def list_scores_of(study: str, _session: Session) -> list[EditScore]:
    """Scores of a study's accepted revisions, at most ten minutes old."""
    return list_edit_scores(_session)


def _chosen_place(seen: VisibleCase, choice: ViewChoice) -> Resume | None:
    if choice.structure is None or choice.structure not in seen.versions:
        return None
    return Resume(structure=choice.structure, slice=choice.slice_k)


def _names_reads(visit: Visit) -> bool:
    return read_edit_rules(visit.bench.study.tables).names_reads
