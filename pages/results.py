import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.ui.downloads import show_downloads
from han5k_review.ui.results.certificates import show_certificates
from han5k_review.ui.results.preferences import show_preferences
from han5k_review.ui.results.triage import show_triage
from han5k_review.ui.results.views import (
    show_agreement,
    show_grades,
    show_metrics,
)
from han5k_review.ui.visit import page

VIEWS = {
    "Grades": show_grades,
    "Preferences": show_preferences,
    "Agreement": show_agreement,
    "Certificates": show_certificates,
    "Grade and metric": show_metrics,
    "Triage": show_triage,
}

with page("Results", Action.ASSIGN) as visit:
    view = st.segmented_control(
        "View",
        list(VIEWS),
        default=next(iter(VIEWS)),
        key="view",
        label_visibility="collapsed",
        required=True,
        bind="query-params",
    )
    VIEWS[view](visit.bench)
    show_downloads({"Download the report (.html)": "/api/exports/han5k-review.html"}, key="report")
