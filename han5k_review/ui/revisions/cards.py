"""What is known of each revision that waits, side by side: a card per reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate, pairwise

import streamlit as st

from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.adjudication import Candidate
from han5k_review.review.decisions.read_comparison import Agreement
from han5k_review.review.edit_check import list_changed_slices
from han5k_review.review.label_sets import SetStyle, get_style
from han5k_review.study.scale import Scale
from han5k_review.ui.local_time import say_time
from han5k_review.ui.style import GRADE_COLORS

_COLUMNS = 3
# Drawn and left out in turn, in pixels; as `DASHES` of the viewer's draw/layers.js.
_DASHES_PX = {"solid": (9,), "dashed": (7, 4), "dotted": (2, 3), "dash-dot": (8, 3, 2, 3)}
_CSS = """<style>
.han5k-card dl {display: grid; grid-template-columns: max-content 1fr; gap: .1rem .75rem; margin: 0;
  padding: 0; font-size: .85rem; font-variant-numeric: tabular-nums;}
.han5k-card dt {color: light-dark(#59616c, #a5acb8); margin: 0;}
.han5k-card dd {margin: 0; overflow-wrap: anywhere;}
.han5k-card h4 {font-size: 1rem; font-weight: 600; margin: 0 0 .4rem 0; padding: 0;}
.han5k-card i {display: inline-block; width: 2rem; height: 3px; vertical-align: middle;
  margin-right: .5rem;}
.han5k-card .grade {border-left: .3rem solid; padding-left: .4rem;}
</style>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A candidate with its mask."""

    candidate: Candidate
    mask: StructureMask

    @property
    def style(self) -> SetStyle:
        """How it is drawn, as everywhere."""
        return get_style(self.candidate.set_key)


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
        ("Submitted", say_time(revision.submitted_at_utc)),
    ]
    if grade is not None and grade.tags:
        rows.append(("Tags", escape(", ".join(grade.tags))))
    if grade is not None and grade.comment:
        rows.append(("Comment", escape(grade.comment)))
    own = " (yours: a second person decides)" if revision.reader_id == own_id else ""
    cells = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in rows)
    line = _swatch(exhibit.style)
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
    colour = GRADE_COLORS[grade.level.value]
    words = escape(scale.say(grade.raw_code))
    return f'<span class="grade" style="border-color:{colour}">{words}</span>'


def _percent(fraction: float | None) -> str:
    if fraction is None:
        return "undefined"
    return f"{100 * fraction:.1f} %" if math.isfinite(fraction) else "all is new"


def _swatch(style: SetStyle) -> str:
    """The line of a read as it is drawn elsewhere."""
    parts = _DASHES_PX[style.line]
    ends = [0, *accumulate(parts)]
    stops = ", ".join(
        f"{(style.colour if n % 2 == 0 else 'transparent')} {low}px {high}px"
        for n, (low, high) in enumerate(pairwise(ends))
    )
    return f'<i style="background:repeating-linear-gradient(90deg, {stops})"></i>'
