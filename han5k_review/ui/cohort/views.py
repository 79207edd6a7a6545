"""The views of the cohort page: plots, tables and downloads of one cohort's numbers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from textwrap import shorten
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from han5k_review.evaluation.frames import (
    build_summary_frame,
    build_trend_frame,
)
from han5k_review.evaluation.volumes import build_limits
from han5k_review.exports.frame_csv import export_frame
from han5k_review.store.columns import utc_now
from han5k_review.texts.counts import say_count
from han5k_review.ui.cohort.charts import (
    DOTS_LIMIT,
    MEASURES,
    Measure,
    build_strip_chart,
    build_trend_chart,
    build_volume_chart,
)
from han5k_review.ui.cohort.condensed import FURTHEST_SHOWN, WORST_SHOWN
from han5k_review.ui.cohort.query import (
    Cohort,
    CohortQuery,
    list_summaries,
    read_trend,
    read_volumes,
)
from han5k_review.ui.places import go_to
from han5k_review.ui.rows.columns import Column, Kind, OpenRow
from han5k_review.ui.rows.order import Order, find_order
from han5k_review.ui.rows.table import show_rows
from han5k_review.ui.tables import (
    MISSING_COLUMNS,
    SUMMARY_COLUMNS,
    TREND_COLUMNS,
    list_telling,
)
from han5k_review.ui.visit import Bench, get_visit

_SHOWN_ROWS = 300
_WORST_FIELDS = {
    "case": Column(title="Case"),
    "structure": Column(title="Structure"),
    "dice": Column(title="Dice", kind=Kind.NUMBER, decimals=3),
    "hd95_mm": Column(title="HD95 mm", kind=Kind.NUMBER, decimals=2),
    "surface_dice": Column(title="Surface Dice", kind=Kind.NUMBER, decimals=3),
    "masd_mm": Column(title="MASD mm", kind=Kind.NUMBER, decimals=2),
    "volume_reference_cc": Column(title="Reference cc", kind=Kind.NUMBER, decimals=2),
    "volume_prediction_cc": Column(title="Measured cc", kind=Kind.NUMBER, decimals=2),
    "vrd": Column(title="VRD", kind=Kind.NUMBER, decimals=3),
    "components_prediction": Column(title="Components", kind=Kind.NUMBER),
}
_WORST_COLUMNS = tuple(_WORST_FIELDS.values())
_REASON_WIDTH = 60
_SUMMARISED = ("dice", "hd95_mm", "surface_dice")
_ALL = "all structures"


def show_plot(bench: Bench, cohort: Cohort) -> None:
    """One column per structure: every case a dot, or boxes of a large cohort."""
    measure = _ask_measure("plot-measure", MEASURES)
    st.plotly_chart(
        build_strip_chart(cohort.frame, measure, bench.catalogue),
        key=f"plot-{measure.column}",
        config={"displaylogo": False},
    )
    values = cohort.frame[measure.column]
    infinite, undefined = int((values.abs() == float("inf")).sum()), int(values.isna().sum())
    words = []
    if len(values) > DOTS_LIMIT:
        words.append(
            f"More than {DOTS_LIMIT} values: boxes; dots are the {WORST_SHOWN} worst cases of each "
            "structure."
        )
    if infinite:
        words.append(f"{say_count(infinite, 'infinite value')} not drawn (one mask is empty).")
    if undefined:
        words.append(f"{say_count(undefined, 'undefined value')} not drawn (both masks are empty).")
    if measure.published and len(words) < 3:
        words.append("What is published comes from the study's structure table, a local draft.")
    st.caption(" ".join(words))


def show_structures(cohort: Cohort) -> None:
    """One line per structure: counts, medians, quartiles."""
    frame = build_summary_frame(list_summaries(cohort))
    _show_table(frame, SUMMARY_COLUMNS)
    _offer(frame, "per-structure")


def show_worst(cohort: Cohort) -> None:
    """Pairs, worst first; a click opens the contour in the viewer."""
    measure = _ask_measure("worst-measure", MEASURES)
    key = f"worst-{measure.column}"
    usual = Order(column=_WORST_FIELDS[measure.column].title, descending=measure.lower_is_better)
    order = find_order(key, usual) or usual
    column = next(name for name, one in _WORST_FIELDS.items() if one.title == order.column)
    ordered = cohort.frame.sort_values(
        [column, "case", "structure"],
        ascending=[not order.descending, True, True],
        na_position="last",
    ).reset_index(drop=True)
    shown = ordered.head(_SHOWN_ROWS)
    more = f" The first {_SHOWN_ROWS} of {len(ordered)}." if len(ordered) > _SHOWN_ROWS else ""
    first = f"Worst {measure.title} first" if order == usual else f"Ordered by {order.column}"
    st.caption(f"{first}. Click a row to look at it in the viewer, a heading to order.{more}")
    opened = show_rows(
        _WORST_COLUMNS,
        [_worst_row(place, line) for place, line in enumerate(shown.to_dict("records"))],
        key=key,
        label=first,
        order=order,
        usual=usual,
        height=560,
    )
    _offer(ordered, "pairs")
    if opened is not None:
        case, structure = shown.loc[int(opened), ["case", "structure"]]
        go_to("review", case=str(case), structure=str(structure))


def _worst_row(place: int, line: Mapping[Hashable, Any]) -> OpenRow:
    query = urlencode({"case": line["case"], "structure": line["structure"]})
    return OpenRow(
        key=str(place),
        address=f"review?{query}",
        cells=[line[name] for name in _WORST_FIELDS],
    )


def show_volumes(cohort: Cohort) -> None:
    """Bland-Altman of the two volumes, of one structure in cc or of all in percent."""
    frame = read_volumes(cohort)
    names = list(dict.fromkeys(frame["structure"]))
    chosen = st.selectbox("Structure", [_ALL, *names], key="volume-structure", width=320)
    in_percent = chosen == _ALL
    own = frame if in_percent else frame[frame["structure"] == chosen]
    column = "difference_percent" if in_percent else "difference_cc"
    limits = build_limits(own[column])
    st.plotly_chart(
        build_volume_chart(own, limits, in_percent=in_percent),
        key=f"volumes-{chosen}",
        config={"displaylogo": False},
    )
    plan, is_dense = cohort.plan, len(own) > DOTS_LIMIT
    st.caption(
        f"{say_count(limits.pairs, 'pair')}; {plan.prediction.title} minus {plan.reference.title}. "
        "Lines: mean difference and mean ± 1.96 SD (Bland and Altman 1986)"
        + (", in % of the mean volume." if in_percent else ".")
        + (f" Shading: many pairs; dots: the {FURTHEST_SHOWN} furthest." if is_dense else "")
    )
    _offer(own, "volumes")


def show_trend(bench: Bench, query: CohortQuery) -> None:
    """Medians of each model version against the chosen reference side."""
    points = read_trend(bench, query)
    if len({point.version for point in points}) < 2:
        st.info(
            "A trend needs numbers of two versions: choose a model version under Measure, press "
            "the button, and do the same for the next one. The Retraining page makes versions."
        )
        return
    summarised = [measure for measure in MEASURES if measure.column in _SUMMARISED]
    measure = _ask_measure("trend-measure", summarised)
    st.plotly_chart(
        build_trend_chart(points, measure),
        key=f"trend-{measure.column}",
        config={"displaylogo": False},
    )
    st.caption("Versions may have been measured on different cases: n is in the table.")
    frame = build_trend_frame(points)
    _show_table(frame, TREND_COLUMNS)
    _offer(frame, "trend")


def show_missing(cohort: Cohort) -> None:
    """Every structure without a number, with its reason."""
    if cohort.missing.empty:
        st.info("Every structure that one side has was measured.")
        return
    counts = cohort.missing["reason"].value_counts()
    words = [f"{count} x {shorten(str(r), _REASON_WIDTH)}" for r, count in counts.head(5).items()]
    st.caption("; ".join(words))
    _show_table(cohort.missing.head(_SHOWN_ROWS), MISSING_COLUMNS)
    _offer(cohort.missing, "not-measured")


def _ask_measure(key: str, measures: Sequence[Measure]) -> Measure:
    titles = [measure.title for measure in measures]
    title = st.segmented_control(
        "Measure", titles, default=titles[0], key=key, label_visibility="collapsed", required=True
    )
    return measures[titles.index(title or titles[0])]


def _show_table(frame: pd.DataFrame, columns: Mapping[str, Any]) -> None:
    st.dataframe(
        frame,
        hide_index=True,
        placeholder="",
        column_order=list_telling(frame, columns),
        column_config=columns,
    )


def _offer(frame: pd.DataFrame, name: str) -> None:
    visit, file_name = get_visit(), f"cohort-{name}-research-use-only.csv"

    def build() -> bytes:
        actor = visit.identity.name
        return export_frame(visit.bench.study, frame, file_name, actor=actor, now=utc_now())

    st.download_button(
        "Download CSV",
        build,  # made when asked for: a cohort has 164,000 rows
        file_name=file_name,
        mime="text/csv",
        key=f"download-{name}",
        on_click="ignore",
    )
