"""Where the pages are, which one is whose first, and going from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import streamlit as st

from han5k_review.settings import PROJECT_ROOT
from han5k_review.store.vocabulary import Role

# Where each role's work is: the page they land on, and what the way there is called.
HOMES: Mapping[Role, tuple[str, str]] = {
    Role.READER: ("worklist", "Go to your worklist"),
    Role.ADJUDICATOR: ("revisions", "Go to the revisions"),
    Role.ENGINEER: ("retraining", "Go to retraining"),
    Role.LEAD: ("overview", "Go to the overview"),
    Role.ADMIN: ("overview", "Go to the overview"),
}


def page_file(name: str) -> str:
    """The file of the page called `name`; Streamlit finds pages by it."""
    return str(PROJECT_ROOT / "pages" / f"{name}.py")


def go_to(name: str, **query: str) -> NoReturn:
    """Leave this page for another, with query parameters."""
    st.switch_page(page_file(name), query_params=query)


def show_way_home(role: Role) -> None:
    """A link to the page where this role's work is."""
    name, label = HOMES[role]
    st.page_link(page_file(name), label=label)
