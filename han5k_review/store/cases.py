"""Cases by name: as it is stored, in another Unicode form, or in other capitals."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, select

from han5k_review.store.tables import Case
from han5k_review.texts.names import fold_name, tidy_name


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


def list_cases(session: Session, names: Collection[str]) -> tuple[list[Case], list[str]]:
    """The cases of these names in the order of their own, each once; and the names of none."""
    exact = session.exec(select(Case).where(col(Case.name).in_(names))).all()
    rest = sorted(set(names) - {case.name for case in exact})
    found = {name: find_case(session, name) for name in rest}
    cases = {case.id: case for case in (*exact, *found.values()) if case is not None}
    unknown = [name for name in rest if found[name] is None]
    return sorted(cases.values(), key=lambda case: case.name), unknown
