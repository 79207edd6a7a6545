import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.importing.confirmed_names import list_confirmed_names, read_clinic_catalogue
from han5k_review.store.engine import reading
from han5k_review.ui.name_view import (
    build_confirmed_frame,
    find_import_names,
    read_uploaded_names,
    show_confirming,
)
from han5k_review.ui.visit import page

with page("ROI names", Action.IMPORT_CASES) as visit:
    bench = visit.bench
    with reading(bench.study.engine) as session:
        catalogue = read_clinic_catalogue(session, bench.catalogue)
        confirmed = list_confirmed_names(session)

    st.caption(
        "Files of a clinic name their contours freely. Here you say which name is which structure; "
        "the next import uses it. Names that you do not confirm stand in reports of imports only."
    )
    visit.permit_upload()
    upload = st.file_uploader(
        "Table of names",
        key="names-table",
        type=["csv", "xlsx"],
        help="Written by `han5k import cases.csv --dry-run --names names.csv`.",
    )
    if upload is not None:
        show_confirming(visit, read_uploaded_names(upload, catalogue), catalogue)
    elif rows := find_import_names(bench.study, catalogue):
        st.caption("Names of the last import of the page Import:")
        show_confirming(visit, rows, catalogue)
    else:
        st.info(
            "Bring the table that a dry run wrote: "
            "`han5k import cases.csv --dry-run --names names.csv`."
        )

    st.subheader("Confirmed so far", anchor=False)
    if confirmed:
        st.dataframe(build_confirmed_frame(confirmed), hide_index=True, placeholder="")
    else:
        st.caption("None yet.")
