"""The list of cases on its page: search, filter, order, and rows that open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.store.engine import reading
from han5k_review.store.tables import Case
from han5k_review.triage.doubts import DOUBTFUL, has_doubts
from han5k_review.ui.cases.query import (
    CaseFilter,
    CaseOrder,
    CaseSummary,
    CaseWish,
    count_cases,
    list_case_summaries,
)
from han5k_review.ui.local_time import say_time
from han5k_review.ui.places import go_to, page_file
from han5k_review.ui.rows.columns import Cell, Column, Kind, OpenRow
from han5k_review.ui.rows.order import find_order
from han5k_review.ui.rows.pages import ROWS_A_PAGE, ask_page_number
from han5k_review.ui.rows.table import show_rows
from han5k_review.ui.visit import Visit

_LIST = "cases"
_ORDERS = {
    "Case": CaseOrder.NAME,
    "Patient": CaseOrder.PATIENT,
    "Split": CaseOrder.SPLIT,
    "Doubtful": CaseOrder.DOUBTFUL,
    "Largest disagreement": CaseOrder.DOUBT,
    "Pseudo-labels": CaseOrder.PSEUDO_LABELS,
    "References": CaseOrder.REFERENCES,
    "Readers": CaseOrder.READERS,
    "Edits not submitted": CaseOrder.DRAFTS,
    "Imported": CaseOrder.IMPORTED,
}
_DOUBT_COLUMNS = (
    Column(
        title="Doubtful",
        kind=Kind.NUMBER,
        help=f"Contours under review that triage doubts, or with a disagreement of {DOUBTFUL} or "
        "more; empty where nothing was measured.",
    ),
    Column(
        title="Largest disagreement",
        kind=Kind.NUMBER,
        decimals=2,
        help="Between a model's own predictions of a contour: 0 none, 1 they do not meet.",
    ),
)


def show_no_case(visit: Visit) -> None:
    """What to do in a study without cases, for those who may do it."""
    if not visit.may(Action.IMPORT_CASES):
        st.info("The study has no case yet. The study lead or an engineer imports them.")
        return
    st.info(
        "The study has no case yet. Import DICOM on the page Import, or any format on the server: "
        "`han5k import cases.csv --dry-run`."
    )
    st.page_link(page_file("imports"), label="Import cases")


def show_case_list(visit: Visit, chosen: Case | None) -> None:
    """The list, folded away where a case is chosen; a row that is opened chooses its case."""
    engine = visit.bench.study.engine
    with st.expander("All cases", expanded=chosen is None), reading(engine) as session:
        shows_doubts = has_doubts(session)
        wish, order = _ask_wish(shows_doubts=shows_doubts), find_order(_LIST)
        count = count_cases(session, wish)
        if count == 0 and wish == CaseWish():
            show_no_case(visit)
            return
        if count == 0:
            st.info("No case is like this. Clear the search, or choose all cases.")
            return
        place = ask_page_number(f"cases-{wish.search}-{wish.only}-{order}", count)
        if order is not None:
            wish = replace(wish, order=_ORDERS[order.column], descending=order.descending)
        found = list_case_summaries(session, wish, first=place * ROWS_A_PAGE, most=ROWS_A_PAGE)
        columns, rows = build_case_rows(found, shows_doubts=shows_doubts)
        opened = show_rows(columns, rows, key=_LIST, label="Cases", order=order, height=520)
    if opened is not None and (chosen is None or opened != chosen.name):
        go_to("cases", case=opened)


def _ask_wish(*, shows_doubts: bool) -> CaseWish:
    search_box, only_box = st.columns([3, 2])
    search = search_box.text_input(
        "Search", placeholder="part of a name of a case or patient", key="case-search"
    )
    only = only_box.selectbox(
        "Show",
        [one for one in CaseFilter if shows_doubts or one is not CaseFilter.DOUBTFUL],
        format_func=str,
        key="case-filter",
    )
    return CaseWish(search=search or "", only=only)


def build_case_rows(
    found: Sequence[CaseSummary], *, shows_doubts: bool
) -> tuple[list[Column], list[OpenRow]]:
    """The list as a table whose rows open the case; doubts only where the study measured any."""
    columns = [Column(title="Case"), Column(title="Patient"), Column(title="Split")]
    columns += _DOUBT_COLUMNS if shows_doubts else ()
    columns += [
        Column(title=title, kind=Kind.NUMBER)
        for title in ("Pseudo-labels", "References", "Readers", "Edits not submitted")
    ]
    columns += [Column(title="Imported", kind=Kind.TIME)]
    rows = [
        OpenRow(
            key=one.name,
            address=f"cases?{urlencode({'case': one.name})}",
            cells=_cells(one, shows_doubts),
        )
        for one in found
    ]
    return columns, rows


def _cells(one: CaseSummary, shows_doubts: bool) -> list[Cell]:
    doubts: list[Cell] = [one.doubtful, one.largest_disagreement] if shows_doubts else []
    return [
        one.name,
        one.patient,
        one.split.value.replace("_", " "),
        *doubts,
        one.pseudo_labels,
        one.references,
        one.readers,
        one.open_drafts or None,
        say_time(one.imported_at_utc),
    ]
