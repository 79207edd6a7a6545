"""The cases of a study, and the grid of a case's CT."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, select

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.store.tables import Case


def grid_of(case: Case) -> Grid:
    """The grid of a case's CT and of all its masks, in LPS axes."""
    return Grid.from_rows(case.shape_ijk, case.affine_ras)


def list_cases(session: Session, names: Collection[str] | None = None) -> list[Case]:
    """All cases, or those of these names, by name; DataError for a name the study does not know."""
    query = select(Case).order_by(col(Case.name))
    if names is None:
        return list(session.exec(query))
    rows = list(session.exec(query.where(col(Case.name).in_(names))))
    missing = sorted(set(names) - {row.name for row in rows})
    if missing:
        raise DataError(
            f"Cases of the study were expected, found {', '.join(missing)}; "
            "import them first or correct the name."
        )
    return rows


def find_case(session: Session, name: str) -> Case | None:
    """The case of this name, None when the study has none."""
    return session.exec(select(Case).where(Case.name == name)).one_or_none()


def get_case(session: Session, name: str) -> Case:
    """The case of this name; DataError when the study has none."""
    case = find_case(session, name)
    if case is None:
        raise DataError(
            f"A case of the study was expected, found {name!r}; choose one on the page Cases."
        )
    return case
