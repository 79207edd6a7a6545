"""The pieces that the report is written with: text, numbers, tables, sections. Pure.

Every text goes through `escape`, so that a comment or a name can never become markup.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from han5k_review.exports.cells import clean_text
from han5k_review.statistics.estimates import Estimate, Interval

NOT_MEASURED = "not measured"
_PERCENT = "\u00a0%"  # a sign that never stands alone on a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One numbered section: `key` is its anchor, `parts` its markup in order."""

    key: str
    title: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """A table cell that is markup already; plain text in a cell is escaped."""

    content: str


TableCell = str | int | float | Markup | None


def escape(text: str) -> str:
    """Text as HTML; control characters become visible."""
    return html.escape(clean_text(text), quote=True)


def paragraph(text: str, *, kind: str = "") -> str:
    """A paragraph of plain text; `kind` is a class of the style sheet."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def subtitle(text: str) -> str:
    """A heading within a section."""
    return f"<h3>{escape(text)}</h3>"


def build_list(lines: Iterable[str]) -> str:
    """A list of plain sentences."""
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def table(
    headings: Sequence[str], rows: Iterable[Sequence[TableCell]], *, key: str, caption: str = ""
) -> str:
    """A table; numbers stand on the right. `key` is its id, by which tests and links find it."""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<table id="{escape(key)}">{said}<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table>"
    )


def say_number(value: float | None, digits: int = 2) -> str:
    """A number, `-` where there is none, `infinite` where it is."""
    if value is None or math.isnan(value):
        return "-"
    return "infinite" if math.isinf(value) else f"{value:,.{digits}f}"


def say_percent(share: float | None) -> str:
    """A share in per cent with one digit."""
    return "-" if share is None else f"{100 * share:.1f}{_PERCENT}"


def say_limits(interval: Interval | None) -> str:
    """Limits of a share's interval in per cent."""
    return (
        "-"
        if interval is None
        else f"{100 * interval.low:.1f} to {100 * interval.high:.1f}{_PERCENT}"
    )


def say_estimate(estimate: Estimate, digits: int = 2) -> str:
    """A number with its 95 % interval; `-` where there is none (the reason stands elsewhere)."""
    said = say_number(estimate.value, digits)
    found = estimate.interval
    if estimate.value is None or found is None:
        return said
    return f"{said} ({say_number(found.low, digits)} to {say_number(found.high, digits)})"


def _cell(value: TableCell) -> str:
    if isinstance(value, Markup):
        return f"<td>{value.content}</td>"
    if isinstance(value, int | float):
        return f'<td class="n">{value:,}</td>'
    return f"<td>{escape(value or '')}</td>"
