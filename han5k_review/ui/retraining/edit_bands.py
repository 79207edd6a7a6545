"""On the card of a model: within which margin its contours were revised, and how well that held."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from han5k_review.review.edit_bands import (
    COVERAGE,
    BandCoverage,
    list_band_coverage,
    list_edit_scores,
)
from han5k_review.statistics.conformal import count_needed
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import ModelVersion
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Bench

_TOO_FEW = "too few"


def show_edit_bands(bench: Bench, model: ModelVersion) -> None:
    """A table of the structures whose contours of this model were revised and accepted."""
    with st.expander(f"Edit bands of {as_text(model.name)}"):
        with reading(bench.study.engine) as session:
            found = list_band_coverage(list_edit_scores(session), stored_id(model))
        if not found:
            st.caption("No revision of a contour of this model was accepted yet.")
            return
        st.caption(
            f"The margin within which {100 * COVERAGE:.0f} % of the next accepted revisions should "
            f"end; it needs {count_needed(COVERAGE)} of them. Within: how many ended in the band "
            "of those accepted before them. The interval is exact (Clopper-Pearson, 95 %)."
        )
        st.dataframe(build_coverage_frame(found), hide_index=True)


def build_coverage_frame(found: Sequence[BandCoverage]) -> pd.DataFrame:
    """One row per structure, in words that a person reads; and one for all of them."""
    within = sum(one.later.acceptable for one in found)
    judged = sum(one.later.judged for one in found)
    rows = [
        (one.structure, one.revisions, _say_margin(one.margin_mm), *_say_share(one))
        for one in found
    ]
    if len(found) > 1 and judged:
        total = sum(one.revisions for one in found)
        share = f"{within} of {judged} ({100 * within / judged:.0f} %)"
        rows.append(("All", total, "", share, ""))
    columns = ["Structure", "Accepted revisions", "Margin mm", "Within", "95 % interval"]
    return pd.DataFrame(rows, columns=columns)


def _say_margin(margin_mm: float | None) -> str:
    if margin_mm is None:
        return _TOO_FEW
    return f"{margin_mm:.1f}" if math.isfinite(margin_mm) else "none: often emptied"


def _say_share(one: BandCoverage) -> tuple[str, str]:
    share, exact = one.later, one.later.exact
    if share.proportion is None or exact is None:
        return _TOO_FEW, ""
    words = f"{share.acceptable} of {share.judged} ({100 * share.proportion:.0f} %)"
    return words, f"{100 * exact.low:.0f} to {100 * exact.high:.0f} %"
