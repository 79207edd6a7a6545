import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.review.grading import get_own_assignment
from han5k_review.review.label_sets import list_label_sets, view_case, view_task
from han5k_review.review.signatures import check_sees_sources
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.store.surface_files import SurfaceFiles
from han5k_review.store.tables import Case
from han5k_review.study import find_case, grid_of
from han5k_review.ui.places import find_assignment_id, page_file
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.surface_chart import build_surface_chart
from han5k_review.ui.visit import page

FIRST = ("Brain", "MandibleL", "MandibleR", "ParotidL", "ParotidR", "Cord_HaN", "BrainStem")

with page("3-D") as visit:
    bench = visit.bench
    wanted = find_assignment_id(st.query_params.to_dict())
    with reading(bench.study.engine) as session:
        if wanted is not None:
            task = get_own_assignment(session, wanted, visit.get_reader())
            case = session.get_one(Case, task.case_id)
            sets = list_label_sets(session, task.case_id, view_task(task))
        else:
            visit.require(Action.READ_ANY_CASE)
            case = find_case(session, st.query_params.get("case", ""))
            if case is not None:
                check_sees_sources(session, visit.identity.reader_id, stored_id(case))
            sets = list_label_sets(session, stored_id(case), view_case()) if case else []
    if case is None:
        st.info("Choose a case first.")
        st.page_link(page_file("cases"), label="Go to the cases")
        st.stop()

    left, right = st.columns([1, 3])
    with left:
        st.subheader(as_text(case.name), anchor=False)
        st.page_link(
            page_file("review"),
            label="Back to the slices",
            query_params={"assignment": str(wanted)} if wanted else {"case": case.name},
        )
        shown = sets[0]
        if len(sets) > 1:
            titles = [found.name for found in sets]
            shown = sets[titles.index(st.radio("Contours", titles) or titles[0])]
        names = [s.name for s in bench.catalogue if s.name in shown.versions]
        chosen = st.multiselect(
            "Structures", names, default=[n for n in FIRST if n in names] or names[:6]
        )
        opacity = st.slider("Opacity", 0.1, 1.0, 0.6, 0.1)
        st.caption("Surfaces are smoothed to about 2 mm: for looking at, not for measuring.")
    grid = grid_of(case)
    files = SurfaceFiles(folder=bench.study.root / "surfaces", labels=bench.study.labels)
    with right, st.spinner("Building surfaces ..."):
        surfaces = [
            (
                bench.catalogue.get_structure(name),
                files.get_surface(shown.versions[name].mask_sha256, grid),
            )
            for name in chosen
        ]
        if surfaces:
            st.plotly_chart(build_surface_chart(surfaces, opacity), key="surfaces")
        else:
            st.info("Choose at least one structure.")
