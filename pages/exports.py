import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.ui.links import show_link
from han5k_review.ui.visit import page

with page("Exports", Action.EXPORT) as visit:
    st.write(
        "Every grade with its history, every measured pair, a summary per structure, and the data "
        "dictionary that explains each column."
    )
    with st.container(horizontal=True):
        show_link(
            "Download as Excel (.xlsx)",
            "/api/exports/han5k-review.xlsx",
            primary=True,
            download=True,
        )
        show_link("Download as CSV (.zip)", "/api/exports/han5k-review.zip", download=True)
    st.caption(
        "Readers appear under their pseudonyms. The download is written to the audit trail. "
        "The same from a terminal: `han5k export --out grades.xlsx`."
    )
