"""Links that open in this tab: Streamlit's own link button opens another one."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from han5k_review.ui.downloads import show_downloads


def show_link(label: str, url: str, *, primary: bool = False) -> None:
    """A link that looks like a button."""
    st.html(_anchor(label, url, primary=primary))


def show_links(links: Mapping[str, str]) -> None:
    """Several links (label -> address) side by side."""
    st.html(" ".join(_anchor(label, url) for label, url in links.items()))


def show_contour_links(base: str) -> None:
    """Every form in which contours leave; `base` is their address without its suffix."""
    files = {label: f"{base}{suffix}" for label, suffix in _CONTOUR_LINKS.items()}
    show_downloads(files, key=f"contours-{base}")
    st.caption(
        "A report says of each structure whether the DICOM file gives the same contour when it is "
        "read back, and which rule of filling another tool needs."
    )


_CONTOUR_LINKS = {
    "Contours for 3D Slicer (.seg.nrrd)": ".seg.nrrd",
    "Contours as NIfTI (.zip)": ".zip",
    "Contours as DICOM RTSTRUCT (.dcm)": ".dcm",
    "RTSTRUCT without holes (.dcm)": ".keyholes.dcm",
    "Contours as DICOM SEG (.dcm)": ".seg.dcm",
    "Report of the RTSTRUCT (.csv)": ".dcm.csv",
    "Report without holes (.csv)": ".keyholes.dcm.csv",
    "Report of the SEG (.csv)": ".seg.dcm.csv",
}


def _anchor(label: str, url: str, *, primary: bool = False) -> str:
    kind = "han5k-link primary" if primary else "han5k-link"
    return f'<a class="{kind}" href="{escape(url)}" target="_self">{escape(label)}</a>'
