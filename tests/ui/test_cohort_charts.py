"""Charts of a cohort: whole cohorts as summaries a browser can draw, and what is published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.errors import ConfigError
from han5k_review.evaluation.volumes import build_limits
from han5k_review.ui.cohort.charts import (
    DOTS_LIMIT,
    MEASURES,
    Measure,
    build_published,
    build_strip_chart,
    build_volume_chart,
)
from han5k_review.ui.cohort.condensed import FURTHEST_SHOWN, WORST_SHOWN
from tests.evaluation.phantom_study import CATALOGUE

NAMES = [str(structure.name) for structure in CATALOGUE][:49]
CASES = 200
BYTES_A_PAGE_CAN_TAKE = 300_000  # as dots: 3,346 x 49 values are some 10 MB


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """9,800 numbers, more than are drawn as dots, one of them infinite."""
    generator = np.random.default_rng(5)
    n = CASES * len(NAMES)
    frame = pd.DataFrame(
        {
            "case": np.repeat([f"C{number}" for number in range(CASES)], len(NAMES)),
            "structure": NAMES * CASES,
            "dice": generator.beta(9, 2, n),
            "hd95_mm": generator.gamma(2, 2, n),
            "mean_cc": np.exp(generator.normal(0, 3, n)),
            "difference_percent": generator.normal(2, 9, n),
        }
    )
    frame.loc[7, "hd95_mm"] = np.inf
    assert len(frame) > DOTS_LIMIT
    return frame


@pytest.mark.parametrize("measure", MEASURES[:2])
def test_a_large_cohort_is_boxes_with_its_worst_cases(
    frame: pd.DataFrame, measure: Measure
) -> None:
    figure = build_strip_chart(frame, measure, CATALOGUE)
    assert len(figure.to_json()) < BYTES_A_PAGE_CAN_TAKE
    (box,) = [trace for trace in figure.data if trace.type == "box"]
    for place, name in enumerate(box.x):
        own = frame[(frame["structure"] == name) & np.isfinite(frame[measure.column])]
        expected = np.percentile(own[measure.column], [25, 50, 75])
        found = [box.q1[place], box.median[place], box.q3[place]]
        assert found == pytest.approx(expected)
        assert own[measure.column].min() <= box.lowerfence[place] <= box.q1[place]
        assert box.q3[place] <= box.upperfence[place] <= own[measure.column].max()
    dots = figure.data[-1]
    one = frame[(frame["structure"] == NAMES[3]) & np.isfinite(frame[measure.column])]
    worst = one.sort_values(measure.column, ascending=not measure.lower_is_better)
    drawn = {row[0] for row, name in zip(dots.customdata, dots.x, strict=True) if name == NAMES[3]}
    assert drawn == set(worst["case"][:WORST_SHOWN])


def test_every_pair_of_volumes_is_shaded_or_a_dot(frame: pd.DataFrame) -> None:
    limits = build_limits(frame["difference_percent"])
    figure = build_volume_chart(frame, limits, in_percent=True)
    assert len(figure.to_json()) < BYTES_A_PAGE_CAN_TAKE
    shading, dots = figure.data
    assert np.nansum(shading.customdata) + len(dots.x) == len(frame)
    assert len(dots.x) == FURTHEST_SHOWN
    mean = frame["difference_percent"].mean()
    least = min(abs(y - mean) for y in dots.y)
    assert sum((frame["difference_percent"] - mean).abs() >= least) == FURTHEST_SHOWN


def test_one_published_number_is_a_line_and_only_a_range_is_a_band() -> None:
    (line,) = build_published(["LenL", "Thyroid"], MEASURES[0], CATALOGUE)
    assert (list(line.x), list(line.y)) == (["LenL"], [0.77])  # ../shared/domain/structures.csv
    assert "one number without a range; not confirmed" in line.hovertemplate
    lens = replace(CATALOGUE.get_structure("LenL"), reference_dsc_range=(0.7, 0.82))
    ranged = replace(CATALOGUE, structures={lens.name: lens})
    band, line = build_published(["LenL"], MEASURES[0], ranged)
    assert (band.base[0], band.base[0] + band.y[0]) == pytest.approx((0.7, 0.82))
    assert build_published(["LenL"], MEASURES[2], CATALOGUE) == []


def test_a_study_brings_a_published_range_in_its_table(tmp_path: Path) -> None:
    table = tmp_path / "structures.csv"
    head = "order,name,group,window,color_rgb,reference_hd95_mm_low,reference_hd95_mm_high\n"
    table.write_text(f'{head}1,Lens,1,bone,"1,2,3",1.1,2.4\n2,Eye,1,bone,"1,2,4",,\n')
    read = read_catalogue(table)
    assert read.get_structure("Lens").reference_hd95_mm_range == (1.1, 2.4)
    assert read.get_structure("Eye").reference_hd95_mm_range is None
    table.write_text(f'{head}1,Lens,1,bone,"1,2,3",2.4,\n')
    with pytest.raises(ConfigError, match="two numbers in order"):
        read_catalogue(table)
