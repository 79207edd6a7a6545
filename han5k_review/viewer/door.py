"""The typed door: pages call `view(payload, key)` and get what the reader wants of the page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

from han5k_review.viewer.payload import ViewerPayload
from han5k_review.web.viewer_files import name_viewer

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

# The page around the workspace gives up its margins, the header stays as a thin line, and the
# disclaimer at its foot makes room for the workspace's own.
FULL_PAGE = """<style>
[data-testid="stMainBlockContainer"] {
  padding: 2.25rem 0 0 !important; max-width: none !important; min-width: 0 !important;
}
[data-testid="stMainBlockContainer"] [data-testid="stVerticalBlock"] { gap: 0 !important; }
[data-testid="stHeader"] { height: 2.25rem; min-height: 2.25rem; background: #14181e; }
[data-testid="stHeader"] * { color: #94a0ae; }
.han5k-who { height: 2.25rem; color: #d9dfe7; color-scheme: dark; }
[data-testid="stApp"] { background: #0c0f13; }
[data-testid="stMain"] { overflow: hidden; }
.han5k-disclaimer { display: none; }
</style>"""


class ViewerEventKind(StrEnum):
    """What the viewer asks of the page."""

    NEXT_CASE = "next_case"
    GRADED = "graded"
    DECIDE = "decide"
    NEXT_QUESTION = "next_question"
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerEvent:
    """`graded` comes once, when the last structure of the case has its grade, with both counts.

    `decide` names a revision, `accepted` or `rejected`, and the reason; or a proposal, which may be
    `edited`, too.
    """

    kind: ViewerEventKind
    graded: int | None = None
    total: int | None = None
    revision: int | None = None
    decision: str | None = None
    reason: str | None = None


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component("han5k-review.viewer", js="door.js", css="viewer.css")


def view(payload: ViewerPayload, key: str, *, full_page: bool = True) -> ViewerEvent | None:
    """Show the workspace of one case; the event of this rerun, or None.

    Keep `key` the same from case to case: the viewer then swaps the case in place and shows what it
    has prefetched. `full_page` lets the workspace fill the page below the header.
    """
    if full_page:
        st.html(FULL_PAGE)
    data = payload.to_json() | {"viewer": name_viewer()}
    result = _component()(key=key, data=data, width="stretch", on_event_change=lambda: None)
    return read_event(result.get("event"))


def find_event(key: str) -> ViewerEvent | None:
    """What the viewer with this key asks in this rerun, before it is shown; None when nothing.

    A page that answers first builds one case instead of two.
    """
    state = st.session_state.get(key)
    return None if state is None else read_event(state.get("event"))


def read_event(raw: object) -> ViewerEvent | None:
    """The event in what JavaScript sent; None for nothing and for anything unknown."""
    if not isinstance(raw, dict) or raw.get("kind") not in set(ViewerEventKind):
        return None
    kinds = {"graded": int, "total": int, "revision": int, "decision": str, "reason": str}
    told = {name: raw[name] for name, kind in kinds.items() if isinstance(raw.get(name), kind)}
    return ViewerEvent(kind=ViewerEventKind(raw["kind"]), **told)
