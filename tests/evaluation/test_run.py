from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.errors import DataError
from han5k_review.evaluation import (
    EvaluationPlan,
    EvaluationProgress,
    PairMetrics,
    list_case_metrics,
    list_metrics,
    open_executor,
    plan_evaluation,
    run_evaluation,
)
from han5k_review.evaluation.frames import build_metrics_frame
from han5k_review.evaluation.stored_panels import MEASURE_FAILED
from han5k_review.metrics import Definition, measure
from han5k_review.store.engine import reading
from han5k_review.store.run_tables import MetricFailure
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit, LabelVersion
from han5k_review.store.vocabulary import LabelSource
from tests.evaluation.phantom_study import CASES, CATALOGUE, GRID, block, build_study


def plan_of(study: Study, definition: Definition = Definition.SURFEL) -> EvaluationPlan:
    with reading(study.engine) as session:
        return plan_evaluation(session, CATALOGUE, definition=definition)


def rows_of(study: Study) -> list[PairMetrics]:
    with reading(study.engine) as session:
        return list_metrics(session, plan_evaluation(session, CATALOGUE))


def numbers(study: Study) -> list[tuple[object, ...]]:
    """The whole table without times, nan made comparable."""
    return [
        (row.case, row.structure, row.reason, "" if row.panel is None else repr(row.panel))
        for row in rows_of(study)
    ]


def test_every_pair_is_measured_and_every_gap_has_a_reason(any_study: Study) -> None:
    report = run_evaluation(any_study, plan_of(any_study))
    assert (report.planned, report.measured, report.already_stored) == (12, 12, 0)
    assert report.failed == ()
    assert not report.is_cancelled
    assert {(gap.structure, gap.reason) for gap in report.gaps} == {
        ("ParotidL", "no reference"),
        ("ParotidR", "no contour under review"),
    }
    assert len(report.gaps) == 2 * len(CASES)


def test_stored_numbers_are_those_of_the_metrics_room(any_study: Study) -> None:
    run_evaluation(any_study, plan_of(any_study))
    with reading(any_study.engine) as session:
        rows = list_case_metrics(session, CATALOGUE, "HN-003")
    (found,) = [row for row in rows if row.structure == "BrainStem"]
    expected = measure(block(2).dense(), block(4).dense(), GRID.spacing_mm, tolerance_mm=1.0)
    assert found.panel is not None
    assert found.panel.hd_mm == pytest.approx(4.0)  # shifted by two voxels of 2 mm
    for name in ("dice", "hd95_mm", "apl_mm", "volume_difference_percent", "surface_dice"):
        assert getattr(found.panel, name) == pytest.approx(getattr(expected, name)), name
    assert found.panel.definition_version == Definition.SURFEL.version
    assert found.panel.tolerance_mm == CATALOGUE.get_structure("BrainStem").tolerance_mm


def test_empty_masks_come_back_as_undefined_and_infinite(any_study: Study) -> None:
    run_evaluation(any_study, plan_of(any_study))
    panels = {row.structure: row.panel for row in rows_of(any_study)}
    both, one = panels["LenR"], panels["LenL"]
    assert both is not None
    assert one is not None
    assert math.isnan(both.dice)
    assert math.isnan(both.hd95_mm)
    assert math.isnan(both.volume_difference_percent)
    assert (one.dice, one.hd95_mm) == (0.0, math.inf)
    assert one.volume_difference_percent == -100.0


def test_what_is_stored_is_not_measured_again(any_study: Study) -> None:
    run_evaluation(any_study, plan_of(any_study))
    before = numbers(any_study)
    again = run_evaluation(any_study, plan_of(any_study))
    assert (again.measured, again.already_stored) == (0, 12)
    assert numbers(any_study) == before


def test_two_definitions_live_side_by_side(study: Study) -> None:
    run_evaluation(study, plan_of(study))
    report = run_evaluation(study, plan_of(study, Definition.VOXEL_POOLED))
    assert report.measured == 12
    for row in rows_of(study):
        if row.panel is not None:
            assert row.panel.definition is Definition.SURFEL


def test_a_pair_that_fails_is_a_row_with_its_reason_and_the_others_go_on(any_study: Study) -> None:
    with reading(any_study.engine) as session:
        broken = session.exec(
            select(LabelVersion).where(
                LabelVersion.structure == "BrainStem",
                LabelVersion.source == LabelSource.PSEUDO,
                LabelVersion.case_id == 4,
            )
        ).one()
        path = any_study.labels.path(broken.mask_sha256)
    whole = path.read_bytes()
    path.write_bytes(whole[:20])
    report = run_evaluation(any_study, plan_of(any_study))
    assert (report.measured, len(report.failed)) == (11, 1)
    assert (report.failed[0].case, report.failed[0].structure) == ("HN-004", "BrainStem")
    (row,) = [r for r in rows_of(any_study) if (r.case, r.structure) == ("HN-004", "BrainStem")]
    assert row.panel is None
    assert row.reason == report.failed[0].reason
    assert path.name in row.reason

    path.write_bytes(whole)
    mended = run_evaluation(any_study, plan_of(any_study))
    assert (mended.measured, mended.already_stored, mended.failed) == (1, 11, ())
    assert all(r.reason is None for r in rows_of(any_study) if r.structure == "BrainStem")


def test_a_remembered_failure_belongs_to_its_definition(any_study: Study) -> None:
    plan = plan_of(any_study)
    damaged = any_study.labels.path(plan.pairs[0].prediction.mask_sha256)
    damaged.write_bytes(b"damaged")
    assert run_evaluation(any_study, plan).failed
    with reading(any_study.engine) as session:
        under = {
            definition: list_metrics(session, plan_of(any_study, definition))[0]
            for definition in (Definition.SURFEL, Definition.VOXEL_POOLED)
        }
        failures = session.exec(select(MetricFailure)).all()
        audit = session.exec(select(Audit).where(Audit.action == MEASURE_FAILED)).all()
    assert damaged.name in (under[Definition.SURFEL].reason or "")
    assert under[Definition.VOXEL_POOLED].reason == "not measured yet"
    assert {(row.definition, row.definition_version) for row in failures} == {
        ("surfel", Definition.SURFEL.version)
    }
    assert sum(row.detail["pairs"] for row in audit) == len(failures)
    frame = build_metrics_frame(under.values())
    assert list(frame["definition"]) == list(under)
    assert list(frame["tolerance_mm"]) == [1.0, 1.0]


def test_pairs_wait_as_rows_until_they_are_measured(study: Study) -> None:
    reasons = {row.structure: row.reason for row in rows_of(study)}
    assert reasons["BrainStem"] == "not measured yet"
    assert reasons["ParotidL"] == "no reference"


def test_cancel_stops_between_batches_and_the_next_run_resumes(study: Study) -> None:
    seen: list[EvaluationProgress] = []
    report = run_evaluation(
        study, plan_of(study), progress=seen.append, cancel=lambda: len(seen) == 2
    )
    assert report.is_cancelled
    assert (report.measured, report.left_over) == (6, 6)
    assert [step.done for step in seen] == [3, 6]
    rest = run_evaluation(study, plan_of(study))
    assert rest.already_stored >= 6
    assert rest.measured + rest.already_stored == 12


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_any_executor_gives_the_same_table(study: Study, tmp_path: Path, kind: str) -> None:
    alone = build_study(tmp_path / "alone")
    run_evaluation(alone, plan_of(alone))
    if kind == "threads":
        with ThreadPoolExecutor(max_workers=2) as threads:
            report = run_evaluation(study, plan_of(study), executor=threads)
    else:
        with open_executor(2) as processes:
            report = run_evaluation(study, plan_of(study), executor=processes)
    assert report.measured == 12
    assert numbers(study) == numbers(alone)
    alone.engine.dispose()


def test_cancel_with_an_executor_keeps_what_was_measured(study: Study) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(max_workers=1) as threads:
        report = run_evaluation(
            study,
            plan_of(study),
            executor=threads,
            progress=lambda _: stop.set(),
            cancel=stop.is_set,
            in_flight=1,
        )
    assert report.measured == 3
    assert report.left_over == 9


def test_a_case_the_study_lacks_is_refused(study: Study) -> None:
    with reading(study.engine) as session, pytest.raises(DataError, match="HN-999"):
        plan_evaluation(session, CATALOGUE, cases=["HN-001", "HN-999"])


def test_cases_and_structures_narrow_the_plan(study: Study) -> None:
    with reading(study.engine) as session:
        plan = plan_evaluation(session, CATALOGUE, cases=["HN-002"], structures=["BrainStem"])
    assert [(p.case, p.structure) for p in plan.pairs] == [("HN-002", "BrainStem")]
    assert plan.gaps == ()
