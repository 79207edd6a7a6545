"""What a release would hold: the choices, counts per structure, and why others stay out."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from han5k_review.exports.certificate_sheet import LIMITS
from han5k_review.exports.release import (
    ReleaseForm,
    ReleasePlan,
    ReleaseRequest,
    ReleaseRule,
    plan_release,
)
from han5k_review.exports.release.datasheet import describe_rule
from han5k_review.ui.visit import Bench

_RULES = {
    ReleaseRule.CERTIFIED: "Accepted and certified",
    ReleaseRule.ACCEPTED: "Accepted only",
}
_FORMS = {
    ReleaseForm.MASKS: "One mask per structure (NIfTI)",
    ReleaseForm.NNUNET: "Label maps of nnU-Net",
    ReleaseForm.RTSTRUCT: "DICOM RTSTRUCT",
    ReleaseForm.SEG: "DICOM SEG",
}


def ask_request(bench: Bench) -> ReleaseRequest:
    """The choices of the page, as a wish for a release."""
    left, middle, right = st.columns([2, 2, 3])
    rule = left.selectbox("Contours", list(_RULES), format_func=_RULES.get, key="rule")
    limit = middle.selectbox(
        "Certified: share of acceptable patients above",
        LIMITS,
        format_func=lambda share: f"{share:.0%}",
        key="limit",
        disabled=rule is ReleaseRule.ACCEPTED,
    )
    forms = right.multiselect(
        "Forms",
        list(_FORMS),
        default=[ReleaseForm.MASKS, ReleaseForm.NNUNET],
        format_func=_FORMS.get,
        key="forms",
    )
    structures = st.multiselect(
        "Structures",
        [str(one.name) for one in bench.catalogue],
        placeholder="All",
        key="structures",
    )
    return ReleaseRequest(rule=rule, limit=limit, forms=tuple(forms), structures=tuple(structures))


def read_plan(bench: Bench, request: ReleaseRequest) -> ReleasePlan:
    """The dry run of this moment."""
    return plan_release(bench.study, request)


def show_plan(plan: ReleasePlan) -> None:
    """The rule in words, counts per structure with the reasons of the rest, the label maps."""
    request = plan.request
    st.caption(describe_rule(request.rule.value, request.limit))
    rows = plan.count_structures()
    shown = [row for row in rows if row.has_contour]
    if shown:
        frame = pd.DataFrame(
            {
                "Structure": [row.structure for row in shown],
                "Accepted": [row.accepted for row in shown],
                "Certified": [row.certified for row in shown],
                "Not released": [sum(row.left_out.values()) for row in shown],
                "Why not": [
                    "; ".join(f"{count} {reason.value}" for reason, count in row.left_out.items())
                    for row in shown
                ],
            }
        )
        st.dataframe(
            frame,
            hide_index=True,
            placeholder="",
            column_config={"Why not": st.column_config.TextColumn(width="large")},
        )
    nowhere = [row.structure for row in rows if not row.has_contour]
    if nowhere:
        st.caption(f"No contour in the study: {', '.join(nowhere)}.")
    if plan.block.cases:
        st.caption(
            f"Label maps of nnU-Net: {len(plan.block.cases)} cases with "
            f"{', '.join(plan.block.structures)}. The other cases lack one of these structures and "
            "come in the other forms only, as nnU-Net would take what is missing for background."
        )
