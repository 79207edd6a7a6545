"""One truth: after any acts on two revisions, every room calls the same contour accepted."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.errors import RuleError
from han5k_review.evaluation.choice import find_labels, get_choice
from han5k_review.exports.revision_sheet import build_revision_rows
from han5k_review.exports.study_rows import read_study_rows
from han5k_review.retraining.settings import resolve_settings
from han5k_review.retraining.teaching.review_records import list_cases, read_records
from han5k_review.retraining.teaching.snapshot_building import build_snapshot
from han5k_review.retraining.teaching.trust import TrustReason
from han5k_review.review.accepted import AcceptedBy, list_accepted
from han5k_review.review.decisions.adjudication import Standing
from han5k_review.review.decisions.locking import (
    find_lock,
    list_locks,
    lock_structure,
)
from han5k_review.review.label_sets import ACCEPTED_KEY, find_label_set, view_case
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import LabelVersion, Reader
from han5k_review.store.vocabulary import Role
from rigs.databases import open_new_study
from rigs.studies import NOON, add_identity, add_reader
from tests.review.stories import (
    ACTS,
    LONGEST,
    STRUCTURE,
    Stories,
    Story,
    find_outcome,
    is_new,
    tell,
)

STATED = {  # by hand, from the words of review/accepted.py
    (): None,
    ("accept A",): "A",
    ("reject A",): None,
    ("accept A", "unlock"): "A",
    ("accept A", "reject A"): None,
    ("accept A", "unlock", "accept B"): "B",
    ("accept A", "unlock", "accept B", "unlock"): "B",
    ("accept A", "unlock", "accept B", "reject B"): "A",
    ("accept A", "unlock", "reject A"): None,
    ("lock P",): "P",
    ("lock P", "unlock"): None,
    ("accept A", "unlock", "lock P"): "P",
    ("accept A", "unlock", "lock P", "unlock"): "A",
    ("lock P", "unlock", "accept A"): "A",
}


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stories]:
    study = open_new_study(tmp_path_factory.mktemp("accepted") / "study")
    add_identity(study)
    orders = [acts for n in range(LONGEST + 1) for acts in product(ACTS, repeat=n)]
    orders = [acts for acts in orders if is_new(acts)]
    with transaction(study.engine) as session:
        reader = add_reader(session, "anna")
        judge = add_reader(session, "ben", Role.ADJUDICATOR)
        tellable = [acts for acts in orders if find_outcome(acts) is not None]
        told = [
            tell(session, study, acts, names, reader, judge)
            for acts in tellable
            for names in ("PAB", "PBA")
        ]
    yield Stories(study=study, told=told)
    study.engine.dispose()


def test_the_stories_end_as_stated_by_hand(stories: Stories) -> None:
    found = {story.acts: story.accepted for story in stories.told}
    assert {acts: found[acts] for acts in STATED} == STATED
    assert len(found) > 100


def test_the_one_truth_says_what_is_accepted_and_why(stories: Stories) -> None:
    with reading(stories.study.engine) as session:
        accepted = list_accepted(session)
        one = stories.told[-1].case_id
        assert (
            list_accepted(session, [one]).items()
            == {key: found for key, found in accepted.items() if key[0] == one}.items()
        )
        stories.expect(
            "accepted",
            lambda story: (
                found.contour.id if (found := accepted.get((story.case_id, STRUCTURE))) else None
            ),
        )
        for story in stories.told:
            found = accepted.get((story.case_id, STRUCTURE))
            if found is not None:
                assert found.by is (AcceptedBy.LOCK if story.is_locked else AcceptedBy.DECISION)
                assert found.reviewed_id == story.versions["P"]
                assert found.is_unrevised is (story.accepted == "P")


def test_the_viewer_shows_the_accepted_contour(stories: Stories) -> None:
    with reading(stories.study.engine) as session:

        def ask(story: Story) -> int | None:
            found = find_label_set(session, story.case_id, ACCEPTED_KEY, view_case())
            return None if found is None else found.versions[STRUCTURE].id

        stories.expect("viewer", ask)


def test_the_cohort_measures_the_accepted_contour(stories: Stories) -> None:
    with reading(stories.study.engine) as session:
        choice = get_choice(session, "accepted")
        found = find_labels(session, choice)
        few = [story.case_id for story in stories.told[::7]]
        assert find_labels(session, choice, few) == {
            key: label for key, label in found.items() if key[0] in few
        }

    def ask(story: Story) -> int | None:
        label = found.get((story.case_id, STRUCTURE))
        return None if label is None else label.label_version_id

    stories.expect("cohort", ask)


def test_training_learns_from_the_accepted_contour(stories: Stories) -> None:
    with reading(stories.study.engine) as session:
        cases = list_cases(session)
        records = read_records(session, [STRUCTURE])
        catalogue = read_catalogue(stories.study.tables / "structures.csv")
        group = str(catalogue.get_structure(STRUCTURE).group)
        snapshot = build_snapshot(cases, records, catalogue, group, resolve_settings("smoke"))
        hashes = {
            (story.case_id, session.get_one(LabelVersion, number).mask_sha256): number
            for story in stories.told
            for number in story.versions.values()
        }
    masks = {
        case.case_id: mask
        for case in snapshot.cases
        for mask in case.masks
        if mask.structure == STRUCTURE
    }

    def ask(story: Story) -> int | None:
        mask = masks[story.case_id]
        return hashes[(story.case_id, mask.mask_sha256 or "")] if mask.trusted else None

    stories.expect("training", ask)
    for story in stories.told:
        reason = masks[story.case_id].reason
        assert (reason is TrustReason.ACCEPTED_AS_IT_IS) is (story.accepted == "P")


def test_an_export_calls_one_revision_accepted(stories: Stories) -> None:
    snapshot = read_study_rows(stories.study, export_id="e", now=NOON, software_version="0")
    accepted: dict[int, list[int | None]] = {}
    for row in build_revision_rows(snapshot):
        if row.standing is Standing.ACCEPTED:
            accepted.setdefault(row.view.child.case_id, []).append(row.view.child.id)
    assert all(len(found) == 1 for found in accepted.values())
    unrevised = {story.case_id for story in stories.told if story.accepted == "P"}
    assert not unrevised & set(accepted)

    def ask(story: Story) -> int | None:
        if story.case_id in unrevised:
            return story.accepted_id
        return accepted.get(story.case_id, [None])[0]

    stories.expect("export", ask)


def test_a_lock_holds_the_accepted_contour(stories: Stories) -> None:
    with reading(stories.study.engine) as session:
        locks = list_locks(session)
        for story in stories.told:
            lock = locks.get((story.case_id, STRUCTURE))
            assert (lock is not None) is story.is_locked, story.acts
            assert lock is None or lock.label_version_id == story.accepted_id, story.acts
            assert find_lock(session, story.case_id, STRUCTURE) == lock


def test_an_act_that_the_paper_refuses_is_refused(stories: Stories) -> None:
    refused = next(s for s in stories.told if s.acts == ("accept A",))
    with transaction(stories.study.engine) as session:
        judge = session.get_one(Reader, 2)
        with pytest.raises(RuleError, match="locked with another"):
            lock_structure(session, label_version_id=refused.versions["P"], by=judge, now=NOON)
