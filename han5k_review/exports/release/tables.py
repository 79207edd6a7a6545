"""The tables of a release: contours, cases, what was left out, what anatomy's rules say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from han5k_review.exports.frame_csv import build_frame_csv
from han5k_review.exports.release.case_work import CaseMade
from han5k_review.exports.release.plan import ReleasePlan
from han5k_review.store.vocabulary import GradeLevel

CONTOUR_COLUMNS = (
    "case",
    "patient",
    "structure",
    "tg263",
    "standing",
    "source",
    "label_version",
    "mask_sha256",
    "voxels",
    "volume_cc",
    "model",
    "algorithm",
    "reader",
    "grades_no",
    "grades_minor",
    "grades_major",
    "grades_other",
    "in_label_map",
)
CASE_COLUMNS = (
    *("case", "patient", "split", "image_sha256", "size_i", "size_j", "size_k"),
    *("spacing_i_mm", "spacing_j_mm", "spacing_k_mm", "contours", "in_label_map"),
)


def build_tables(plan: ReleasePlan, made: Sequence[CaseMade]) -> Mapping[str, bytes]:
    """File name -> CSV; rows by case, then catalogue."""
    left = [
        (plan.rows.cases[case_id].name, structure, reason.value)
        for (case_id, structure), reason in plan.choice.left_out.items()
    ]
    defects = [(case.case, name, words) for case in made for name, words in case.defects]
    return {
        "contours.csv": _csv(CONTOUR_COLUMNS, _list_contours(plan)),
        "cases.csv": _csv(CASE_COLUMNS, _list_cases(plan)),
        "left_out.csv": _csv(("case", "structure", "why"), left),
        "defects.csv": _csv(("case", "structure", "what"), defects),
    }


def _csv(columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> bytes:
    return build_frame_csv(pd.DataFrame(list(rows), columns=list(columns)))


def _list_contours(plan: ReleasePlan) -> list[tuple[object, ...]]:
    names = {str(one.name): one.tg263 or "" for one in plan.rows.catalogue}
    mapped, maps = set(plan.block.structures), set(plan.block.cases)
    rows: list[tuple[object, ...]] = []
    for line in plan.lines:
        chosen, version, levels = line.chosen, line.version, line.chosen.grades
        other = sum(levels.get(one, 0) for one in (GradeLevel.NOT_ASSESSABLE, GradeLevel.ABSENT))
        rows.append(
            (
                *(line.case, line.patient, chosen.structure, names[chosen.structure]),
                *(chosen.standing.value, version.source.value, version.id, version.mask_sha256),
                *(version.voxels, round(version.volume_cc, 4), line.model or ""),
                *(version.algorithm, line.reader or ""),
                *(levels.get(one, 0) for one in (GradeLevel.NO, GradeLevel.MINOR)),
                *(levels.get(GradeLevel.MAJOR, 0), other),
                chosen.case_id in maps and chosen.structure in mapped,
            )
        )
    return rows


def _list_cases(plan: ReleasePlan) -> list[tuple[object, ...]]:
    maps = set(plan.block.cases)
    counts: dict[int, int] = {}
    for line in plan.lines:
        counts[line.chosen.case_id] = counts.get(line.chosen.case_id, 0) + 1
    rows: list[tuple[object, ...]] = []
    for number in plan.cases:
        case = plan.rows.cases[number]
        spacing = (round(one, 6) for one in plan.rows.spacings_mm[number])
        rows.append(
            (
                *(case.name, case.patient, case.split.value, case.image_sha256, *case.shape_ijk),
                *(*spacing, counts[number], number in maps),
            )
        )
    return rows
