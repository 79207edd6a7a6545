"""What a protocol draws from: the cases with contours to read, and what is on the lists already."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from han5k_review.evaluation.choice import find_labels, get_choice
from han5k_review.protocol.draw import OpenCase
from han5k_review.protocol.rules import Protocol
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Case


def list_known(session: Session) -> set[int]:
    """Cases that are read by protocol already, calibration aside."""
    query = select(Assignment.case_id).where(
        col(Assignment.protocol_id).is_not(None), col(Assignment.is_calibration).is_(False)
    )
    return set(session.exec(query))


def count_loads(session: Session) -> dict[int, int]:
    """Reader id -> first reads by protocol that are not closed."""
    rows = session.exec(
        select(Assignment.reader_id, func.count())
        .where(
            col(Assignment.protocol_id).is_not(None),
            col(Assignment.is_calibration).is_(False),
            col(Assignment.is_repeat).is_(False),
            col(Assignment.closed_at_utc).is_(None),
        )
        .group_by(col(Assignment.reader_id))
    )
    return {reader_id: int(count) for reader_id, count in rows}


def list_calibrated(session: Session) -> frozenset[int]:
    """Readers who have calibration reads already."""
    query = select(Assignment.reader_id).where(
        col(Assignment.protocol_id).is_not(None), col(Assignment.is_calibration).is_(True)
    )
    return frozenset(session.exec(query))


def list_open(session: Session, protocol: Protocol) -> tuple[list[OpenCase], list[str]]:
    """Cases with a contour to read, by name, without those for calibration; and the empty ones."""
    rows = session.exec(select(Case).order_by(col(Case.name))).all()
    contours = _list_contours(session, protocol, protocol.sources)
    if protocol.is_forced_choice:
        contours = _keep_pairs(contours)
    wanted = [row for row in rows if row.name not in protocol.calibration_cases]
    cases = [
        OpenCase(case_id=stored_id(row), name=row.name, contours=contours[stored_id(row)])
        for row in wanted
        if row.id in contours
    ]
    return cases, [row.name for row in wanted if row.id not in contours]


def list_calibration(session: Session, protocol: Protocol) -> list[OpenCase]:
    """The calibration cases with the contours of the first source."""
    rows = session.exec(select(Case).where(col(Case.name).in_(protocol.calibration_cases))).all()
    contours = _list_contours(session, protocol, protocol.sources[:1])
    return [
        OpenCase(case_id=stored_id(row), name=row.name, contours=contours[stored_id(row)])
        for row in rows
        if row.id in contours
    ]


def _keep_pairs(
    contours: dict[int, dict[str, tuple[int, ...]]],
) -> dict[int, dict[str, tuple[int, ...]]]:
    """Only structures of which both sources have a contour."""
    pairs: dict[int, dict[str, tuple[int, ...]]] = {
        case_id: {structure: both for structure, both in own.items() if len(both) == 2}
        for case_id, own in contours.items()
    }
    return {case_id: own for case_id, own in pairs.items() if own}


def _list_contours(
    session: Session, protocol: Protocol, sources: Sequence[str]
) -> dict[int, dict[str, tuple[int, ...]]]:
    """Case id -> structure -> one label version per source; the same one only once.

    Two equal masks are no pair to choose from: in a forced choice they count as the same one.
    """
    wanted = frozenset(protocol.structures)
    found: dict[int, dict[str, tuple[int, ...]]] = {}
    masks: set[tuple[int, str, str]] = set()
    for source in sources:
        labels = find_labels(session, get_choice(session, source))
        for (case_id, structure), label in labels.items():
            mask = (case_id, structure, label.mask_sha256)
            is_known = protocol.is_forced_choice and mask in masks
            masks.add(mask)
            if structure in wanted and not is_known:
                own = found.setdefault(case_id, {})
                before = own.get(structure, ())
                if label.label_version_id not in before:
                    own[structure] = (*before, label.label_version_id)
    return found
