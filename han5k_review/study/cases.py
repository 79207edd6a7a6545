"""The cases of a study, and the grid of a case's CT."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, select

from han5k_review.errors import DataError
from han5k_review.imaging.case_ct import CaseCt
from han5k_review.imaging.grid import Grid
from han5k_review.store.tables import Case
from han5k_review.texts.names import fold_name, tidy_name


def grid_of(case: Case) -> Grid:
    """The grid of a case's CT and of all its masks, in LPS axes."""
    return Grid.from_rows(case.shape_ijk, case.affine_ras)


def ct_of(case: Case) -> CaseCt:
    """What contours that are brought to a case must lie on."""
    return CaseCt(
        grid=grid_of(case), image_sha256=case.image_sha256, frame_sha256=case.frame_sha256
    )


def list_cases(session: Session, names: Collection[str] | None = None) -> list[Case]:
    """All cases, or those of these names, by name; DataError for a name the study does not know."""
    if names is None:
        return list(session.exec(select(Case).order_by(col(Case.name))))
    rows, missing = find_cases(session, names)
    if missing:
        raise DataError(
            f"Cases of the study were expected, found {', '.join(missing)}; "
            "import them first or correct the name."
        )
    return rows


def find_cases(session: Session, names: Collection[str]) -> tuple[list[Case], list[str]]:
    """The cases of these names in the order of their own, each once; and the names of none."""
    exact = session.exec(select(Case).where(col(Case.name).in_(names))).all()
    rest = sorted(set(names) - {case.name for case in exact})
    found = {name: find_case(session, name) for name in rest}
    cases = {case.id: case for case in (*exact, *found.values()) if case is not None}
    unknown = [name for name in rest if found[name] is None]
    return sorted(cases.values(), key=lambda case: case.name), unknown


def get_case(session: Session, name: str) -> Case:
    """The case of this name, as `find_case` knows it; DataError when the study has none."""
    case = find_case(session, name)
    if case is None:
        raise DataError(
            f"A case of the study was expected, found {name!r}; choose one on the page Cases."
        )
    return case


def find_case(session: Session, name: str) -> Case | None:
    """The case of this name, or None.

    An exact name comes first, then the same name in another Unicode form, then the only one that
    differs in capitals or white space.
    """
    exact = session.exec(select(Case).where(Case.name == name)).one_or_none()
    if exact is not None:
        return exact
    rows = session.exec(select(Case.id, Case.name).order_by(col(Case.id))).all()
    like = [(number, stored) for number, stored in rows if fold_name(stored) == fold_name(name)]
    same = [(number, stored) for number, stored in like if tidy_name(stored) == tidy_name(name)]
    found = same or (like if len(like) == 1 else [])
    return session.get(Case, found[0][0]) if found else None
