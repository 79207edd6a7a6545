"""What is known of each revision that waits, side by side: a card per reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.adjudication import Candidate
from han5k_review.review.decisions.read_comparison import Agreement
from han5k_review.review.edit_check import list_changed_slices
from han5k_review.study.scale import Scale
from han5k_review.ui.style import GRADE_COLORS

# One colour and line style for each read, in the order of submission; apart for the colour-blind.
COLOURS = ("#4f9dde", "#e8a33d", "#56c596", "#d98cd0")
DASHES = ("solid", "dash", "dot", "longdash")
_COLUMNS = 3
_CSS = """<style>
.han5k-card dl {display: grid; grid-template-columns: max-content 1fr; gap: .1rem .75rem; margin: 0;
  padding: 0; font-size: .85rem; font-variant-numeric: tabular-nums;}
.han5k-card dt {color: #8a919c; margin: 0;} .han5k-card dd {margin: 0; overflow-wrap: anywhere;}
.han5k-card h4 {font-size: 1rem; font-weight: 600; margin: 0 0 .4rem 0; padding: 0;}
.han5k-card i {display: inline-block; width: 1.8rem; border-top: 3px; vertical-align: middle;
  margin-right: .5rem;}
.han5k-card .grade {border-left: .3rem solid; padding-left: .4rem;}
</style>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A candidate with its mask, and how it is drawn."""

    candidate: Candidate
    mask: StructureMask
    colour: str
    dash: str


def show_cards(
    exhibits: Sequence[Exhibit], reviewed: StructureMask, scale: Scale, own_id: int
) -> None:
    """One card per candidate; at most three beside each other, so that they fit 1024 pixels."""
    st.html(_CSS)
    for first in range(0, len(exhibits), _COLUMNS):
        row = exhibits[first : first + _COLUMNS]
        for column, exhibit in zip(st.columns(max(2, len(row))), row, strict=False):
            with column.container(border=True):
                st.html(build_card(exhibit, reviewed, scale, own_id))


def build_card(exhibit: Exhibit, reviewed: StructureMask, scale: Scale, own_id: int) -> str:
    """The card as HTML; every word a person typed is escaped."""
    candidate = exhibit.candidate
    revision, grade = candidate.revision, candidate.grade
    slices = len(list_changed_slices(reviewed, exhibit.mask))
    rows = [
        ("Grade", _describe_grade(candidate, scale)),
        ("VRD", _percent(revision.vrd)),
        ("APL", "undefined" if revision.apl_mm is None else f"{revision.apl_mm:.0f} mm"),
        ("Slices edited", str(slices)),
        ("Active time", describe_seconds(revision.active_seconds)),
        ("Volume", f"{candidate.view.child.volume_cc:.2f} cc (was {reviewed.volume_cc:.2f})"),
        ("Submitted", f"{revision.submitted_at_utc:%Y-%m-%d %H:%M} UTC"),
    ]
    if grade is not None and grade.tags:
        rows.append(("Tags", escape(", ".join(grade.tags))))
    if grade is not None and grade.comment:
        rows.append(("Comment", escape(grade.comment)))
    own = " (yours: a second person decides)" if revision.reader_id == own_id else ""
    cells = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in rows)
    line = _swatch(exhibit.colour, exhibit.dash)
    heading = f"<h4>{line}{escape(candidate.name)}{own}</h4>"
    return f'<div class="han5k-card">{heading}<dl>{cells}</dl></div>'


def describe_agreement(agreement: Agreement, exhibits: Sequence[Exhibit]) -> str:
    """One sentence of how far two candidates are apart."""
    panel = agreement.panel
    first, second = (
        exhibits[place].candidate.name for place in (agreement.first, agreement.second)
    )
    if math.isnan(panel.dice):
        return f"{first} and {second} are both empty."
    distance = f"{panel.hd95_mm:.1f} mm" if math.isfinite(panel.hd95_mm) else "no HD95 (one empty)"
    return (
        f"{first} and {second} agree to Dice {panel.dice:.3f}, HD95 {distance}, surface Dice "
        f"{panel.surface_dice:.3f} at {panel.tolerance_mm:g} mm."
    )


def describe_seconds(seconds: float | None) -> str:
    """Minutes and seconds; what came as a file has no time."""
    if seconds is None:
        return "not recorded (a file)"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _describe_grade(candidate: Candidate, scale: Scale) -> str:
    grade = candidate.grade
    if grade is None or grade.raw_code is None or grade.level is None:
        return "none given"
    titles = {one.code: one.title for one in scale.grades}
    colour = GRADE_COLORS[grade.level.value]
    words = escape(titles.get(grade.raw_code, grade.raw_code))
    return f'<span class="grade" style="border-color:{colour}">{words}</span>'


def _percent(fraction: float | None) -> str:
    if fraction is None:
        return "undefined"
    return f"{100 * fraction:.1f} %" if math.isfinite(fraction) else "all is new"


def _swatch(colour: str, dash: str) -> str:
    style = {"dash": "dashed", "dot": "dotted", "longdash": "double"}.get(dash, "solid")
    return f'<i style="border-top-style:{style};border-top-color:{colour}"></i>'
