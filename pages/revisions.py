import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.review.accepted import list_accepted
from han5k_review.review.decisions.adjudication import list_questions, settle_standings
from han5k_review.review.decisions.revising import list_revisions
from han5k_review.review.edit_rules import read_edit_rules
from han5k_review.store.engine import reading
from han5k_review.texts.counts import say_count
from han5k_review.ui.places import page_file
from han5k_review.ui.revisions.bulk import show_bulk
from han5k_review.ui.revisions.grade_queue import show_grade_queue
from han5k_review.ui.revisions.locks import show_locks
from han5k_review.ui.revisions.overtaken import tell_overtaken
from han5k_review.ui.revisions.proposal_queue import show_proposals
from han5k_review.ui.revisions.proposal_round import show_round
from han5k_review.ui.revisions.question import QUEUE, key_of, show_question
from han5k_review.ui.tables import REVISION_COLUMNS, build_revision_frame
from han5k_review.ui.visit import page

with page("Revisions", Action.ADJUDICATE) as visit:
    names_reads = read_edit_rules(visit.bench.study.tables).names_reads
    with reading(visit.bench.study.engine) as session:
        views = list_revisions(session)
        standings = settle_standings(views, list_accepted(session))
        questions = list_questions(session, names_reads=names_reads)
        session.expunge_all()

    show_grade_queue(visit)
    show_proposals(visit)
    if not views:
        st.info(
            "No revision has been submitted yet. Readers correct contours in the viewer (key e); "
            "a file that was corrected elsewhere comes in on its case's page."
        )
        st.page_link(page_file("cases"), label="Go to the cases")
    elif not questions:
        st.success("Nothing waits for a decision.")
    else:
        waiting = say_count(len(questions), "structure waits", "structures wait")
        question = st.selectbox(
            f"{waiting} for a decision, the longest first",
            questions,
            format_func=lambda one: (
                f"{one.case}, {one.structure}: {', '.join(c.name for c in one.candidates)}"
            ),
        )
        tell_overtaken(
            QUEUE,
            shown=key_of(question),
            name=f"{question.case}, {question.structure}",
            waiting=[key_of(one) for one in questions],
        )
        show_question(visit, question)
        show_bulk(visit, questions)

    show_round(visit)
    if views:
        with st.expander(f"All revisions ({len(views)})"):
            st.dataframe(
                build_revision_frame(views, standings, visit.bench.scale, names_reads=names_reads),
                hide_index=True,
                placeholder="",
                column_config=REVISION_COLUMNS,
            )
    show_locks(visit)
