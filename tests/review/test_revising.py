"""Revisions: a child of the contour under review, judged by somebody else."""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.errors import GeometryError, RuleError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.revising import decide_revision, list_revisions
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.review.edit_check import measure_edit
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import LabelVersion
from han5k_review.store.vocabulary import Decision, LabelSource
from tests.review.conftest import GRID, NOON, Bench, block


def shortened() -> StructureMask:
    dense = block(1).dense()
    dense[:, :, 3] = False
    return StructureMask.from_dense(dense, GRID)


def submit(bench: Bench, after: StructureMask) -> int:
    with transaction(bench.study.engine) as session:
        revision = submit_revision(
            session,
            bench.study.labels,
            case=bench.case,
            structure="ParotidL",
            before=block(1),
            after=after,
            reader=bench.anna,
            now=NOON,
        )
        return stored_id(revision)


def test_vrd_is_the_changed_part_of_the_old_volume() -> None:
    # 4 x 4 x 3 voxels lose one of three slices.
    assert measure_edit(block(1), shortened()).vrd == pytest.approx(1 / 3)
    assert measure_edit(block(1), block(1)).vrd == 0
    assert measure_edit(StructureMask.empty(GRID), block(1)).vrd == float("inf")
    other = StructureMask.empty(Grid.from_affine((3, 3, 3), np.eye(4)))
    with pytest.raises(GeometryError):
        measure_edit(block(1), other)


def test_a_revision_is_a_child_of_the_contour_under_review(bench: Bench) -> None:
    submit(bench, shortened())
    with reading(bench.study.engine) as session:
        (view,) = list_revisions(session, bench.case.id)
        assert view.revision.vrd == pytest.approx(1 / 3)
        assert view.decision is None
        assert view.child.source is LabelSource.REVISION
        started_from = session.get(LabelVersion, view.child.started_from_id)
        assert started_from is not None
        assert started_from.id == bench.versions["ParotidL"]
    stored = bench.study.labels.get_mask(view.child.mask_sha256, GRID)
    assert np.array_equal(stored.dense(), shortened().dense())


def test_an_unchanged_contour_is_no_revision(bench: Bench) -> None:
    with pytest.raises(RuleError, match="same one"):
        submit(bench, block(1))


def test_the_newest_decision_counts(bench: Bench) -> None:
    revision_id = submit(bench, shortened())
    for decision, reason in ((Decision.REJECTED, "too short"), (Decision.ACCEPTED, "")):
        with transaction(bench.study.engine) as session:
            decide_revision(
                session,
                revision_id=revision_id,
                decision=decision,
                reason=reason,
                adjudicator=bench.ben,
                now=NOON,
            )
    with reading(bench.study.engine) as session:
        (view,) = list_revisions(session)
    assert view.decision is not None
    assert view.decision.decision is Decision.ACCEPTED


@pytest.mark.parametrize(
    ("who", "decision", "sentence"),
    [("anna", Decision.ACCEPTED, "second person"), ("ben", Decision.REJECTED, "reason")],
)
def test_a_judgement_needs_another_person_and_a_reason(
    bench: Bench, who: str, decision: Decision, sentence: str
) -> None:
    revision_id = submit(bench, shortened())
    adjudicator = bench.anna if who == "anna" else bench.ben
    with pytest.raises(RuleError, match=sentence), transaction(bench.study.engine) as session:
        decide_revision(
            session,
            revision_id=revision_id,
            decision=decision,
            reason="",
            adjudicator=adjudicator,
            now=NOON,
        )
