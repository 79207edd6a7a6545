"""Signed reads, for the lead: who signed what and when, and how a read is opened again."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from sqlmodel import Session, col, select

from han5k_review.review.signatures import list_signatures
from han5k_review.review.signing import MAX_REASON, is_as_signed, unlock_read
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.signature_tables import ReadSignature
from han5k_review.store.tables import Assignment, Case
from han5k_review.texts.counts import say_count
from han5k_review.ui.local_time import say_time
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt, tell

_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRead:
    """A read with the signature that stands on it."""

    signature: ReadSignature
    case: str

    def __str__(self) -> str:
        """How it stands in a list to choose from."""
        return f"{self.case}, {self.signature.signer}, {say_time(self.signature.at_utc)}"


def list_signed_reads(session: Session) -> list[SignedRead]:
    """Signed reads, the one signed last first."""
    signed = list_signatures(session)
    rows = session.exec(
        select(col(Assignment.id), col(Case.name))
        .join(Case, col(Case.id) == Assignment.case_id)
        .where(col(Assignment.id).in_(signed))
    )
    cases = {assignment_id: name for assignment_id, name in rows}
    newest_first = sorted(signed.values(), key=lambda one: one.at_utc, reverse=True)
    return [SignedRead(signature=one, case=cases[one.assignment_id]) for one in newest_first]


def show_unlocking(visit: Visit) -> None:
    """Choose a signed read, see that it is as it was signed, say why it is opened again."""
    engine = visit.bench.study.engine
    with reading(engine) as session:
        reads = list_signed_reads(session)
        session.expunge_all()
    if not reads:
        st.caption("No read is signed yet.")
        return
    wanted = st.text_input("Case or reader", key="unlock-find").strip().lower()
    found = [one for one in reads if wanted in str(one).lower()]
    if not found:
        st.caption("No signed read has this in its name.")
        return
    chosen = st.selectbox("Signed read", found[:_MOST_SHOWN], format_func=str, key="unlock-read")
    signature = chosen.signature
    with reading(engine) as session:
        unchanged = is_as_signed(session, signature)
    st.caption(
        f"{as_text(signature.signer)} signed {say_count(signature.grades, 'grade')}: "
        f"“{as_text(signature.meaning)}” "
        + (
            "The grades are as they were signed."
            if unchanged
            else ":red[The grades are not those that were signed; look into the audit trail.]"
        )
    )
    with st.form("unlock-read", border=False):
        reason = st.text_input("Why is it opened again?", max_chars=MAX_REASON, key="unlock-reason")
        if not st.form_submit_button("Open this read again", key="unlock"):
            return
    with attempt():
        with transaction(engine) as session:
            unlock_read(
                session,
                assignment_id=signature.assignment_id,
                reason=reason,
                by=visit.get_reader(),
                now=utc_now(),
            )
        tell(f"{signature.signer} can grade {chosen.case} again.")
        st.rerun()
