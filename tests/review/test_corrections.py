"""A file from another tool: matched, measured and warned about before anything is stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlmodel import Session

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.errors import DataError, RuleError
from han5k_review.exports.contour_files import Contour, build_segmentation
from han5k_review.imaging.corrected_files import FileContour, read_corrected
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.corrections import (
    CorrectionPlan,
    plan_corrections,
    take_corrections,
)
from han5k_review.review.decisions.locking import lock_structure
from han5k_review.review.decisions.revising import list_revisions
from han5k_review.review.rule_warnings import count_outside, list_rule_warnings
from han5k_review.store.engine import reading, transaction
from tests.review.conftest import GRID, NOON, ROOT, Bench, block

CATALOGUE = read_catalogue(ROOT / "data" / "structures.csv")


def plan(
    bench: Bench, session: Session, *contours: FileContour, structure: str | None = None
) -> CorrectionPlan:
    return plan_corrections(
        session,
        bench.study.labels,
        CATALOGUE,
        case=bench.case,
        contours=contours,
        structure=structure,
    )


def named(name: str | None, mask: StructureMask) -> FileContour:
    return FileContour(name=name, mask=mask, resampling=None)


def taller() -> StructureMask:
    """ParotidL (block 1: 4 x 4 x 3) with one slice more."""
    dense = block(1).dense()
    dense[1:5, 2:6, 4] = True
    return StructureMask.from_dense(dense, GRID)


def test_a_segmentation_goes_out_and_comes_back_changed_in_one_structure(
    bench: Bench, tmp_path: Path
) -> None:
    path = tmp_path / "back.seg.nrrd"
    out = [
        Contour(structure="BrainStem", mask=block(0)),
        Contour(structure="Parotid-Lt", mask=taller()),  # an alias
        Contour(structure="Scribble", mask=block(2)),
    ]
    path.write_bytes(build_segmentation(out))
    with transaction(bench.study.engine) as session:
        found = plan(bench, session, *read_corrected(path, GRID))
        assert found.unmatched == ("Scribble",)
        parotid, stem = found.corrections
        assert (stem.structure, stem.refusal) == ("BrainStem", "unchanged")
        assert (parotid.structure, parotid.refusal) == ("ParotidL", None)
        assert parotid.panel.vrd == pytest.approx(16 / 48)
        assert parotid.panel.dice == pytest.approx(2 * 48 / (48 + 64))
        assert parotid.slices_changed == 1
        assert list_revisions(session) == []
        (revision,) = take_corrections(
            session,
            bench.study.labels,
            case=bench.case,
            corrections=found.taken,
            reader=bench.anna,
            now=NOON,
        )
        assert revision.vrd == pytest.approx(16 / 48)
        (view,) = list_revisions(session)
        assert view.child.structure == "ParotidL"


def test_a_locked_structure_is_shown_and_not_taken(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        lock_structure(session, label_version_id=bench.versions["ParotidL"], by=bench.ben, now=NOON)
        found = plan(bench, session, named(None, taller()), structure="ParotidL")
        assert found.taken == ()
        assert "locked" in (found.corrections[0].refusal or "")
        with pytest.raises(RuleError, match="At least one changed contour"):
            take_corrections(
                session,
                bench.study.labels,
                case=bench.case,
                corrections=found.taken,
                reader=bench.anna,
                now=NOON,
            )


def test_names_that_leave_a_doubt_are_refused(bench: Bench) -> None:
    with reading(bench.study.engine) as session:
        with pytest.raises(DataError, match="ParotidL twice"):
            plan(bench, session, named("ParotidL", taller()), named("Parotid_L", block(1)))
        with pytest.raises(DataError, match="structure of a mask without a name"):
            plan(bench, session, named(None, taller()))
        found = plan(bench, session, named("Larynx", taller()))
        assert found.corrections == ()
        assert found.unmatched == ("Larynx (no contour under review in HN-001)",)


def test_a_side_swap_and_a_way_out_of_the_outer_structure_are_said() -> None:
    left, right = block(1), block(6)  # i grows to the patient's left
    parotid = CATALOGUE.get_structure("ParotidL")
    (sentence,) = list_rule_warnings(parotid, left, {"ParotidR": right}.get)
    assert sentence == (
        "Left and right may be swapped: its middle does not lie on the patient's left of ParotidR."
    )
    assert list_rule_warnings(parotid, right, {"ParotidR": left}.get) == []
    lens = CATALOGUE.get_structure("LenL")
    outer = lens.inside
    assert outer is not None
    # 4 x 4 x 3 voxels of 12 mm3, of which the outer holds 2 x 4 x 3.
    assert count_outside(block(1), block(3)) == 24
    (sentence,) = list_rule_warnings(lens, block(1), {str(outer): block(3)}.get)
    assert sentence == f"{24 * 0.012:.2f} cc lie outside {outer}, in which it should lie."
    assert list_rule_warnings(lens, StructureMask.empty(GRID), {}.get) == ["The contour is empty."]
    assert np.count_nonzero(block(1).dense()) == 48
