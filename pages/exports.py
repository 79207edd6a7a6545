import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.ui.downloads import show_downloads
from han5k_review.ui.visit import page

EXCEL, CSV = "Download as Excel (.xlsx)", "Download as CSV (.zip)"
REPORT = "Download the report (.html)"

with page("Exports", Action.EXPORT) as visit:
    st.write(
        "Every grade with its history, every measured pair, a summary per structure, and the data "
        "dictionary that explains each column. The report is one page for reviewers; print it "
        "from the browser to make a PDF."
    )
    show_downloads(
        {
            EXCEL: "/api/exports/han5k-review.xlsx",
            CSV: "/api/exports/han5k-review.zip",
            REPORT: "/api/exports/han5k-review.html",
        },
        key="exports",
        primary=EXCEL,
    )
    st.caption(
        "Readers appear under their pseudonyms. The download is written to the audit trail. "
        "The same from a terminal: `han5k export --out grades.xlsx`."
    )
