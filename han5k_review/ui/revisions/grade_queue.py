"""Grades that an adjudicator decides by the rule of the protocol: the reads beside the contour."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from han5k_review.protocol.adjudicating import ConsensusRequest, submit_consensus
from han5k_review.protocol.due_contours import (
    DueContour,
    ReadGrade,
    list_due,
    list_read_grades,
)
from han5k_review.review.consensus import list_read_cases
from han5k_review.review.edit_rules import read_edit_rules
from han5k_review.review.grading import MAX_COMMENT
from han5k_review.review.label_sets import REFERENCE_KEY
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.store.vocabulary import LabelSource
from han5k_review.study import grid_of
from han5k_review.texts.counts import say_count
from han5k_review.ui.places import go_to
from han5k_review.ui.revisions.overtaken import forget_shown, tell_overtaken
from han5k_review.ui.slice_picture import OutlinedMask, build_slice_picture, choose_window
from han5k_review.ui.visit import Visit, attempt, tell

_QUEUE = "consensus"


def show_grade_queue(visit: Visit) -> None:
    """What waits for this adjudicator; cases that they read are left to another one, unseen."""
    with reading(visit.bench.study.engine) as session:
        due = list_due(session)
        own = list_read_cases(session, visit.identity.reader_id)
    mine = [one for one in due if one.case_id not in own]
    if not due:
        return
    st.subheader("Grades to adjudicate", anchor=False)
    if len(mine) < len(due):
        others = say_count(len(due) - len(mine), "structure waits", "structures wait")
        st.caption(f"{others} for another adjudicator, since you read these cases.")
    if not mine:
        return
    chosen = st.selectbox(
        f"{say_count(len(mine), 'structure waits', 'structures wait')} for a consensus grade, the "
        "longest first",
        mine,
        format_func=lambda one: f"{one.case}, {one.structure}: {say_count(one.reads, 'read')}",
        key="consensus-due",
    )
    tell_overtaken(
        _QUEUE,
        shown=_key_of(chosen),
        name=f"{chosen.case}, {chosen.structure}",
        waiting=[_key_of(one) for one in mine],
    )
    _show_due(visit, chosen)


def _key_of(due: DueContour) -> str:
    return f"{due.label_version_id}-{due.last_grade_id}"


def _show_due(visit: Visit, due: DueContour) -> None:
    names = read_edit_rules(visit.bench.study.tables).names_reads
    with reading(visit.bench.study.engine) as session:
        reads = list_read_grades(session, due.label_version_id)
        label = session.get_one(LabelVersion, due.label_version_id)
        case = session.get_one(Case, due.case_id)
        session.expunge_all()
    words, picture = st.columns([3, 2])
    with words:
        st.dataframe(
            _build_frame(visit, reads, names=names),
            hide_index=True,
            placeholder="",
            key="consensus-reads",
        )
        _ask(visit, due)
        if st.button("Look at it in the viewer", key=f"consensus-view-{_key_of(due)}"):
            first = {"first": REFERENCE_KEY} if label.source is LabelSource.REFERENCE else {}
            go_to("review", case=due.case, structure=due.structure, **first)
    with picture:
        _show_picture(visit, label, case)


def _build_frame(visit: Visit, reads: list[ReadGrade], *, names: bool) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Reader": one.reader if names else f"Read {place}",
                "Grade": visit.bench.scale.say(one.grade.raw_code),
                "Tags": ", ".join(one.grade.tags),
                "Comment": one.grade.comment,
                "Slices": ", ".join(str(k + 1) for k in one.grade.flagged_slices),
            }
            for place, one in enumerate(reads, start=1)
        ]
    )


def _ask(visit: Visit, due: DueContour) -> None:
    key = _key_of(due)
    code = st.radio(
        "Consensus grade",
        [grade.code for grade in visit.bench.scale.grades],
        format_func=visit.bench.scale.say,
        index=None,
        key=f"consensus-{key}",
    )
    comment = st.text_input("Comment", key=f"consensus-words-{key}", max_chars=MAX_COMMENT)
    st.caption("The readers' grades stay as they are; shares and certificates use this one.")
    if not st.button("Give this grade", type="primary", disabled=code is None, key=f"give-{key}"):
        return
    with attempt():
        with transaction(visit.bench.study.engine) as session:
            submit_consensus(
                session,
                ConsensusRequest(
                    label_version_id=due.label_version_id,
                    last_grade_id=due.last_grade_id,
                    code=code or "",
                    comment=comment,
                ),
                adjudicator=visit.get_reader(),
                scale=visit.bench.scale,
                now=utc_now(),
            )
        forget_shown(_QUEUE)
        tell(f"{due.case}, {due.structure}: {visit.bench.scale.say(code)}.")
        st.rerun()


def _show_picture(visit: Visit, label: LabelVersion, case: Case) -> None:
    bench = visit.bench
    mask = bench.study.labels.get_mask(label.mask_sha256, grid_of(case))
    if mask.is_empty:
        st.caption("The contour is empty.")
        return
    structure = bench.catalogue.get_structure(label.structure)
    k = mask.start_ijk[2] + int(mask.voxels.sum(axis=(0, 1)).argmax())
    outlined = OutlinedMask(
        name="Graded contour", mask=mask, colour=structure.color_hex, dash="solid"
    )
    hu = bench.study.volumes.get_axial_slice(case.image_sha256, k)
    st.plotly_chart(
        build_slice_picture(hu, k, [outlined], choose_window(bench.windows, structure.window)),
        width="stretch",
        theme=None,
        config={"displayModeBar": False},
        key="consensus-picture",
    )
    st.caption(f"Slice {k + 1} of {case.shape_ijk[2]}, its largest.")
