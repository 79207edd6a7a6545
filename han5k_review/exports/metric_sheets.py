"""The sheet `Metrics`: every contour under review against the newest reference, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from han5k_review.anatomy.structure import Structure
from han5k_review.evaluation import PairMetrics
from han5k_review.exports.columns import Column, Kind, Sheet, column
from han5k_review.exports.panel_columns import build_panel_columns
from han5k_review.exports.study_rows import StudyRows

_T = Kind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """A pair or a gap, with its structure's row of the structure table and the model's name."""

    pair: PairMetrics
    structure: Structure | None
    model: str | None


_Columns = tuple[Column[MetricRow], ...]

_WHAT: _Columns = (
    column("case", "Case", _T, "case", "Pseudonym of the case (one CT).", lambda r: r.pair.case),
    column("patient", "Patient", _T, "case", "Pseudonym of the patient.", lambda r: r.pair.patient),
    column(
        "structure",
        "Structure",
        _T,
        "contour",
        "Name of the structure in the study's structure table.",
        lambda r: r.pair.structure,
    ),
    column(
        "tg263",
        "TG-263 name",
        _T,
        "structure table",
        "Name after AAPM TG-263.",
        lambda r: r.structure.tg263 if r.structure else None,
    ),
    column(
        "contour_source",
        "Contour source",
        _T,
        "contour",
        "`pseudo` (imported) or `prediction` (of a model).",
        lambda r: r.pair.prediction.source.value if r.pair.prediction else None,
    ),
    column(
        "model_version",
        "Model version",
        _T,
        "contour",
        "Model version that made the contour, when the study knows it.",
        lambda r: r.model,
    ),
    column(
        "mask_sha256",
        "Mask hash",
        _T,
        "contour",
        "SHA-256 of the contour's mask.",
        lambda r: r.pair.prediction.mask_sha256 if r.pair.prediction else None,
    ),
    column(
        "reference_mask_sha256",
        "Reference mask hash",
        _T,
        "contour",
        "SHA-256 of the reference's mask.",
        lambda r: r.pair.reference.mask_sha256 if r.pair.reference else None,
    ),
)

_ORIGIN: _Columns = (
    column(
        "reason",
        "Reason",
        _T,
        "measured",
        "Why there are no numbers: a missing side, not measured yet, or what went wrong.",
        lambda r: r.pair.reason,
    ),
    column(
        "metrics_software_version",
        "Metrics software version",
        _T,
        "measured",
        "Version of this software that measured the pair.",
        lambda r: r.pair.software_version,
    ),
    column(
        "computed_at_utc",
        "Measured",
        Kind.TIME,
        "measured",
        "When the pair was measured.",
        lambda r: r.pair.computed_at_utc,
        "UTC",
    ),
)

METRICS: Sheet[MetricRow] = Sheet(
    key="metrics",
    title="Metrics",
    row="a structure of a case that has a contour under review or a reference",
    columns=(*_WHAT, *build_panel_columns(lambda r: r.pair.panel), *_ORIGIN),
)


def build_metric_rows(rows: StudyRows) -> Sequence[MetricRow]:
    """The rows of the sheet: by case, measured or measurable pairs first."""
    structures = {str(structure.name): structure for structure in rows.catalogue}
    return [
        MetricRow(
            pair=pair,
            structure=structures.get(pair.structure),
            model=rows.find_model(pair.prediction.model_version_id if pair.prediction else None),
        )
        for pair in rows.metrics
    ]
