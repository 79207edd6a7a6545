"""The script of the test of ROI names: the page as lena sees it, in the study of HAN5K_STUDY."""

from __future__ import annotations

import streamlit as st
from sqlmodel import select

from han5k_review.accounts.identity import build_identity
from han5k_review.importing.confirmed_names import list_confirmed_names, read_clinic_catalogue
from han5k_review.store.engine import reading
from han5k_review.store.tables import Reader
from han5k_review.ui.name_view import (
    build_confirmed_frame,
    read_uploaded_names,
    show_confirming,
)
from han5k_review.ui.visit import Visit, open_bench

bench = open_bench()
with reading(bench.study.engine) as session:
    identity = build_identity(session.exec(select(Reader).where(Reader.name == "lena")).one())
    catalogue = read_clinic_catalogue(session, bench.catalogue)
    confirmed = list_confirmed_names(session)
upload = st.file_uploader("Table of names")
if upload is not None:
    show_confirming(
        Visit(bench=bench, identity=identity), read_uploaded_names(upload, catalogue), catalogue
    )
st.dataframe(build_confirmed_frame(confirmed))
