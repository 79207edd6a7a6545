"""The script Streamlit runs: who is here, which pages they see, and the frame around them.

A page that a role may not use is hidden, not missing: opened by its address it says whose it is.
"""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import Page

from han5k_review.accounts.may import Action
from han5k_review.errors import Han5kError, SignInError
from han5k_review.ui.account_menu import show_who
from han5k_review.ui.links import show_link
from han5k_review.ui.places import HOMES, page_file
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.style import show_style
from han5k_review.ui.visit import Visit, get_visit

# file, title, what one must be allowed to do, shown in the menu
_SCREENS = (
    ("overview", "Overview", Action.ASSIGN, True),
    ("worklist", "Worklist", Action.GRADE, True),
    ("review", "Review", None, False),
    ("surfaces", "3-D", None, False),
    ("cases", "Cases", Action.READ_ANY_CASE, True),
    ("revisions", "Revisions", Action.ADJUDICATE, True),
    ("protocol", "Protocol", Action.ASSIGN, True),
    ("results", "Results", Action.ASSIGN, True),
    ("cohort", "Cohort", Action.READ_ANY_CASE, True),
    ("retraining", "Retraining", Action.RETRAIN, True),
    ("exports", "Exports", Action.EXPORT, True),
    ("release", "Release", Action.RELEASE, True),
    ("imports", "Import", Action.IMPORT_CASES, True),
    ("names", "ROI names", Action.IMPORT_CASES, True),
    ("study", "Study", Action.READ_ANY_CASE, True),
    ("account", "Account", None, True),
)


def _opens(visit: Visit, name: str, action: Action | None) -> bool:
    if visit.identity.must_change_password:
        return name == "account"
    return action is None or visit.may(action)


def main() -> None:
    """Draw the frame and run the chosen page."""
    st.set_page_config(page_title="HaN5K Review", layout="wide")
    show_style()
    try:
        visit = get_visit()
    except SignInError:
        st.html('<meta http-equiv="refresh" content="0; url=/sign-in">')
        show_link("Sign in", "/sign-in", primary=True)
        return
    except Han5kError as error:
        st.error(as_text(str(error)))
        return
    chosen = st.navigation(_list_pages(visit), position="top")
    show_who(visit.identity)
    chosen.run()


def _list_pages(visit: Visit) -> list[Page]:
    pages = [
        Page(
            page_file(name),
            title=title,
            url_path=name,
            visibility="visible" if shown and _opens(visit, name, action) else "hidden",
        )
        for name, title, action, shown in _SCREENS
    ]

    def home() -> None:
        first = visit.identity.must_change_password
        st.switch_page(page_file("account" if first else HOMES[visit.identity.role][0]))

    return [Page(home, title="Home", default=True, visibility="hidden"), *pages]


main()
