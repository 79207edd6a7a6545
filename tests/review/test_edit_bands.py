from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session

from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.locking import lock_structure
from han5k_review.review.edit_bands import build_bands, list_band_coverage, list_edit_scores
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import LabelVersion, ModelVersion, Reader
from han5k_review.store.vocabulary import Decision, LabelSource, Role
from han5k_review.ui.retraining.edit_bands import build_coverage_frame
from rigs.databases import open_new_study
from rigs.revised_cases import STRUCTURE, add_revised, make_revised
from rigs.studies import NOON, add_case, add_label, add_reader, make_grid

GRID = make_grid((24, 12, 9))
STEP_MM = 2.0


@dataclass(slots=True, kw_only=True)
class Revised:
    """A study whose contours are revised by so many voxels, in its open transaction."""

    session: Session
    study: Study
    people: tuple[Reader, Reader]

    def add(
        self,
        *steps: int,
        decision: Decision = Decision.ACCEPTED,
        maker: ModelVersion | None = None,
    ) -> list[int]:
        masks = [make_revised(GRID, n) for n in steps]
        made = add_revised(
            self.session,
            self.study,
            GRID,
            masks,
            people=self.people,
            decision=decision,
            maker=maker,
        )
        return [stored_id(case) for case, _ in made]

    def find_margin(self, label: LabelVersion, without: int | None = None) -> float | None:
        scores = list_edit_scores(self.session)
        band = build_bands(scores, {STRUCTURE: label}, without_case=without).get(STRUCTURE)
        return None if band is None else band.margin_mm

    def add_open(self, source: LabelSource = LabelSource.PSEUDO, **given: int) -> LabelVersion:
        """A contour that nobody revised yet."""
        case = add_case(self.session, f"open {source} {given}", GRID)
        mask = make_revised(GRID, 0)
        return add_label(self.session, self.study, case, STRUCTURE, mask, source, **given)


@pytest.fixture
def revised(tmp_path: Path) -> Iterator[Revised]:
    study = open_new_study(tmp_path / "study", None)
    with transaction(study.engine) as session:
        people = add_reader(session, "anna"), add_reader(session, "ada", Role.ADJUDICATOR)
        yield Revised(session=session, study=study, people=people)
    study.engine.dispose()


def test_the_margin_is_where_nine_of_ten_accepted_revisions_ended(revised: Revised) -> None:
    label = revised.add_open()
    cases = revised.add(1, 2, 3, 1, 2, 3, 4, 5)
    assert revised.find_margin(label) is None  # eight are too few for 90 %
    cases += revised.add(9)
    assert revised.find_margin(label) == pytest.approx(9 * STEP_MM)
    revised.add(*[1] * 10)
    assert revised.find_margin(label) == pytest.approx(5 * STEP_MM)  # the 18th smallest of 19
    # Of 18 all have to be within: without the case of 5 it is 9 again.
    assert revised.find_margin(label, without=cases[7]) == pytest.approx(9 * STEP_MM)


def test_only_accepted_revisions_of_the_same_maker_count(revised: Revised) -> None:
    session, study = revised.session, revised.study
    label = revised.add_open()
    revised.add(*[1] * 9)
    revised.add(8, decision=Decision.REJECTED)
    locked = revised.add_open(LabelSource.PREDICTION)
    lock_structure(
        session,
        label_version_id=stored_id(locked),
        reason="as it is",
        by=revised.people[1],
        now=NOON,
    )
    assert len(list_edit_scores(session)) == 9
    assert revised.find_margin(label) == pytest.approx(STEP_MM)
    model = ModelVersion(name="m", folder="m", checkpoint_sha256="0" * 64, labels={})
    session.add(model)
    session.flush()
    other = revised.add_open(LabelSource.PREDICTION, model_version_id=stored_id(model))
    assert revised.find_margin(other) is None
    empty = add_label(
        session, study, add_case(session, "e", GRID), STRUCTURE, StructureMask.empty(GRID)
    )
    assert revised.find_margin(empty) is None
    assert list_band_coverage(list_edit_scores(session), stored_id(model)) == []


def test_of_a_model_each_later_revision_is_judged_by_the_band_of_those_before(
    revised: Revised,
) -> None:
    session = revised.session
    model = ModelVersion(name="m", folder="m", checkpoint_sha256="0" * 64, labels={})
    session.add(model)
    session.flush()
    revised.add(*[2] * 9, 1, 3, 2, maker=model)
    [found] = list_band_coverage(list_edit_scores(session), stored_id(model))
    assert (found.revisions, found.margin_mm) == (12, pytest.approx(3 * STEP_MM))
    assert (found.later.acceptable, found.later.judged) == (2, 3)  # 1 and 2, not 3
    frame = build_coverage_frame([found])
    assert frame.iloc[0].tolist()[1:4] == [12, "6.0", "2 of 3 (67 %)"]


def test_a_structure_that_is_often_emptied_has_no_band(revised: Revised) -> None:
    label = revised.add_open()
    add_revised(
        revised.session, revised.study, GRID, [StructureMask.empty(GRID)], people=revised.people
    )
    revised.add(*[1] * 9)
    assert revised.find_margin(label) is None  # one of ten is more than one of eleven
    revised.add(*[2] * 9)
    assert revised.find_margin(label) == pytest.approx(2 * STEP_MM)
