"""The few rules of CSS the pages need beside the theme."""

from __future__ import annotations

import streamlit as st

# Grades have one colour each everywhere, always beside a word.
GRADE_COLORS = {
    "no": "#2e9e6b",
    "minor": "#d99a1c",
    "major": "#d24b4b",
    "not_assessable": "#8a919c",
    "absent": "#6d7480",
}
ACCENT = "#3b82c4"
DISCLAIMER = "Research use only. Not a medical device."

_CSS = """
<style>
[data-testid="stMainBlockContainer"] {padding: 4.25rem max(1.5rem, 3vw) 3rem;}
h1 {font-size: 1.6rem !important; font-weight: 600 !important; padding: 0 0 .25rem 0 !important;}
h2, h3 {font-size: 1.15rem !important; font-weight: 600 !important; padding: .5rem 0 !important;}
[data-testid="stMetricValue"] {font-variant-numeric: tabular-nums;}
a.han5k-link {display: inline-block; padding: .45rem .9rem; border-radius: 4px;
  border: 1px solid var(--st-border-color, #8a919c66); color: inherit; text-decoration: none;}
a.han5k-link:hover, a.han5k-link:focus-visible {border-color: var(--st-primary-color, #2368a8);}
a.han5k-link.primary {background: light-dark(#2368a8, #5aa2e0);}
[data-testid="stMultiSelectTagsContainer"] [data-tag] *,
a.han5k-link.primary, [data-testid^="stBaseButton-primary"]:enabled,
[data-testid^="stBaseButton-primary"]:enabled :is(p, kbd)
  {color: light-dark(#fff, #0c1a26);}
[data-testid^="stBaseButton-primary"] kbd {border-color: currentColor; opacity: 1;}
[data-testid="stCaptionContainer"] {opacity: 1;}
[data-testid="stCaptionContainer"] :is(p, li, code) {color: light-dark(#59616c, #a5acb8);}
.han5k-disclaimer {position: fixed; left: 0; right: 0; bottom: 0; z-index: 5;
  padding: .25rem 1.5rem; font-size: .75rem; color: light-dark(#59616c, #a5acb8);
  background: var(--st-background-color, Canvas);}
/* Streamlit lets an expander grow for half a second, also when its content changes: what is below
   the pointer moves, and a click that began on a button ends beside it. */
[data-testid="stExpander"] > details {height: auto !important; overflow: visible !important;}
[data-testid="stExpanderDetails"][inert] {display: none;}
[data-testid="stAppDeployButton"], [data-testid="stMainMenu"] {display: none;}
</style>
"""


def show_style() -> None:
    """Put the rules on the page."""
    st.html(_CSS)


def show_disclaimer() -> None:
    """Say at the foot of the page what this software is not."""
    st.html(f'<div class="han5k-disclaimer">{DISCLAIMER}</div>')
