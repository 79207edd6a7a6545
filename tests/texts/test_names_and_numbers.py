"""Names that mean the same, and numbers that are numbers."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from han5k_review.texts.names import fold_name, fold_patient, tidy_name
from han5k_review.texts.numbers import find_number, find_whole_number

MULLER_NFD = unicodedata.normalize("NFD", "Müller")


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (MULLER_NFD, "Müller"),
        ("  PAT  01 ", "PAT 01"),
        ("PAT\u00a001", "PAT 01"),
        ("\ufeffPAT\u200b-\u00ad01", "PAT-01"),
        ("a\tb", "a b"),
        ("1²", "1²"),
        ("a\nb", "a\nb"),
    ],
)
def test_a_name_is_stored_tidy(written: str, stored: str) -> None:
    assert tidy_name(written) == stored


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MÜLLER", MULLER_NFD),
        ("GRÖSSE", "Größe"),
        ("ΣΙΣΥΦΟΣ", "σισυφος"),
        ("\u0130", "i\u0307"),
        ("HN 1", "hn  1 "),
    ],
)
def test_names_that_mean_the_same_fold_to_one(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(("one", "other"), [("1²", "12"), ("HN 1", "HN1"), ("Muller", "Müller")])
def test_names_that_differ_stay_apart(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


def test_white_space_does_not_count_for_a_patient() -> None:
    assert fold_patient("PAT 01") == fold_patient("pat\u00a001") == fold_patient("Pat01")


@given(st.text())
def test_folding_does_not_depend_on_the_form_or_on_being_done_before(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert fold_name(unicodedata.normalize(form, text)) == fold_name(text)
    assert tidy_name(tidy_name(text)) == tidy_name(text)
    assert fold_name(fold_name(text)) == fold_name(text)


@pytest.mark.parametrize("text", ["²", "1²", "١٢", "1_000", "-1", "+1", " 1", "", "1.0", "9" * 23])
def test_what_is_no_whole_number_of_a_row_is_none(text: str) -> None:
    assert find_whole_number(text) is None


def test_whole_numbers() -> None:
    assert find_whole_number("0012") == 12
    assert find_whole_number("9" * 9) == 999_999_999
    assert find_whole_number("9" * 18, digits=18) == 10**18 - 1
    assert find_whole_number(None) is None


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "1_0", "١", "1,5", "", "0x10", "²"])
def test_what_is_no_finite_number_is_none(text: str) -> None:
    assert find_number(text) is None


@pytest.mark.parametrize(
    ("text", "number"), [("-1.5", -1.5), ("2e-3", 0.002), (".5", 0.5), ("3.", 3.0), ("35", 35.0)]
)
def test_numbers(text: str, number: float) -> None:
    assert find_number(text) == number
