"""What a corrected file would change: numbers per structure, notes, and a picture."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from han5k_review.review.corrections import Correction, CorrectionPlan
from han5k_review.review.decisions.read_comparison import find_widest_slice
from han5k_review.store.tables import Case
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.slice_picture import OutlinedMask, build_slice_picture, choose_window
from han5k_review.ui.visit import Bench

_COLUMNS = {
    "Before cc": st.column_config.NumberColumn(format="%.2f"),
    "After cc": st.column_config.NumberColumn(format="%.2f"),
    "VRD %": st.column_config.NumberColumn(format="%.1f", help="|before xor after| / |before|"),
    "Dice": st.column_config.NumberColumn(format="%.3f"),
    "HD95 mm": st.column_config.NumberColumn(format="%.1f"),
    "APL mm": st.column_config.NumberColumn(format="%.0f", help="Added path length"),
}


def show_numbers(plan: CorrectionPlan) -> None:
    """The table, and every note on what would be taken as a sentence."""
    for one in plan.taken:
        if one.doubt is not None:
            st.error(one.doubt)
    for one in plan.emptied:
        st.warning(
            f"The file empties {one.structure}: {one.before.volume_cc:.2f} cc before, nothing "
            "after. Take it only if there is nothing to contour."
        )
    for notice in plan.notices:
        st.warning(f"The file: {as_text(notice)}")
    if plan.unmatched:
        st.warning("Left out, not a structure of this case: " + ", ".join(plan.unmatched))
    if not plan.corrections:
        return
    st.dataframe(
        build_preview_frame(plan.corrections),
        hide_index=True,
        placeholder="",
        column_config=_COLUMNS,
    )
    notes = [f"{one.structure}: {note}" for one in plan.taken for note in one.notes]
    if notes:
        st.warning("\n".join(f"* {note}" for note in notes))


def show_pictures(bench: Bench, case: Case, plan: CorrectionPlan) -> None:
    """The slice of a structure that changes most."""
    changed = [one for one in plan.corrections if one.slices_changed]
    if len(changed) > 1:
        chosen = st.selectbox("Picture of", changed, format_func=lambda one: one.structure)
        _show_picture(bench, case, chosen)
    elif changed:
        _show_picture(bench, case, changed[0])


def build_preview_frame(corrections: Sequence[Correction]) -> pd.DataFrame:
    """One row per structure of the file."""
    return pd.DataFrame(
        {
            "Structure": [one.structure for one in corrections],
            "Before cc": [one.before.volume_cc for one in corrections],
            "After cc": [one.after.volume_cc for one in corrections],
            "VRD %": [100 * one.panel.vrd for one in corrections],
            "Dice": [one.panel.dice for one in corrections],
            "HD95 mm": [one.panel.hd95_mm for one in corrections],
            "APL mm": [one.panel.apl_mm for one in corrections],
            "Slices changed": [one.slices_changed for one in corrections],
            "Taken": [one.refusal or "yes" for one in corrections],
        }
    )


def _show_picture(bench: Bench, case: Case, one: Correction) -> None:
    widest = find_widest_slice([one.before, one.after])
    if widest is None:
        return
    hu = bench.study.volumes.get_axial_slice(case.image_sha256, widest)
    outlined = [
        OutlinedMask(name="Contour under review", mask=one.before, colour="#e6e9ee", dash="dot"),
        OutlinedMask(name="Your file", mask=one.after, colour="#e8a33d", dash="solid"),
    ]
    window = choose_window(bench.windows, bench.catalogue.get_structure(one.structure).window)
    st.plotly_chart(
        build_slice_picture(hu, widest, outlined, window),
        width="stretch",
        theme=None,
        config={"displayModeBar": False},
        key="upload-picture",
    )
    st.caption(f"Slice {widest + 1} of {case.shape_ijk[2]}, where most changes.")
