"""The releases made so far: where they lie, their datasheet, and whether they are whole."""

from __future__ import annotations

import streamlit as st

from han5k_review.exports.release import check_release
from han5k_review.exports.release.background import FoundRelease, list_releases
from han5k_review.texts.counts import say_count
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt


def show_releases(visit: Visit) -> None:
    """One line for each release in the study's folder."""
    found = list_releases(visit.bench.study)
    st.subheader("Releases so far", anchor=False)
    if not found:
        st.caption("None yet.")
        return
    for one in reversed(found):
        _show_release(visit, one)
    st.caption(
        "A copy elsewhere is checked with `han5k release verify FOLDER`. Before you give a release "
        "away, read its TERMS.md."
    )


def _show_release(visit: Visit, one: FoundRelease) -> None:
    with st.container(border=True):
        words, sheet, check = st.columns([5, 2, 2], vertical_alignment="center")
        words.markdown(
            f"**{as_text(one.folder.name)}**: {as_text(one.title)}, version {one.version}; "
            f"{say_count(one.contours, 'contour')} "
            f"of {say_count(one.cases, 'case')}"
        )
        words.caption(str(one.folder))
        sheet.download_button(
            "Datasheet",
            data=(one.folder / "DATASHEET.md").read_bytes(),
            file_name=f"{one.folder.name}-datasheet.md",
            mime="text/markdown",
            key=f"sheet-{one.folder.name}",
            width="stretch",
        )
        if check.button("Check files", key=f"check-{one.folder.name}", width="stretch"):
            with attempt(), st.spinner("Reading every file"):
                result = check_release(one.folder, threads=visit.bench.settings.processes)
                show = st.success if result.is_right else st.error
                show(" ".join(result.sentences))
