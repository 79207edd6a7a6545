"""Assigning by protocol: look at what would be read by whom, then put it on the lists.

plan = plan_reads(session, ReadWish(reader_ids=(2, 3)))
assign_reads(session, study, ReadWish(reader_ids=(2, 3)), seen=plan, actor="lead", now=now)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlmodel import Session, col, select

from han5k_review.errors import ConflictError, RuleError
from han5k_review.protocol.draw import DrawInput, PlannedContour, PlannedRead, draw_reads
from han5k_review.protocol.planting import plant_error
from han5k_review.protocol.pool import (
    count_loads,
    list_calibrated,
    list_calibration,
    list_known,
    list_open,
)
from han5k_review.protocol.record import build_protocol, get_version
from han5k_review.protocol.rules import check_readers, list_doubts
from han5k_review.review.assigning import NewRead, ShownContour, append_reads
from han5k_review.review.drawing import add_empty_start
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import queue_writers
from han5k_review.store.identity import stored_id
from han5k_review.store.protocol_tables import ProtocolVersion
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, LabelVersion, Reader
from han5k_review.store.vocabulary import Blinding
from han5k_review.study import read_study_catalogue

_LETTERS = "ACDEFHJKLMNPRTUVWXY34679"
_ALIAS_LENGTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWish:
    """Whom to ask, and of how many new cases at most (drawn at random); None: of all."""

    reader_ids: tuple[int, ...]
    most_cases: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderShare:
    """What would come to one reader's list.

    `planted` of the contours have an error; `manual` of the first reads are drawn from nothing.
    """

    reader_id: int
    name: str
    first: int
    repeats: int
    calibration: int
    contours: int
    planted: int
    manual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """The reads that would be added, and for whom.

    `known` cases are on lists by protocol already; `empty` are cases without any contour to read.
    """

    protocol_id: int
    number: int
    reads: tuple[PlannedRead, ...]
    shares: tuple[ReaderShare, ...]
    cases: int
    known: int
    empty: tuple[str, ...]
    doubts: tuple[str, ...]


def plan_reads(session: Session, wish: ReadWish) -> ReadPlan:
    """What the protocol in force would add; nothing is written, equal inputs give equal plans.

    RuleError without a protocol or with too few readers.
    """
    version = get_version(session)
    protocol = build_protocol(version)
    readers = _get_readers(session, wish.reader_ids)
    check_readers(protocol, len(readers))
    known = list_known(session)
    cases, empty = list_open(session, protocol)
    fresh = [case for case in cases if case.case_id not in known]
    rng = np.random.default_rng(protocol.seed)
    chosen = [fresh[n] for n in rng.permutation(len(fresh))][: wish.most_cases]
    calibration = {case.name: case for case in list_calibration(session, protocol)}
    reads = draw_reads(
        DrawInput(
            protocol=protocol,
            cases=chosen,
            calibration=[calibration[n] for n in protocol.calibration_cases if n in calibration],
            readers=[stored_id(reader) for reader in readers],
            loads=count_loads(session),
            calibrated=list_calibrated(session),
        )
    )
    return ReadPlan(
        protocol_id=stored_id(version),
        number=version.number,
        reads=reads,
        shares=tuple(_share(reader, reads) for reader in readers),
        cases=len({read.case_id for read in reads if not read.is_calibration}),
        known=len(known),
        empty=tuple(empty),
        doubts=tuple(list_doubts(protocol, len(readers))),
    )


def assign_reads(
    session: Session, study: Study, wish: ReadWish, *, seen: ReadPlan, actor: str, now: datetime
) -> int:
    """Put the plan that was looked at on the lists, with its planted errors. How many reads.

    ConflictError when cases, readers or the protocol have changed since, RuleError when nothing
    is new; then nothing is written.
    """
    queue_writers(session, "assignment")
    plan = plan_reads(session, wish)
    if not seen.reads:
        raise RuleError(
            "New cases to assign were expected, found none; every case is on the lists already."
        )
    if plan != seen:
        raise ConflictError(
            "The plan that was shown was expected, it has changed since; look at it again."
        )
    version = session.get_one(ProtocolVersion, plan.protocol_id)
    names = _draw_aliases(session, version.seed, len(plan.reads))
    for reader_id in wish.reader_ids:
        own = [read for read in plan.reads if read.reader_id == reader_id]
        shown = _make_contours(session, study, version, own, now)
        _write(session, own, version, shown, names, now)
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action="assign by protocol",
        subject=f"protocol version {plan.number}",
        reads=len(plan.reads),
        cases=plan.cases,
        planted=sum(share.planted for share in plan.shares),
        manual=sum(share.manual for share in plan.shares),
        readers=[share.reader_id for share in plan.shares],
    )
    return len(plan.reads)


def _write(
    session: Session,
    own: Sequence[PlannedRead],
    version: ProtocolVersion,
    shown: Mapping[int, Mapping[str, ShownContour]],
    names: Sequence[str],
    now: datetime,
) -> None:
    """Put one reader's reads on the list, in their order: ids must not tell a repeat either."""
    if not own:
        return
    new = [_new(read, version, shown, names) for read in own]
    written = append_reads(session, own[0].reader_id, new, now=now)
    rows = {read.number: row for read, row in zip(own, written, strict=True)}
    for read in own:
        if read.repeats is not None:
            rows[read.number].is_repeat = True
            rows[read.number].repeat_of_id = stored_id(rows[read.repeats])
    session.flush()


def _new(
    read: PlannedRead,
    version: ProtocolVersion,
    shown: Mapping[int, Mapping[str, ShownContour]],
    names: Sequence[str],
) -> NewRead:
    source = read.number if read.repeats is None else read.repeats
    return NewRead(
        case_id=read.case_id,
        protocol_id=version.id,
        contours=shown[source],
        alias=names[read.number] if version.blinding is Blinding.BLIND else None,
        is_calibration=read.is_calibration,
        blinded=version.blinding is Blinding.BLIND,
    )


def _make_contours(
    session: Session,
    study: Study,
    version: ProtocolVersion,
    reads: Sequence[PlannedRead],
    now: datetime,
) -> dict[int, dict[str, ShownContour]]:
    """Number of each read -> structure -> what it shows of it.

    Errors are planted and contours taken away here.
    """
    catalogue = read_study_catalogue(study)
    kinds = build_protocol(version).planted_kinds
    shown: dict[int, dict[str, ShownContour]] = {}
    for read in reads:
        if read.repeats is not None:
            continue
        shown[read.number] = {}
        for contour in read.contours:
            number = contour.label_version_id
            if read.manual:
                original = session.get_one(LabelVersion, number)
                number = stored_id(add_empty_start(session, study.labels, original, now))
            elif contour.planted is not None:
                flawed = plant_error(
                    session,
                    study.labels,
                    catalogue,
                    original=session.get_one(LabelVersion, number),
                    kind=contour.planted,
                    kinds=kinds,
                    seed=version.seed + read.reader_id,
                    now=now,
                )
                number = stored_id(flawed)
            shown[read.number][contour.structure] = _show(contour, number, version.sources)
    return shown


def _show(contour: PlannedContour, number: int, sources: Sequence[str]) -> ShownContour:
    """What a read shows of a structure; a pair with the source of each side."""
    if contour.right_id is None:
        return ShownContour(label_version_id=number)
    left, right = reversed(sources) if contour.is_swapped else sources
    return ShownContour(
        label_version_id=number, right_id=contour.right_id, left_source=left, right_source=right
    )


def _get_readers(session: Session, reader_ids: Sequence[int]) -> list[Reader]:
    rows = session.exec(
        select(Reader).where(col(Reader.id).in_(reader_ids)).order_by(col(Reader.id))
    ).all()
    closed = [row.name for row in rows if not row.active]
    if closed:
        raise RuleError(f"Open accounts were expected, {', '.join(closed)} is closed.")
    return list(rows)


def _draw_aliases(session: Session, seed: int, count: int) -> list[str]:
    """Names that say nothing, each once in the study."""
    taken = set(session.exec(select(Assignment.alias).where(col(Assignment.alias).is_not(None))))
    rng = np.random.default_rng([seed, len(taken)])
    names: list[str] = []
    while len(names) < count:
        name = "".join(_LETTERS[n] for n in rng.integers(0, len(_LETTERS), _ALIAS_LENGTH))
        if name not in taken:
            taken.add(name)
            names.append(name)
    return names


def _share(reader: Reader, reads: Sequence[PlannedRead]) -> ReaderShare:
    own = [read for read in reads if read.reader_id == reader.id]
    return ReaderShare(
        reader_id=stored_id(reader),
        name=reader.name,
        first=sum(read.repeats is None and not read.is_calibration for read in own),
        repeats=sum(read.repeats is not None for read in own),
        calibration=sum(read.is_calibration for read in own),
        contours=sum(len(read.contours) for read in own),
        planted=sum(one.planted is not None for read in own for one in read.contours),
        manual=sum(read.manual and read.repeats is None for read in own),
    )
