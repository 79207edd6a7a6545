"""Scales: every shipped scale maps to the three levels; a bad table is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from han5k_review.errors import ConfigError, RuleError
from han5k_review.store.vocabulary import GradeLevel
from han5k_review.study.scale import read_scale, read_scales

SCALES = Path(__file__).resolve().parents[2] / "data" / "scales.csv"


@pytest.mark.parametrize("name", read_scales(SCALES))
def test_every_scale_reaches_every_level_and_says_what_it_means(name: str) -> None:
    scale = read_scale(SCALES, name)
    assert {grade.level for grade in scale.grades} == set(GradeLevel)
    assert all(grade.definition.endswith(".") and grade.source for grade in scale.grades)


def test_an_unknown_code_names_the_known_ones() -> None:
    with pytest.raises(RuleError, match="minor"):
        read_scale(SCALES, "han5k-3").get_grade("fine")


def test_an_unknown_scale_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="han5k-3"):
        read_scale(SCALES, "ours")


def test_a_key_given_twice_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "scales.csv"
    path.write_text(
        "scale,code,key,title,level,definition,source\n"
        "ours,a,1,A,no,Fine.,us\n"
        "ours,b,1,B,minor,Nearly.,us\n"
    )
    with pytest.raises(ConfigError, match="line 3"):
        read_scales(path)


def test_a_level_the_product_does_not_know_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scales.csv"
    path.write_text("scale,code,key,title,level,definition,source\nours,a,1,A,good,Fine.,us\n")
    with pytest.raises(ConfigError, match="good"):
        read_scales(path)
