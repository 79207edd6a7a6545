"""What stands beside the contour under review: reads, edits, the accepted one."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.revising import decide_revision
from han5k_review.review.decisions.submitting import Edit, add_revision
from han5k_review.review.edit_check import EditMeasure
from han5k_review.review.label_sets import (
    LabelSet,
    Viewpoint,
    list_label_sets,
    view_case,
    view_task,
)
from han5k_review.review.labels import list_under_review
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, LabelVersion, Reader
from han5k_review.store.vocabulary import Decision, LabelSource, Role
from rigs.studies import add_label
from tests.review.conftest import NOON, Bench, block


def revise(
    bench: Bench,
    session: Session,
    reader: Reader,
    mask: StructureMask,
    started_from: int | None = None,
) -> LabelVersion:
    """A revision of ParotidL, from the contour under review or from `started_from`."""
    reviewed = list_under_review(session, stored_id(bench.case))["ParotidL"]
    revision = add_revision(
        session,
        bench.study.labels,
        case=bench.case,
        reader=reader,
        edit=Edit(
            reviewed=reviewed,
            started_from_id=started_from or stored_id(reviewed),
            after=mask,
            measure=EditMeasure(vrd=0.5, apl_mm=10.0, slices_edited=3, is_empty=False),
        ),
        now=NOON,
    )
    return session.get_one(LabelVersion, revision.label_version_id)


def show(bench: Bench, session: Session, viewpoint: Viewpoint) -> dict[str, LabelSet]:
    return {one.key: one for one in list_label_sets(session, stored_id(bench.case), viewpoint)}


@pytest.fixture
def carla(bench: Bench) -> Reader:
    with transaction(bench.study.engine) as session:
        session.expire_on_commit = False
        row = Reader(name="carla", pseudonym="R3", role=Role.ADJUDICATOR, password_hash="x")
        session.add(row)
    return row


def test_a_blinded_reader_sees_the_own_newest_revision_and_nobody_elses(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        revise(bench, session, bench.ben, block(3))
        revise(bench, session, bench.anna, block(2))
        newest = revise(bench, session, bench.anna, block(4))
        annas = session.get_one(Assignment, bench.assignment_id)
        found = show(bench, session, view_task(annas))
        assert list(found) == ["a", "o"]
        assert [version.id for version in found["o"].versions.values()] == [newest.id]


def test_an_adjudicator_sees_one_set_for_each_reader(bench: Bench, carla: Reader) -> None:
    with transaction(bench.study.engine) as session:
        bens = revise(bench, session, bench.ben, block(3))
        annas = revise(bench, session, bench.anna, block(2))
        again = revise(bench, session, bench.ben, block(4))
        further = revise(bench, session, carla, block(5), started_from=annas.id)
        later = revise(bench, session, carla, block(6), started_from=further.id)
        found = show(bench, session, view_case())
        blind = show(bench, session, view_case(names_reads=False))
        ids = {key: one.versions["ParotidL"].id for key, one in found.items()}
        assert ids == {
            "a": bench.versions["ParotidL"],
            "r1": again.id,
            "r2": annas.id,
            "e": later.id,
        }
        assert bens.id != again.id
    assert [found[key].name for key in ("r1", "r2", "e")] == [
        "R2's contour",
        "R1's contour",
        "Adjudicated edit",
    ]
    assert [blind[key].name for key in ("r1", "r2")] == ["Read 1", "Read 2"]


def test_the_place_of_an_adjudicator_shows_what_the_case_shows(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        revise(bench, session, bench.anna, block(2))
        place = Assignment(
            case_id=stored_id(bench.case),
            reader_id=stored_id(bench.ben),
            presentation_order=0,
            read_index=ADJUDICATION_INDEX,
            blinded=False,
        )
        session.add(place)
        session.flush()
        assert list(show(bench, session, view_task(place))) == ["a", "r1"]


def test_only_what_was_accepted_is_called_so(bench: Bench, carla: Reader) -> None:
    def decide(version: LabelVersion, decision: Decision) -> None:
        from_version = version.id  # revisions are numbered as they were submitted
        revision_id = {first.id: 1, second.id: 2}[from_version]
        decide_revision(
            session,
            revision_id=revision_id,
            decision=decision,
            reason="seen",
            adjudicator=carla,
            now=NOON,
        )

    with transaction(bench.study.engine) as session:
        first = revise(bench, session, bench.anna, block(2))
        second = revise(bench, session, bench.ben, block(3))
        assert "c" not in show(bench, session, view_case())
        decide(first, Decision.ACCEPTED)
        assert show(bench, session, view_case())["c"].versions["ParotidL"].id == first.id
        decide(first, Decision.REJECTED)
        assert "c" not in show(bench, session, view_case())
        decide(second, Decision.ACCEPTED)
        assert show(bench, session, view_case())["c"].versions["ParotidL"].id == second.id


def test_the_contour_under_review_before_stays_to_compare_with(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        add_label(session, bench.study, bench.case, "ParotidL", block(4), LabelSource.PREDICTION)
    with reading(bench.study.engine) as session:
        found = show(bench, session, Viewpoint())
        assert list(found) == ["a", "p"]
        assert {name: v.id for name, v in found["p"].versions.items()} == {
            "ParotidL": bench.versions["ParotidL"]
        }
