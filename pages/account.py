import streamlit as st

from han5k_review.accounts.passwords import PASSWORD_RULE, verify_password
from han5k_review.accounts.readers import set_password
from han5k_review.errors import RuleError
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.tables import Reader
from han5k_review.ui.links import show_link
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.sessions_view import show_own_sessions
from han5k_review.ui.tokens_view import ask_new_token, show_own_tokens
from han5k_review.ui.visit import attempt, page

with page("Account") as visit:
    st.write(
        f"Signed in as **{as_text(visit.identity.name)}**, {visit.identity.role.value}. "
        f"Exports show you as {as_text(visit.identity.pseudonym)}."
    )
    if not visit.identity.must_change_password:
        show_link("Sign out", "/sign-out", primary=True)

    st.subheader("Change the password", anchor=False)
    told = st.empty()
    changed = False
    if visit.identity.must_change_password:
        told.warning("Somebody else chose your password. Choose one of your own to go on.")
    asked = st.empty()
    with asked.form("password", border=False, clear_on_submit=True), st.container(width=420):
        present = st.text_input("Current password", type="password")
        wanted = st.text_input("New password", type="password")
        again = st.text_input("New password again", type="password")
        st.caption(PASSWORD_RULE)
        if st.form_submit_button("Change it and sign out everywhere", type="primary"):
            with attempt(), transaction(visit.bench.study.engine) as session:
                reader = session.get_one(Reader, visit.identity.reader_id)
                if not verify_password(reader.password_hash, present).matches:
                    raise RuleError("This is not your current password.")
                if wanted != again:
                    raise RuleError("The two new passwords differ. Type the same one twice.")
                set_password(
                    session,
                    reader,
                    password=wanted,
                    actor=visit.identity.name,
                    now=utc_now(),
                )
                changed = True
    if changed:
        asked.empty()
        told.success("The password is changed, and you are signed out everywhere.")
        show_link("Sign in with the new password", "/sign-in", primary=True)
        st.stop()
    if visit.identity.must_change_password:
        st.stop()

    st.subheader("Where you are signed in", anchor=False)
    show_own_sessions(visit)

    st.subheader("Personal tokens", anchor=False)
    st.caption(
        "For a program of yours, such as a notebook. A new password, and signing out on all "
        "devices, ends them. [What a program can ask](/api-reference)"
    )
    ask_new_token(visit)
    show_own_tokens(visit)
