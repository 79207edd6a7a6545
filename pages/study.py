import streamlit as st
from sqlmodel import col, select

from han5k_review.accounts.may import Action
from han5k_review.review.progress import measure_progress
from han5k_review.store.engine import reading
from han5k_review.store.tables import Reader
from han5k_review.study import list_cases
from han5k_review.texts.counts import say_count
from han5k_review.ui.people_view import show_accounts, show_assigning, show_unassigning
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.sessions_view import show_others_sessions
from han5k_review.ui.signature_view import show_unlocking
from han5k_review.ui.tables import build_reader_frame, build_scale_frame
from han5k_review.ui.visit import page

with page("Study", Action.READ_ANY_CASE) as visit:
    bench = visit.bench
    with reading(bench.study.engine) as session:
        cases = list_cases(session)
        readers = list(session.exec(select(Reader).order_by(col(Reader.id))))
        progress = measure_progress(session)

    st.caption(
        f"{as_text(bench.info.name)}, protocol {bench.info.protocol_version}: "
        f"{say_count(len(cases), 'case')}, "
        f"{say_count(len(bench.catalogue), 'structure')}, {say_count(len(readers), 'account')}."
    )
    st.subheader("Readers", anchor=False)
    st.dataframe(
        build_reader_frame(readers, progress),
        hide_index=True,
        placeholder="",
        column_config={
            "Progress": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%d %%"),
        },
    )
    left, right = st.columns(2, gap="large")
    with left:
        if visit.may(Action.ASSIGN):
            st.subheader("Assign cases", anchor=False)
            show_assigning(visit, readers, cases)
            with st.expander("Take cases off a list"):
                show_unassigning(visit, readers)
        if visit.may(Action.UNLOCK_READS):
            with st.expander("Open a signed read again"):
                show_unlocking(visit)
        if visit.may(Action.MANAGE_READERS):
            with st.expander("Accounts"):
                show_accounts(visit, readers)
            with st.expander("Who is signed in"):
                show_others_sessions(visit)
    with right:
        st.subheader(f"Scale {as_text(bench.scale.name)}", anchor=False)
        st.table(build_scale_frame(bench.scale).set_index("Key"))
