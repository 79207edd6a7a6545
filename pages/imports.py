import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.intake.record import UNFINISHED, list_imports
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.ui.import_outcome import show_past
from han5k_review.ui.import_view import show_asking, show_working
from han5k_review.ui.visit import page

with page("Import", Action.IMPORT_CASES) as visit:
    with reading(visit.bench.study.engine) as session:
        rows = list_imports(session)
        session.expunge_all()
    st.caption(
        "Brings folders of DICOM on the server into the study: CT series with their RTSTRUCT or "
        "SEG, found by what the files say of themselves. A dry run stores nothing and says what "
        "would happen. Importing again changes nothing."
    )
    working = next((row for row in rows if row.state in UNFINISHED), None)
    if working is not None:
        show_working(visit, stored_id(working))
    else:
        show_asking(visit, rows[0] if rows else None)
    past = [row for row in rows if row.state not in UNFINISHED]
    if past:
        st.subheader("Imports so far", anchor=False)
        show_past(visit, past)
