"""Long lists a page at a time: which part of a list is shown, and the control below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

ROWS_A_PAGE = 50
Item = TypeVar("Item")


def ask_page_number(key: str, count: int, first: int = 0) -> int:
    """The page (from 0) of a list of `count` that is shown; at first the one that holds `first`."""
    pages = max(1, -(-count // ROWS_A_PAGE))
    if pages == 1:
        return 0
    name = f"page-{key}"
    if st.session_state.get(name, 1) > pages:
        del st.session_state[name]
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = st.pagination(pages, key=name, default=first // ROWS_A_PAGE + 1)
        low = (chosen - 1) * ROWS_A_PAGE
        st.caption(f"{low + 1:,} to {min(low + ROWS_A_PAGE, count):,} of {count:,}")
    return chosen - 1


def ask_page(key: str, items: Sequence[Item], first: int = 0) -> Sequence[Item]:
    """The part of a list that is shown; at first the one that holds item `first`."""
    low = ask_page_number(key, len(items), first) * ROWS_A_PAGE
    return items[low : low + ROWS_A_PAGE]
