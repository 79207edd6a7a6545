"""Rows of the sheet `Agreement`: grades as ratings, and what they say of readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.severity import LEVEL_COUNT, find_severity
from han5k_review.exports.study_rows import StudyRows
from han5k_review.review.counting import GradeUse
from han5k_review.statistics.agreement import Coefficient, measure_coefficients
from han5k_review.statistics.bootstrap import Resamples, draw_resamples
from han5k_review.statistics.estimates import Estimate, undefined
from han5k_review.statistics.kappa import PairAgreement, list_pairs, measure_mean_kappa
from han5k_review.statistics.ratings import Rating, Ratings, build_ratings
from han5k_review.statistics.readers import Repeat, list_biases, measure_repeats

EVERY_STRUCTURE = "all structures"
RESAMPLES = 300
_SEED = 15  # equal grades give equal intervals
_COEFFICIENTS = (
    Coefficient.EXACT,
    Coefficient.WITHIN_ONE,
    Coefficient.FLEISS_QUADRATIC,
    Coefficient.AC2,
    Coefficient.ALPHA,
)
_NOT_HERE = undefined("")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementRow:
    """One comparison of grades: of all readers, of two, of one with the others or with oneself."""

    structure: str
    comparison: str
    reader: str = ""
    other_reader: str = ""
    contours: int
    grades: int | None = None
    exact: Estimate = _NOT_HERE
    within_one: Estimate = _NOT_HERE
    kappa: Estimate = _NOT_HERE
    fleiss: Estimate = _NOT_HERE
    ac2: Estimate = _NOT_HERE
    alpha: Estimate = _NOT_HERE
    bias: Estimate = _NOT_HERE

    @property
    def note(self) -> str:
        """Why numbers or intervals are missing, each sentence once."""
        estimates = (self.exact, self.kappa, self.fleiss, self.ac2, self.alpha, self.bias)
        return " ".join(dict.fromkeys(each.reason for each in estimates if each.reason))


def build_agreement_rows(rows: StudyRows, grades: Sequence[GradeRow]) -> list[AgreementRow]:
    """All structures together first: all readers, pairs, each reader; then structure by structure.

    Grades in force on the three levels; a contour is one mask of a case. Of several reads of one
    reader the first counts; calibration reads and planted errors do not, repeats only against the
    own first read.
    """
    counted = [row for row in grades if _counts(row)]
    first = _first_reads(counted)
    if not first:
        return []
    ratings = build_first_ratings(first)
    resamples = draw_resamples(
        np.random.default_rng(_SEED),
        patients=len(ratings.patients),
        readers=len(ratings.readers),
        resamples=RESAMPLES,
    )
    names = [str(structure.name) for structure in rows.catalogue]
    read = split_structures(ratings)
    ordered = [name for name in names if name in read] + sorted(set(read) - set(names))
    return [
        _all_readers(EVERY_STRUCTURE, ratings, resamples),
        *_pairs(ratings, resamples),
        *_biases(ratings, resamples),
        *_repeats(counted, first),
        *(_all_readers(name, read[name], resamples) for name in ordered),
    ]


def build_first_ratings(grades: Iterable[GradeRow]) -> Ratings:
    """First reads on the three levels as ratings: a contour is one mask of a case."""
    first = _first_reads(row for row in grades if _counts(row))
    return build_ratings(map(_rating, first), level_count=LEVEL_COUNT)


def _counts(row: GradeRow) -> bool:
    known = find_severity(row.grade.level) is not None
    return row.is_current and known and row.use in (GradeUse.FIRST, GradeUse.REPEAT)


def _unit(row: GradeRow) -> str:
    return f"{row.grade.structure}/{row.case.name}/{row.grade.label_version_id}"


def _first_reads(counted: Iterable[GradeRow]) -> list[GradeRow]:
    """One grade of each reader and contour; rows come in the order of reads."""
    first: dict[tuple[str, str], GradeRow] = {}
    for row in counted:
        if row.use is GradeUse.FIRST:
            first.setdefault((_unit(row), row.reader.pseudonym), row)
    return list(first.values())


def _rating(row: GradeRow) -> Rating:
    return Rating(
        unit=_unit(row),
        patient=row.case.patient,
        reader=row.reader.pseudonym,
        level=find_severity(row.grade.level) or 0,
    )


def split_structures(ratings: Ratings) -> dict[str, Ratings]:
    """Structure -> the ratings of its contours; the readers and patients are those of all."""
    structures = np.array([unit.partition("/")[0] for unit in ratings.units])
    return {str(name): ratings.choose_units(structures == name) for name in np.unique(structures)}


def _all_readers(structure: str, ratings: Ratings, resamples: Resamples) -> AgreementRow:
    measured = measure_coefficients(ratings, _COEFFICIENTS, resamples)
    return AgreementRow(
        structure=structure,
        comparison="all readers",
        contours=ratings.compared,
        grades=int(ratings.graded.sum()),
        exact=measured[Coefficient.EXACT],
        within_one=measured[Coefficient.WITHIN_ONE],
        kappa=measure_mean_kappa(list_pairs(ratings)),
        fleiss=measured[Coefficient.FLEISS_QUADRATIC],
        ac2=measured[Coefficient.AC2],
        alpha=measured[Coefficient.ALPHA],
    )


def _pairs(ratings: Ratings, resamples: Resamples) -> Iterator[AgreementRow]:
    for pair in list_pairs(ratings, resamples):
        yield _of_pair(pair, "two readers", pair.first, pair.second)


def _biases(ratings: Ratings, resamples: Resamples) -> Iterator[AgreementRow]:
    for found in list_biases(ratings, resamples):
        yield AgreementRow(
            structure=EVERY_STRUCTURE,
            comparison="one against the others",
            reader=found.reader,
            contours=found.compared,
            bias=found.bias,
        )


def _repeats(counted: Iterable[GradeRow], first: Iterable[GradeRow]) -> Iterator[AgreementRow]:
    earlier = {(_unit(row), row.reader.pseudonym): row for row in first}
    repeats: dict[str, list[Repeat]] = {}
    seen: set[tuple[str, str]] = set()
    for row in counted:
        place = (_unit(row), row.reader.pseudonym)
        if row.use is not GradeUse.REPEAT or place not in earlier or place in seen:
            continue
        seen.add(place)
        again = _rating(row)
        repeats.setdefault(row.reader.pseudonym, []).append(
            Repeat(
                unit=again.unit,
                patient=again.patient,
                level=_rating(earlier[place]).level,
                level_again=again.level,
            )
        )
    for reader in sorted({pseudonym for _, pseudonym in earlier}):
        pair = measure_repeats(
            repeats.get(reader, []),
            level_count=LEVEL_COUNT,
            generator=np.random.default_rng(_SEED),
        )
        yield _of_pair(pair, "own repeats", reader, reader)


def _of_pair(pair: PairAgreement, comparison: str, reader: str, other: str) -> AgreementRow:
    return AgreementRow(
        structure=EVERY_STRUCTURE,
        comparison=comparison,
        reader=reader,
        other_reader=other,
        contours=pair.compared,
        grades=2 * pair.compared,
        exact=pair.exact,
        within_one=pair.within_one,
        kappa=pair.kappa,
        bias=pair.bias,
    )
