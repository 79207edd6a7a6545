import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.ui.context import page

with page("Exports", Action.EXPORT) as visit:
    st.write(
        "Every grade with its history, every measured pair, a summary per structure, and the data "
        "dictionary that explains each column."
    )
    left, right, _ = st.columns([1, 1, 3])
    left.link_button(
        "Download as Excel (.xlsx)", "/api/exports/han5k-review.xlsx", type="primary", key="xlsx"
    )
    right.link_button("Download as CSV (.zip)", "/api/exports/han5k-review.zip", key="csv")
    st.caption(
        "Readers appear under their pseudonyms. The download is written to the audit trail. "
        "The same from a terminal: `han5k export --out grades.xlsx`."
    )
