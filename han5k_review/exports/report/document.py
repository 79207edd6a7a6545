"""The report as one HTML file: no scripts, no fonts, no picture from outside.

The same state of the database gives the same bytes: no clock time but those stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from han5k_review.exports.about_sheet import RESEARCH_USE
from han5k_review.exports.report.against_metrics import build_against_metrics
from han5k_review.exports.report.agreement import build_agreement
from han5k_review.exports.report.case_flow import build_case_flow
from han5k_review.exports.report.certificates import build_certificates
from han5k_review.exports.report.checklist import build_checklist
from han5k_review.exports.report.experts import build_experts
from han5k_review.exports.report.facts import ReportFacts, read_facts
from han5k_review.exports.report.gallery import build_gallery
from han5k_review.exports.report.markup import Section, escape, paragraph
from han5k_review.exports.report.methods import build_methods, build_size
from han5k_review.exports.report.outcomes import build_missing, build_outcomes, build_versions
from han5k_review.exports.report.preferences import build_preferences
from han5k_review.exports.report.readers import build_readers
from han5k_review.exports.report.shares import build_shares_section
from han5k_review.exports.report.time_saved import build_time_saved
from han5k_review.metrics import Definition
from han5k_review.store.study import Study

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = Path(__file__).with_name("report.css")


def build_report(study: Study, *, definition: Definition = Definition.SURFEL) -> bytes:
    """The report as UTF-8. StorageError when there is no study, ConfigError for broken tables."""
    facts = read_facts(study, definition=definition)
    return render(facts, list_sections(facts, study)).encode()


def list_sections(facts: ReportFacts, study: Study) -> list[Section]:
    """All sections in their order."""
    return [
        build_case_flow(facts),
        build_methods(facts),
        build_readers(facts),
        build_size(facts),
        build_shares_section(facts),
        build_preferences(facts),
        build_time_saved(facts),
        build_agreement(facts),
        build_certificates(facts),
        build_against_metrics(facts),
        build_experts(facts, study),
        build_gallery(facts, study),
        build_outcomes(facts),
        build_missing(facts),
        build_versions(facts),
        build_checklist(facts),
    ]


def render(facts: ReportFacts, sections: Sequence[Section]) -> str:
    """The whole file; its Content-Security-Policy lets nothing in from outside."""
    about = facts.rows.facts
    title = f"{about.study}: report of the reader study"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(title)}</title>
<style>
{_STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<header>
<p class="notice">{escape(RESEARCH_USE)}</p>
<h1>{escape(title)}</h1>
{paragraph(_say_state(facts))}
</header>
<nav aria-label="Contents"><ol>{"".join(_list_contents(sections))}</ol></nav>
<main>
{"".join(_render_section(number, one) for number, one in enumerate(sections, start=1))}</main>
<footer><p class="notice">{escape(RESEARCH_USE)}</p></footer>
</body>
</html>
"""


def _say_state(facts: ReportFacts) -> str:
    about = facts.rows.facts
    times = [row.grade.graded_at_utc for row in facts.grades]
    last = f"last grade {max(times):%Y-%m-%d %H:%M} UTC" if times else "nothing graded yet"
    return (
        f"Protocol version {about.protocol_version}, scale {about.scale}, {last}, software "
        f"{about.software_version}. Readers appear under their pseudonyms."
    )


def _list_contents(sections: Iterable[Section]) -> Iterable[str]:
    for section in sections:
        yield f'<li><a href="#{escape(section.key)}">{escape(section.title)}</a></li>'


def _render_section(number: int, section: Section) -> str:
    parts = "\n".join(part for part in section.parts if part)
    return (
        f'<section id="{escape(section.key)}">\n<h2>{number}. {escape(section.title)}</h2>\n'
        f"{parts}\n</section>\n"
    )
