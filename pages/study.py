import streamlit as st
from sqlmodel import col, select

from han5k_review.accounts.may import Action
from han5k_review.accounts.readers import add_reader
from han5k_review.review.assignment import assign_cases, list_worklist
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Case, Reader
from han5k_review.store.vocabulary import Role
from han5k_review.ui.context import attempt, page
from han5k_review.ui.tables import build_reader_frame, build_scale_frame

with page("Study", Action.READ_ANY_CASE) as visit:
    bench = visit.bench
    with reading(bench.study.engine) as session:
        cases = list(session.exec(select(Case).order_by(col(Case.name))))
        readers = list(session.exec(select(Reader).order_by(col(Reader.id))))
        worklists = {r.id: list_worklist(session, r.id or 0) for r in readers}

    st.caption(
        f"{bench.info.name}, protocol {bench.info.protocol_version}: {len(cases)} cases, "
        f"{len(bench.catalogue)} structures, {len(readers)} accounts."
    )
    st.subheader("Readers", anchor=False)
    frame = build_reader_frame(readers, worklists)
    st.dataframe(
        frame,
        hide_index=True,
        placeholder="",
        column_config={
            "Progress": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%d %%"),
            "Last grade (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
    )
    left, right = st.columns(2, gap="large")
    if visit.may(Action.ASSIGN):
        with left.form("assign", clear_on_submit=True):
            st.markdown("**Assign cases**")
            reader = st.selectbox("Reader", readers, format_func=lambda r: r.name)
            chosen = st.multiselect("Cases (none means all)", cases, format_func=lambda c: c.name)
            if st.form_submit_button("Assign", type="primary"):
                with attempt(), transaction(bench.study.engine) as session:
                    added = assign_cases(
                        session,
                        reader=reader,
                        cases=chosen or cases,
                        actor=visit.identity.name,
                        now=utc_now(),
                    )
                    st.toast(f"{added} cases assigned to {reader.name}.")
    with right:
        st.markdown(f"**Scale {bench.scale.name}**")
        st.table(build_scale_frame(bench.scale).set_index("Key"))
    if visit.may(Action.MANAGE_ACCOUNTS):
        with left.form("account", clear_on_submit=True):
            st.markdown("**Add an account**")
            name = st.text_input("Name")
            role = st.selectbox("Role", list(Role), format_func=lambda r: r.value)
            password = st.text_input("First password", type="password")
            if st.form_submit_button("Add"):
                with attempt(), transaction(bench.study.engine) as session:
                    added_reader = add_reader(
                        session,
                        name=name,
                        password=password,
                        role=role,
                        actor=visit.identity.name,
                        now=utc_now(),
                    )
                    st.toast(f"{added_reader.name} added as {added_reader.pseudonym}.")
