"""What everybody asks a study: its identity, its structures and scale, its cases and their grids.

    catalogue = read_study_catalogue(study)
    with reading(study.engine) as session:
        scale = read_study_scale(study, get_study_info(session))
        for case in list_cases(session):
            print(case.name, grid_of(case).spacing_mm, len(catalogue), scale.name)

Tables are read again only after their file was changed.
"""

from han5k_review.study.cases import ct_of, find_case, find_cases, get_case, grid_of, list_cases
from han5k_review.study.facts import (
    find_study_info,
    get_study_info,
    read_study_catalogue,
    read_study_scale,
    read_study_scales,
)

__all__ = [
    "ct_of",
    "find_case",
    "find_cases",
    "find_study_info",
    "get_case",
    "get_study_info",
    "grid_of",
    "list_cases",
    "read_study_catalogue",
    "read_study_scale",
    "read_study_scales",
]
