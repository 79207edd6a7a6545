"""The numbers that a browser sees in place of ids: one for each, and they tell nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from han5k_review.errors import DataError
from han5k_review.review.row_numbers import WHOLE_CASE, RowKind, RowNumbers, number_task
from han5k_review.store.columns import MAX_ROW_ID

IDS = st.integers(1, MAX_ROW_ID)


def numbers(assignment_id: int = 1) -> RowNumbers:
    return RowNumbers(key=b"k" * 32, assignment_id=assignment_id)


@given(row_id=IDS, task=st.integers(1, 10_000), kind=st.sampled_from(RowKind))
def test_every_id_comes_back_from_its_number_and_fits_an_id(
    row_id: int, task: int, kind: RowKind
) -> None:
    number = numbers(task).show(kind, row_id)
    assert 1 <= number <= MAX_ROW_ID
    assert numbers(task).find(kind, number) == row_id


@pytest.mark.parametrize("row_id", [1, 2, MAX_ROW_ID - 1, MAX_ROW_ID])
def test_the_ends_of_the_range_have_numbers_too(row_id: int) -> None:
    assert numbers().find(RowKind.DRAFT, numbers().show(RowKind.DRAFT, row_id)) == row_id


def test_numbers_do_not_grow_with_ids() -> None:
    ids = range(1, 2001)
    shown = [numbers().show(RowKind.LABEL_VERSION, row_id) for row_id in ids]
    assert len(set(shown)) == len(shown)
    # Of 2,000 ranks that know nothing of each other, |tau| > 0.06 has a chance of 1 in 10,000.
    assert abs(kendalltau(ids, shown).statistic) < 0.06


def test_each_task_and_table_has_numbers_of_its_own(tmp_path: Path) -> None:
    found = {
        number_task(tmp_path, task).show(kind, 77) for task in range(1, 51) for kind in RowKind
    }
    assert len(found) == 100
    again = number_task(tmp_path, 12).show(RowKind.DRAFT, 77)
    assert again == number_task(tmp_path, 12).show(RowKind.DRAFT, 77)


def test_a_whole_case_has_the_ids_themselves_and_a_row_without_an_id_none() -> None:
    assert WHOLE_CASE.show(RowKind.LABEL_VERSION, 77) == 77
    assert WHOLE_CASE.find(RowKind.LABEL_VERSION, 77) == 77
    with pytest.raises(DataError, match="stored draft"):
        numbers().show(RowKind.DRAFT, None)
    with pytest.raises(DataError, match="from 1 to"):
        numbers().find(RowKind.DRAFT, 0)
