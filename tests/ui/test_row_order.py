"""Headings order a list: numbers from the largest, words from A; what has no value comes last."""

from __future__ import annotations

import math

import pytest

from han5k_review.ui.axes import choose_whole_step
from han5k_review.ui.rows.columns import Column, Kind, OpenRow, list_rows
from han5k_review.ui.rows.order import Order, sort_rows, turn_order

CASE, DICE = Column(title="Case"), Column(title="Dice", kind=Kind.NUMBER, decimals=3)
COLUMNS = (CASE, DICE)
UP, DOWN = (Order(column="Dice", descending=falls) for falls in (False, True))


def make_rows() -> list[OpenRow]:
    cells = {"Case": ["b", "A", "c", "d"], "Dice": [0.5, None, 0.9, math.nan]}
    return list_rows(cells, ["w", "x", "y", "z"], shown=1)


def test_rows_are_sorted_by_the_cells_and_the_unknown_comes_last_both_ways() -> None:
    rows = make_rows()
    assert [row.is_shown for row in rows] == [False, True, False, False]
    assert [row.key for row in sort_rows(COLUMNS, rows, None)] == ["0", "1", "2", "3"]
    assert [row.key for row in sort_rows(COLUMNS, rows, UP)] == ["0", "2", "1", "3"]
    assert [row.key for row in sort_rows(COLUMNS, rows, DOWN)] == ["2", "0", "1", "3"]
    by_name = Order(column="Case", descending=False)
    assert [row.cells[0] for row in sort_rows(COLUMNS, rows, by_name)] == ["A", "b", "c", "d"]


def test_a_second_click_turns_the_order_and_a_third_gives_the_usual_one_back() -> None:
    assert turn_order(DICE, None) == DOWN
    assert turn_order(DICE, DOWN) == UP
    assert turn_order(DICE, UP) is None
    assert turn_order(CASE, DOWN) == Order(column="Case", descending=False)
    # the worst pairs come by Dice already: a click turns them round, the next one back
    assert turn_order(DICE, UP, usual=UP) == DOWN
    assert turn_order(DICE, DOWN, usual=UP) == UP


@pytest.mark.parametrize("largest", [1, 3, 7, 10, 11, 26, 99, 100, 1000, 3346])
def test_ticks_of_counts_are_whole_and_few(largest: int) -> None:
    step = choose_whole_step(largest)
    assert isinstance(step, int)
    assert step >= 1
    assert largest / step <= 10
