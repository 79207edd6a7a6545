"""Where the pages are, which one is whose first, and going from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import streamlit as st

from han5k_review.errors import DataError
from han5k_review.settings import PROJECT_ROOT
from han5k_review.store.vocabulary import Role
from han5k_review.texts.numbers import find_whole_number

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


def find_assignment_id(query: Mapping[str, str]) -> int | None:
    """The assignment that an address names, or None; DataError for what cannot be a number."""
    wanted = query.get("assignment", "")
    if not wanted:
        return None
    number = find_whole_number(wanted)
    if number is None:
        raise DataError(
            f"The number of an assignment was expected in the address, found {wanted[:40]!r}; open "
            "your worklist."
        )
    return number


def go_to(name: str, **query: str) -> NoReturn:
    """Leave this page for another, with query parameters."""
    st.switch_page(page_file(name), query_params=query)


def show_way_home(role: Role) -> None:
    """A link to the page where this role's work is."""
    name, label = HOMES[role]
    st.page_link(page_file(name), label=label)
