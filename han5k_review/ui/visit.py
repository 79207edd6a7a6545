"""What a page stands on: the open study, its tables, and the person who is looking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.may import Action, may, require
from han5k_review.accounts.sessions import COOKIE_NAME, SessionLimits, get_signed_in, set_limits
from han5k_review.accounts.upload_permits import PERMITS
from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.windows import Window, read_windows
from han5k_review.errors import AccessError, Han5kError, SignInError
from han5k_review.settings import Settings, get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import Reader, StudyInfo
from han5k_review.study import get_study_info, read_study_catalogue, read_study_scale
from han5k_review.study.scale import Scale
from han5k_review.ui.links import show_link
from han5k_review.ui.places import show_way_home
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.style import show_disclaimer


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The study this process serves, with the tables every page reads."""

    settings: Settings
    study: Study
    info: StudyInfo
    catalogue: Catalogue
    scale: Scale
    windows: tuple[Window, ...]
    limits: SessionLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One person on one page."""

    bench: Bench
    identity: ReaderIdentity
    session_id: int | None = None
    """The sign-in that this page was opened with; None where there is no browser."""

    def may(self, action: Action) -> bool:
        """True when this person's role allows the action."""
        return may(self.identity, action)

    def require(self, action: Action) -> None:
        """AccessError unless this person's role allows the action."""
        require(self.identity, action)

    def permit_upload(self) -> None:
        """This page asks for a file: the guard takes one from it."""
        context = get_script_run_ctx()
        if context is not None:
            PERMITS.permit(context.session_id, self.identity.reader_id)

    def get_reader(self) -> Reader:
        """The person's account row; SignInError when it is gone."""
        with reading(self.bench.study.engine) as session:
            reader = session.get(Reader, self.identity.reader_id)
            if reader is None:
                raise SignInError("The account of this session is gone; sign in again.")
            session.expunge(reader)
            return reader


@st.cache_resource(show_spinner=False)
def open_bench() -> Bench:
    """Open the study once for this process."""
    settings = get_settings()
    study = open_study(settings.study, settings.database_url)
    with reading(study.engine) as session:
        info = get_study_info(session)
        session.expunge(info)
    return Bench(
        settings=settings,
        study=study,
        info=info,
        catalogue=read_study_catalogue(study),
        scale=read_study_scale(study, info),
        windows=read_windows(study.tables / "windows.csv"),
        limits=set_limits(settings.session_hours, settings.idle_minutes),
    )


def get_visit() -> Visit:
    """Who is here; SignInError when the session has ended."""
    bench = open_bench()
    with reading(bench.study.engine) as session:
        cookie = st.context.cookies.get(COOKIE_NAME)
        found = get_signed_in(session, cookie, bench.limits, utc_now())
    return Visit(bench=bench, identity=found.identity, session_id=found.session_id)


@contextmanager
def page(title: str | None, action: Action | None = None) -> Iterator[Visit]:
    """The frame of every page: heading, rights, and errors as one sentence instead of a trace.

    An AccessError, its own for a password that is not one's own yet included, is said in the page.
    Without a title (the viewer, which has a frame of its own) the disclaimer comes with the error.
    After an error the script stops: a refused page has no body to give the `with` block.
    """
    try:
        visit = get_visit()
        if action is not None:
            require(visit.identity, action)
        if visit.identity.must_change_password and title != "Account":
            raise AccessError("Choose a password of your own on the page Account first.")
        if title is not None:
            st.title(title, anchor=False)
            show_disclaimer()
        yield visit
    except SignInError as error:
        show_disclaimer()
        st.warning(as_text(str(error)))
        show_link("Sign in", "/sign-in", primary=True)
        st.stop()
    except AccessError as error:
        show_disclaimer()
        st.warning(as_text(str(error)))
        identity = get_visit().identity
        if identity.must_change_password:
            show_link("Go to the account", "/account", primary=True)
        else:
            show_way_home(identity.role)
        st.stop()
    except Han5kError as error:
        show_disclaimer()
        st.error(as_text(str(error)))
        st.stop()


def tell(words: str) -> None:
    """Say what was done, above the page: the next run of its script moves nothing.

    A message within the page goes when a text field is left, and a button below it moves from
    under the mouse that is about to press it.
    """
    st.toast(as_text(words), duration="long")


@contextmanager
def attempt() -> Iterator[None]:
    """One action of a page: its error is shown in place, the rest of the page goes on."""
    try:
        yield
    except Han5kError as error:
        st.error(as_text(str(error)))
