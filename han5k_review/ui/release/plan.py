"""What a release would hold: the choices, counts per structure, and why others stay out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from han5k_review.exports.certificate_sheet import LIMITS
from han5k_review.exports.release import (
    Reason,
    ReleaseForm,
    ReleaseRequest,
    ReleaseRule,
)
from han5k_review.exports.release.datasheet import describe_rule
from han5k_review.exports.release.outlook import (
    ReleaseOutlook,
    build_outlook,
    read_outlook_stamp,
)
from han5k_review.exports.release.plan import StructureCounts
from han5k_review.texts.counts import say_count
from han5k_review.ui.visit import Bench

_RULES = {
    ReleaseRule.CERTIFIED: "Accepted and certified",
    ReleaseRule.ACCEPTED: "Accepted only",
}
_FORMS = {
    ReleaseForm.MASKS: "Masks",
    ReleaseForm.NNUNET: "nnU-Net",
    ReleaseForm.RTSTRUCT: "RTSTRUCT",
    ReleaseForm.SEG: "SEG",
}

_WHY_NOT = {
    Reason.NO_CONTOUR: "No contour",
    Reason.MAJOR: "Major revision",
    Reason.NOT_ASSESSABLE: "Not assessable",
    Reason.WAITS: "Revision waits",
    Reason.GRADED: "Graded only",
    Reason.NOT_GRADED: "Not graded",
    Reason.UNKNOWN: "Not in table",
}


def ask_request(bench: Bench) -> ReleaseRequest:
    """The choices of the page, as a wish for a release."""
    left, middle, right = st.columns([2, 2, 3])
    rule = left.selectbox("Contours", list(_RULES), format_func=lambda one: _RULES[one], key="rule")
    limit = middle.selectbox(
        "Certified above",
        LIMITS,
        format_func=lambda share: f"{100 * share:.0f} %",
        key="limit",
        disabled=rule is ReleaseRule.ACCEPTED,
        help="Share of patients whose contour is acceptable that a certificate has to show.",
    )
    forms = right.multiselect(
        "Forms",
        list(_FORMS),
        default=[ReleaseForm.MASKS, ReleaseForm.NNUNET],
        format_func=lambda one: _FORMS[one],
        key="forms",
        help="One NIfTI mask per structure; label maps of nnU-Net; DICOM.",
    )
    structures = st.multiselect(
        "Structures",
        [str(one.name) for one in bench.catalogue],
        placeholder="All",
        key="structures",
    )
    return ReleaseRequest(rule=rule, limit=limit, forms=tuple(forms), structures=tuple(structures))


def read_outlook(bench: Bench, request: ReleaseRequest) -> ReleaseOutlook:
    """The dry run of this moment; kept until the study changes."""
    stamp = read_outlook_stamp(bench.study)
    root = str(bench.study.root)
    outlook = _read_outlook(bench, root, request, stamp)
    if outlook.stamp != stamp:  # the study changed meanwhile
        _read_outlook.clear(bench, root, request, stamp)
    return outlook


@st.cache_resource(
    max_entries=16,
    show_spinner="Reading the whole study to count what can be released ...",
    show_time=True,
)
def _read_outlook(_bench: Bench, root: str, request: ReleaseRequest, stamp: str) -> ReleaseOutlook:
    return build_outlook(_bench.study, request)


def show_plan(outlook: ReleaseOutlook) -> None:
    """The rule in words, counts per structure with the reasons of the rest, the label maps."""
    request = outlook.request
    st.caption(describe_rule(request.rule.value, request.limit))
    rows = outlook.structures
    shown = [row for row in rows if row.has_contour]
    if shown:
        _show_counts(sorted(shown, key=lambda row: -(row.accepted + row.certified)))
    nowhere = [row.structure for row in rows if not row.has_contour]
    if nowhere:
        st.caption(f"No contour in the study: {', '.join(nowhere)}.")
    if outlook.block.cases:
        st.caption(
            f"Label maps of nnU-Net: {say_count(len(outlook.block.cases), 'case')} with "
            f"{', '.join(outlook.block.structures)}. The other cases lack one of these structures "
            "and come in the other forms only, as nnU-Net would take what is missing for "
            "background."
        )


def _show_counts(rows: Sequence[StructureCounts]) -> None:
    """Released contours per structure, then the others by reason: each reason that occurs."""
    reasons = [reason for reason in Reason if any(reason in row.left_out for row in rows)]
    frame = pd.DataFrame(
        {
            "Structure": [row.structure for row in rows],
            "Accepted": [row.accepted for row in rows],
            "Certified": [row.certified for row in rows],
            **{_WHY_NOT[one]: [row.left_out.get(one, 0) for row in rows] for one in reasons},
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        placeholder="",
        column_config={
            _WHY_NOT[one]: st.column_config.NumberColumn(help=f"Not released: {one.value}.")
            for one in reasons
        },
    )
