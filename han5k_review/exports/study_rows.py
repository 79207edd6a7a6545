"""StudyRows: everything an export shows, read from the study in one go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session, SQLModel, col, select

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.evaluation import ChosenLabel, PairMetrics, list_metrics, plan_evaluation
from han5k_review.evaluation.choice import REFERENCE, UNDER_REVIEW, find_labels
from han5k_review.evaluation.plan import PlannedPair
from han5k_review.evaluation.stored_panels import PairKey, StoredPanel, find_stored_panels
from han5k_review.exports.stored_grades import (
    GradeRecord,
    LabelRecord,
    list_grade_records,
    list_graded_labels,
)
from han5k_review.metrics import Definition
from han5k_review.protocol.record import find_freeze
from han5k_review.review.accepted import Accepted, list_accepted
from han5k_review.review.consensus import list_consensus
from han5k_review.review.decisions.revising import RevisionView, list_revisions
from han5k_review.review.drawing import Drawing, list_drawings, list_manual
from han5k_review.review.preferences import GivenChoice, list_given_choices
from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.engine import reading
from han5k_review.store.identity import CaseStructure
from han5k_review.store.protocol_tables import PlantedContour, ProtocolVersion
from han5k_review.store.study import Study
from han5k_review.store.tables import (
    Assignment,
    Case,
    LabelVersion,
    ModelVersion,
    Reader,
)
from han5k_review.store.vocabulary import LabelSource, PlantedKind
from han5k_review.study import get_study_info, grid_of, read_study_catalogue, read_study_scales
from han5k_review.study.scale import Scale

T = TypeVar("T", bound=SQLModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFacts:
    """What every sheet of one export has in common."""

    study: str
    protocol_version: str
    scale: str
    export_id: str
    exported_at_utc: datetime
    software_version: str
    definition: Definition


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedError:
    """An error made on purpose: its kind, and the source of the contour that it was made in."""

    kind: PlantedKind
    source: LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRows:
    """The rows of a study, by id, and what is derived from several of them.

    `protocols` are the versions of the reader study's protocol; `planted` holds planted errors by
    the id of their label version. `under_review` and `references` go by (case id, structure);
    `graded_panels` holds, by label version id, the stored panels of graded contours against the
    newest references; `consensus` are all consensus grades by id, `standing` those that count, by
    label version; `choices` are those in force of forced choices; `manual` are the reads drawn from
    nothing, `drawings` the submitted drafts of reads by protocol with their times; `metrics` those
    of the contours under review, with a reason where there is none.
    """

    facts: ExportFacts
    catalogue: Catalogue
    scales: Mapping[str, Scale]
    cases: Mapping[int, Case]
    spacings_mm: Mapping[int, tuple[float, float, float]]
    readers: Mapping[int, Reader]
    assignments: Mapping[int, Assignment]
    models: Mapping[int, str]
    protocols: Mapping[int, ProtocolVersion]
    frozen_at_utc: datetime | None
    planted: Mapping[int, PlantedError]
    graded_labels: Mapping[int, LabelRecord]
    under_review: Mapping[CaseStructure, ChosenLabel]
    references: Mapping[CaseStructure, ChosenLabel]
    grades: Sequence[GradeRecord]
    revisions: Sequence[RevisionView]
    accepted: Mapping[CaseStructure, Accepted]
    consensus: Mapping[int, ConsensusGrade]
    standing: Mapping[int, ConsensusGrade]
    choices: Sequence[GivenChoice]
    manual: Collection[int]
    drawings: Sequence[Drawing]
    metrics: Sequence[PairMetrics]
    graded_panels: Mapping[int, StoredPanel]

    def find_model(self, model_version_id: int | None) -> str | None:
        """Name of the model that made a contour; None where no model did."""
        return None if model_version_id is None else self.models.get(model_version_id)


def read_study_rows(
    study: Study,
    *,
    export_id: str,
    now: datetime,
    software_version: str,
    definition: Definition = Definition.SURFEL,
    measured: bool = True,
) -> StudyRows:
    """Read the study in one transaction that other writers do not disturb.

    Without `measured` the numbers of pairs stay out, which are most of the work.
    StorageError when the database holds no study, ConfigError when its tables are broken.
    """
    catalogue = read_study_catalogue(study)
    scales = read_study_scales(study)
    engine = study.engine
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with reading(engine) as session:
        info = get_study_info(session)
        facts = ExportFacts(
            study=info.name,
            protocol_version=info.protocol_version,
            scale=info.scale,
            export_id=export_id,
            exported_at_utc=now,
            software_version=software_version,
            definition=definition,
        )
        return _read(session, facts, catalogue, scales, measured=measured)


def _read(
    session: Session,
    facts: ExportFacts,
    catalogue: Catalogue,
    scales: Mapping[str, Scale],
    *,
    measured: bool,
) -> StudyRows:
    cases = _by_id(session, Case)
    graded = list_graded_labels(session)
    references = find_labels(session, REFERENCE)
    metrics = _list_metrics(session, facts, catalogue) if measured else ()
    return StudyRows(
        facts=facts,
        catalogue=catalogue,
        scales=scales,
        cases=cases,
        spacings_mm={number: grid_of(case).spacing_mm for number, case in cases.items()},
        readers=_by_id(session, Reader),
        assignments=_list_reads(session),
        models={number: model.name for number, model in _by_id(session, ModelVersion).items()},
        protocols=_by_id(session, ProtocolVersion),
        frozen_at_utc=find_freeze(session),
        planted=_list_planted(session),
        graded_labels=graded,
        under_review=find_labels(session, UNDER_REVIEW),
        references=references,
        grades=list_grade_records(session),
        revisions=list_revisions(session),
        accepted=list_accepted(session),
        consensus=_by_id(session, ConsensusGrade),
        standing=list_consensus(session),
        choices=list_given_choices(session),
        manual=list_manual(session),
        drawings=list_drawings(session),
        metrics=metrics,
        graded_panels=_measured_labels(session, graded, references, catalogue, facts, metrics)
        if measured
        else {},
    )


def _list_reads(session: Session) -> dict[int, Assignment]:
    """Assignments by id, without the places where adjudicators edit."""
    found = _by_id(session, Assignment).items()
    return {number: row for number, row in found if not row.is_adjudication}


def _list_planted(session: Session) -> dict[int, PlantedError]:
    """Label version id -> how the error was made, and the source of the contour it is in."""
    rows = session.exec(
        select(PlantedContour, LabelVersion.source).join(
            LabelVersion, col(LabelVersion.id) == col(PlantedContour.original_id)
        )
    )
    return {
        row.label_version_id: PlantedError(kind=row.kind, source=LabelSource(source))
        for row, source in rows
    }


def _list_metrics(
    session: Session, facts: ExportFacts, catalogue: Catalogue
) -> Sequence[PairMetrics]:
    plan = plan_evaluation(session, catalogue, definition=facts.definition)
    return list_metrics(session, plan)


def _by_id(session: Session, table: type[T]) -> dict[int, T]:
    """All rows of a table with an integer key, in the order of their ids."""
    rows = session.exec(select(table)).all()
    return dict(sorted((int(getattr(row, "id", 0)), row) for row in rows))


def _measured_labels(
    session: Session,
    labels: Mapping[int, LabelRecord],
    references: Mapping[CaseStructure, ChosenLabel],
    catalogue: Catalogue,
    facts: ExportFacts,
    metrics: Sequence[PairMetrics],
) -> dict[int, StoredPanel]:
    """Label version id -> its stored panel against the newest reference of its case."""
    found = _known_panels(metrics)
    structures = {str(structure.name): structure for structure in catalogue}
    pairs: dict[int, PlannedPair] = {}
    for number, label in labels.items():
        reference = references.get((label.case_id, label.structure))
        structure = structures.get(label.structure)
        if reference is None or structure is None or number in found:
            continue
        pairs[number] = PlannedPair(
            case=str(label.case_id),
            structure=label.structure,
            reference=reference,
            prediction=ChosenLabel(
                label_version_id=number,
                source=label.source,
                mask_sha256=label.mask_sha256,
                model_version_id=label.model_version_id,
            ),
            tolerance_mm=structure.tolerance_mm,
        )
    stored = find_stored_panels(session, list(pairs.values()), facts.definition)
    keys = {number: PairKey.of(pair) for number, pair in pairs.items()}
    found |= {number: stored[key] for number, key in keys.items() if key in stored}
    return {number: found[number] for number in labels if number in found}


def _known_panels(metrics: Sequence[PairMetrics]) -> dict[int, StoredPanel]:
    """The panels of contours under review, which are most of the graded ones: read once."""
    return {
        row.prediction.label_version_id: StoredPanel(
            panel=row.panel,
            software_version=row.software_version,
            computed_at_utc=row.computed_at_utc,
        )
        for row in metrics
        if row.prediction and row.panel and row.software_version and row.computed_at_utc
    }
