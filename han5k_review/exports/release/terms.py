"""Terms, licence texts and citations of a release: the study's own, else those of HaN5K.

They are files (`data/release/`, or `tables/release/` of a study): `terms.md`, `citations.csv` and
licence texts (`*.txt`). A study of other data must have its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import han5k_review
from han5k_review.errors import ConfigError
from han5k_review.exports.about_sheet import RESEARCH_USE
from han5k_review.store.study import Study
from han5k_review.texts.table_files import read_table
from han5k_review.texts.text_files import read_text

CITATION_COLUMNS = ("key", "type", "title", "authors", "year", "container", "doi", "url", "why")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTerms:
    """The text of the terms, licence texts by file name, and cited works, a cell by column each."""

    text: str
    licences: Mapping[str, str]
    citations: tuple[Mapping[str, str], ...]
    is_own: bool


def read_terms(study: Study) -> ReleaseTerms:
    """The terms of a study's releases; ConfigError where a file is missing or wrong."""
    own = study.tables / "release"
    folder = own if own.is_dir() else Path(han5k_review.__file__).parents[1] / "data" / "release"
    text = folder / "terms.md"
    if not text.is_file():
        raise ConfigError(
            f"The terms of use of a release were expected at {text}, found none; write them."
        )
    table = read_table(
        folder / "citations.csv", what="A table of works to cite", required=CITATION_COLUMNS
    )
    return ReleaseTerms(
        text=read_text(text),
        licences={path.name: read_text(path) for path in sorted(folder.glob("*.txt"))},
        citations=tuple(dict(row.cells) for row in table.good_rows),
        is_own=own.is_dir(),
    )


def build_citation_file(
    terms: ReleaseTerms, *, title: str, version: str, study: str, authors: tuple[str, ...]
) -> bytes:
    """CITATION.cff (version 1.2.0) of the release, with the works that it stands on."""
    lines = [
        f"# {RESEARCH_USE}",
        "cff-version: 1.2.0",
        "message: Cite this release and the works under references.",
        "type: dataset",
        f"title: {_quote(title)}",
        f"version: {_quote(version)}",
        "authors:",
        *(_authors(authors) if authors else [f"  - name: {_quote(f'Study {study}')}"]),
    ]
    if terms.citations:
        lines.append("references:")
        for work in terms.citations:
            lines += _reference(work)
    return ("\n".join(lines) + "\n").encode()


def _reference(work: Mapping[str, str]) -> Iterator[str]:
    yield f"  - type: {_quote(work['type'])}"
    yield f"    title: {_quote(work['title'])}"
    yield "    authors:"
    names = tuple(name.strip() for name in work["authors"].split(";") if name.strip())
    yield from (f"    {line}" for line in _authors(names))
    if work["year"]:
        yield f"    year: {int(work['year'])}"
    if work["container"]:
        word = "journal" if work["type"] == "article" else "publisher"
        name = _quote(work["container"])
        yield f"    journal: {name}" if word == "journal" else f"    publisher: {{name: {name}}}"
    if work["doi"]:
        yield f"    doi: {_quote(work['doi'])}"
    if work["url"]:
        yield f"    url: {_quote(work['url'])}"
    if work["why"]:
        yield f"    notes: {_quote(work['why'])}"


def _authors(names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        family, comma, given = name.partition(",")
        if comma:
            yield f"  - family-names: {_quote(family.strip())}"
            yield f"    given-names: {_quote(given.strip())}"
        else:
            yield f"  - name: {_quote(name)}"


def _quote(text: str) -> str:
    """A YAML string; JSON's are."""
    return json.dumps(text, ensure_ascii=False)
