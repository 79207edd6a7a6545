from __future__ import annotations

from han5k_review.exports import FORMATS
from han5k_review.exports.about_sheet import RESEARCH_USE
from han5k_review.exports.dictionary import render_dictionary
from tests.evaluation.phantom_study import ROOT

BEGIN, END = "<!-- dictionary: begin -->\n", "<!-- dictionary: end -->"


def test_the_printed_data_dictionary_is_the_one_the_sheets_come_from() -> None:
    text = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    printed = text.split(BEGIN)[1].split(END)[0]
    assert printed == render_dictionary(), (
        "put the output of han5k_review.exports.dictionary.render_dictionary() between the marks"
    )


def test_the_page_names_every_format_and_what_it_may_be_used_for() -> None:
    text = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    assert RESEARCH_USE in text
    for suffix in FORMATS:
        assert f"`{suffix}`" in text
