import pandas as pd
import streamlit as st
from sqlmodel import col, select

from han5k_review.accounts.may import Action
from han5k_review.protocol.record import (
    build_protocol,
    find_freeze,
    find_version,
    list_versions,
    read_facts,
)
from han5k_review.protocol.words import describe_protocol
from han5k_review.store.engine import reading
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Role
from han5k_review.study import list_cases
from han5k_review.ui.local_time import say_time
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.protocol.form import Standing, ask_protocol, show_saving
from han5k_review.ui.protocol.leases_view import free_leases, show_leases
from han5k_review.ui.protocol.reads_view import (
    show_assigning_by_protocol,
    show_handing_over,
    show_pauses,
)
from han5k_review.ui.protocol.size_view import show_size
from han5k_review.ui.visit import page

VIEWS = ("Protocol", "Reads", "Readers", "Versions")

with page("Protocol", Action.ASSIGN) as visit:
    with reading(visit.bench.study.engine) as session:
        present = find_version(session)
        standing = Standing(
            number=0 if present is None else present.number,
            protocol=None if present is None else build_protocol(present),
            frozen_at_utc=find_freeze(session),
        )
        facts = read_facts(session, visit.bench.study)
        versions = list_versions(session)
        cases = list_cases(session)
        active = select(Reader).where(col(Reader.active)).order_by(col(Reader.id))
        readers = list(session.exec(active))

    if present is None:
        st.caption("No protocol yet: choose a design, look at what it shows, save it.")
    else:
        frozen = (
            "not frozen: no grade was given by it"
            if standing.frozen_at_utc is None
            else f"frozen since the first grade, {say_time(standing.frozen_at_utc)}"
        )
        st.caption(f"Version {present.number}, {present.preset.value}; {frozen}.")
    view = st.segmented_control(
        "View",
        VIEWS,
        default=VIEWS[0],
        key="view",
        label_visibility="collapsed",
        required=True,
        bind="query-params",
    )
    if view == "Reads":
        show_assigning_by_protocol(visit, readers)
        st.stop()
    left, right = st.columns(2, gap="large")
    if view == "Protocol":
        with left:
            protocol = ask_protocol(standing, facts)
            fits = show_saving(visit, standing, protocol, facts)
        with right:
            st.subheader("What it shows, what it costs", anchor=False)
            if fits:
                count = sum(one.role is Role.READER for one in readers)
                show_size(protocol, cases=len(cases), readers=count)
    elif view == "Readers":
        with left:
            st.subheader("Hand reads over", anchor=False)
            show_handing_over(visit, readers, cases)
        with right:
            st.subheader("Pause", anchor=False)
            show_pauses(visit, readers)
        st.subheader("Time for begun reads", anchor=False)
        free_leases(visit)
        show_leases(visit)
    elif versions:
        with left:
            chosen = st.selectbox(
                "Version",
                list(reversed(versions)),
                format_func=lambda row: f"version {row.number}, {say_time(row.created_at_utc)}",
            )
            st.caption(f"By {as_text(chosen.actor)}. {as_text(chosen.reason)}")
            lines = describe_protocol(build_protocol(chosen))
            frame = pd.DataFrame([{"What": line.title, "Value": line.value} for line in lines])
            st.table(frame.set_index("What"))
