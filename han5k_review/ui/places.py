"""Where the pages are, and going from one to another."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from han5k_review.settings import PROJECT_ROOT


def page_file(name: str) -> str:
    """The file of the page called `name`; Streamlit finds pages by it."""
    return str(PROJECT_ROOT / "pages" / f"{name}.py")


def go_to(name: str, **query: str) -> NoReturn:
    """Leave this page for another, with query parameters."""
    st.switch_page(page_file(name), query_params=query)
