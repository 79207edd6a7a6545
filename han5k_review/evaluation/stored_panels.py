"""Stored panels: which pairs are measured already, storing new ones, remembering failures."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from han5k_review import __version__
from han5k_review.evaluation.pair import BatchOutcome, PairOutcome
from han5k_review.evaluation.plan import PlannedPair
from han5k_review.metrics import Definition, Panel
from han5k_review.metrics.panel import settle_empty
from han5k_review.store.audit import add_audit
from han5k_review.store.draft_tables import StructureLock
from han5k_review.store.prediction_tables import PredictionDecision
from han5k_review.store.run_tables import Metric, MetricFailure
from han5k_review.store.tables import LabelVersion, ModelVersion, RevisionDecision
from han5k_review.store.vocabulary import LabelSource

MEASURED = "measure"
MEASURE_FAILED = "measure failed"
_CHUNK = 400
_READ_ALL = 10 * _CHUNK  # from so many references on, one pass over the table is quicker
_DERIVED = {"volume_difference_cc", "volume_difference_percent"}
_INTEGERS = {"components_reference", "components_prediction"}
STORED_FIELDS = tuple(f.name for f in fields(Panel) if f.name not in _DERIVED)
_ABOUT_FIELDS = ("reference_sha256", "prediction_sha256", "software_version", "computed_at_utc")
_TOLERANCE = STORED_FIELDS.index("tolerance_mm")
_MISSING = {name: 0 if name in _INTEGERS else math.nan for name in STORED_FIELDS}
_read_fields = attrgetter(*STORED_FIELDS)
_TABLE = SQLModel.metadata.tables[str(Metric.__tablename__)]
_COLUMNS = tuple(col(getattr(Metric, name)) for name in (*STORED_FIELDS, *_ABOUT_FIELDS))


class PairKey(NamedTuple):
    """What a stored panel is found by, beside its definition and version.

    A tuple: a cohort looks up 164,000 of them several times, and a dataclass hashes slowly.
    """

    reference_sha256: str
    prediction_sha256: str
    tolerance_mm: float

    @classmethod
    def of(cls, pair: PlannedPair) -> PairKey:
        """The key of a planned pair."""
        return cls(
            reference_sha256=pair.reference.mask_sha256,
            prediction_sha256=pair.prediction.mask_sha256,
            tolerance_mm=pair.tolerance_mm,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPanel:
    """A panel as the database keeps it, with the software that computed it and when."""

    panel: Panel
    software_version: str
    computed_at_utc: datetime


def find_stored_keys(
    session: Session, pairs: Sequence[PlannedPair], definition: Definition
) -> set[PairKey]:
    """Keys of those of `pairs` that have a panel under this definition in its present version."""
    found: set[PairKey] = set()
    for hashes in _chunks(sorted({pair.reference.mask_sha256 for pair in pairs})):
        rows = session.exec(
            select(Metric.reference_sha256, Metric.prediction_sha256, Metric.tolerance_mm).where(
                col(Metric.reference_sha256).in_(hashes),
                Metric.definition == definition.value,
                Metric.definition_version == definition.version,
            )
        )
        found.update(
            PairKey(reference_sha256=r, prediction_sha256=p, tolerance_mm=t) for r, p, t in rows
        )
    return found


def find_stored_panels(
    session: Session, pairs: Sequence[PlannedPair], definition: Definition
) -> Mapping[PairKey, StoredPanel]:
    """The stored panels of `pairs` under this definition in its present version."""
    wanted = {PairKey.of(pair) for pair in pairs}
    # Columns instead of objects: a cohort has 160,000 rows, objects take several times as long.
    query = sa.select(*_COLUMNS).where(
        col(Metric.definition) == definition.value,
        col(Metric.definition_version) == definition.version,
    )
    hashes = sorted({key.reference_sha256 for key in wanted})
    queries = [query]
    if len(hashes) < _READ_ALL:
        queries = [query.where(col(Metric.reference_sha256).in_(c)) for c in _chunks(hashes)]
    found: dict[PairKey, StoredPanel] = {}
    for part in queries:
        for row in session.execute(part):
            numbers = row[: len(STORED_FIELDS)]
            reference_sha256, prediction_sha256, software_version, computed_at_utc = row[
                len(STORED_FIELDS) :
            ]
            key = PairKey(reference_sha256, prediction_sha256, numbers[_TOLERANCE])
            if key in wanted:
                found[key] = StoredPanel(
                    panel=_read_panel(numbers, definition),
                    software_version=software_version,
                    computed_at_utc=computed_at_utc,
                )
    return found


def store_outcomes(session: Session, batch: BatchOutcome, *, actor: str, now: datetime) -> None:
    """Add the panels of a batch, leaving those alone that are there; failures are remembered."""
    rows = [_metric_row(o, o.panel, now) for o in batch.outcomes if o.panel is not None]
    if rows:
        insert = (
            postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        )
        # The table instead of the class: an insert of objects takes twice as long.
        session.execute(insert(_TABLE).on_conflict_do_nothing(), rows)
        _note(session, batch, MEASURED, pairs=len(rows), actor=actor, now=now)
    failed = [(o.pair, o.reason) for o in batch.outcomes if o.reason is not None]
    if failed:
        session.add_all(_failure_row(pair, reason, batch, now) for pair, reason in failed)
        _note(session, batch, MEASURE_FAILED, pairs=len(failed), actor=actor, now=now)


def _note(
    session: Session, batch: BatchOutcome, action: str, *, pairs: int, actor: str, now: datetime
) -> None:
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action=action,
        subject=batch.case,
        definition=batch.definition.value,
        pairs=pairs,
    )


def find_failures(
    session: Session, pairs: Sequence[PlannedPair], definition: Definition
) -> Mapping[PairKey, str]:
    """Why the last attempt on each of `pairs` under this definition failed.

    Later successes are not removed. A failure that names no definition counts for every one.
    """
    wanted = {PairKey.of(pair) for pair in pairs}
    query = select(MetricFailure).where(
        sa.or_(
            col(MetricFailure.definition).is_(None),
            sa.and_(
                col(MetricFailure.definition) == definition.value,
                col(MetricFailure.definition_version) == definition.version,
            ),
        )
    )
    hashes = sorted({key.reference_sha256 for key in wanted})
    queries = [query]
    if len(hashes) < _READ_ALL:
        queries = [query.where(col(MetricFailure.reference_sha256).in_(c)) for c in _chunks(hashes)]
    reasons: dict[PairKey, str] = {}
    for part in queries:
        for row in session.exec(part.order_by(col(MetricFailure.id))):
            key = PairKey(row.reference_sha256, row.prediction_sha256, row.tolerance_mm)
            if key in wanted:
                reasons[key] = row.reason
    return reasons


def read_stamp(
    session: Session, sources: Collection[LabelSource], definition: Definition
) -> tuple[int, ...]:
    """Numbers that change whenever what a comparison of these label sources reads has grown.

    Labels of other sources and panels of other definitions leave them: while readers revise, the
    numbers of imported contours need not be read again. Rows are counted: the newest id would not
    tell of one that PostgreSQL numbered earlier and stored later.
    """
    tables: list[tuple[type[SQLModel], sa.ColumnElement[bool]]] = [
        (LabelVersion, col(LabelVersion.source).in_(sources)),
        (ModelVersion, sa.true()),
        (Metric, col(Metric.definition) == definition.value),
        (MetricFailure, sa.true()),
    ]
    if LabelSource.REVISION in sources:
        tables += [(RevisionDecision, sa.true()), (StructureLock, sa.true())]
    if LabelSource.PREDICTION in sources:
        tables += [(PredictionDecision, sa.true())]
    return tuple(
        session.scalar(sa.select(sa.func.count()).select_from(table).where(wanted)) or 0
        for table, wanted in tables
    )


def _failure_row(
    pair: PlannedPair, reason: str, batch: BatchOutcome, now: datetime
) -> MetricFailure:
    return MetricFailure(
        reference_sha256=pair.reference.mask_sha256,
        prediction_sha256=pair.prediction.mask_sha256,
        definition=batch.definition.value,
        definition_version=batch.definition.version,
        tolerance_mm=pair.tolerance_mm,
        reason=reason,
        failed_at_utc=now,
    )


def _metric_row(outcome: PairOutcome, panel: Panel, now: datetime) -> dict[str, Any]:
    # Plain and fast: while this runs in one process, the workers of two cores wait for it.
    values = (None if value != value else value for value in _read_fields(panel))
    row = dict(zip(STORED_FIELDS, values, strict=True))
    row["definition"] = panel.definition.value
    row["reference_sha256"] = outcome.pair.reference.mask_sha256
    row["prediction_sha256"] = outcome.pair.prediction.mask_sha256
    row["software_version"] = __version__
    row["computed_at_utc"] = now
    return row


def _read_panel(stored: Sequence[Any], definition: Definition) -> Panel:
    numbers: dict[str, Any] = {
        name: _MISSING[name] if value is None else value
        for name, value in zip(STORED_FIELDS, stored, strict=True)
    }
    numbers["definition"] = definition
    reference, prediction = numbers["volume_reference_cc"], numbers["volume_prediction_cc"]
    difference = prediction - reference
    if reference > 0 and prediction > 0:
        percent = 100.0 * difference / reference
    else:
        empty = settle_empty(int(reference > 0), int(prediction > 0))
        percent = empty.volume_difference_percent if empty else math.nan
    return Panel(volume_difference_cc=difference, volume_difference_percent=percent, **numbers)


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
