"""The dose of a case: what each contour under review receives, as numbers and as a DVH."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.metrics.dose_volume import build_dose_volume_curve, measure_dose
from han5k_review.review.label_sets import ACCEPTED_KEY, find_label_set, view_case
from han5k_review.store.dose_files import read_dose_file
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.study import grid_of
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Bench

_SHOWN_AT_FIRST = 8


def show_dose(bench: Bench, case: Case, versions: Mapping[str, LabelVersion]) -> None:
    """Numbers and curves of the chosen structures on the newest dose of the case."""
    path = bench.study.doses.find_newest(case.image_sha256)
    if path is None:
        st.info(
            f"No dose is known for {as_text(case.name)}. Bring an RTDOSE: `han5k dose CASE FILE`."
        )
        return
    st.caption(
        "The planned dose as it is: another contour changes what is counted, not the dose. The "
        "near maximum is D0.03cc. Changes, and dashed lines, are those of the accepted contour "
        "against the one under review."
    )
    chosen = st.multiselect(
        "Structures", list(versions), default=list(versions)[:_SHOWN_AT_FIRST], key="dose-chosen"
    )
    with reading(bench.study.engine) as session:
        found = find_label_set(session, stored_id(case), ACCEPTED_KEY, view_case())
        accepted = {} if found is None else dict(found.versions)
        session.expunge_all()
    doses = {name: _sample(path, bench, case, versions[name].mask_sha256) for name in chosen}
    revised = {
        name: _sample(path, bench, case, accepted[name].mask_sha256)
        for name in chosen
        if name in accepted and accepted[name].mask_sha256 != versions[name].mask_sha256
    }
    voxel_cc = grid_of(case).voxel_volume_cc
    st.plotly_chart(build_dose_chart(doses, bench.catalogue, revised), key="dose-chart")
    st.dataframe(
        build_dose_frame(doses, voxel_cc, revised),
        hide_index=True,
        placeholder="",
        column_config={
            name: st.column_config.NumberColumn(format="%.2f") for name in _NUMBER_COLUMNS
        },
    )


_NUMBER_COLUMNS = (
    *("Volume cc", "Mean Gy", "Near maximum Gy", "D95 % Gy", "D2 % Gy", "Beyond the dose cc"),
    *("Change of mean Gy", "Change of near maximum Gy"),
)
_NOTHING: Mapping[str, NDArray[np.float32]] = MappingProxyType({})


def build_dose_frame(
    doses: Mapping[str, NDArray[np.float32]],
    voxel_cc: float,
    revised: Mapping[str, NDArray[np.float32]] = _NOTHING,
) -> pd.DataFrame:
    """One row per structure; `doses` are those (voxels,), in Gy, of the contours under review.

    `revised` is that of accepted contours: how much mean and near maximum change by them.
    """
    rows = []
    for name, dose_gy in doses.items():
        found = measure_dose(dose_gy, voxel_cc)
        numbers: list[float | None] = [
            *(found.volume_cc, found.mean_gy, found.near_maximum_gy, found.d95_gy, found.d2_gy),
            found.outside_cc,
        ]
        if name in revised:
            after = measure_dose(revised[name], voxel_cc)
            numbers.append(after.mean_gy - found.mean_gy)
            numbers.append(after.near_maximum_gy - found.near_maximum_gy)
        else:
            numbers += [None, None]
        rows.append({"Structure": name, **dict(zip(_NUMBER_COLUMNS, numbers, strict=True))})
    return pd.DataFrame(rows, columns=["Structure", *_NUMBER_COLUMNS])


def build_dose_chart(
    doses: Mapping[str, NDArray[np.float32]],
    catalogue: Catalogue,
    revised: Mapping[str, NDArray[np.float32]] = _NOTHING,
) -> go.Figure:
    """Cumulative histograms of doses (voxels,), in Gy, in their colours; `revised` dashed."""
    colours = {str(one.name): one.color_hex for one in catalogue}
    figure = go.Figure()
    for contours, words, dash in ((doses, "", "solid"), (revised, ", accepted", "dash")):
        for name, dose_gy in contours.items():
            gy, percent = build_dose_volume_curve(dose_gy)
            figure.add_scatter(
                x=gy,
                y=percent,
                name=f"{name}{words}",
                mode="lines",
                line={"color": colours.get(name), "dash": dash},
                hovertemplate=f"{name}{words}: %{{y:.1f}} % from %{{x:.2f}} Gy up<extra></extra>",
            )
    figure.update_layout(
        xaxis_title="Dose (Gy)",
        yaxis_title="Volume (%)",
        yaxis_range=[0, 102],
        height=420,
        margin={"l": 60, "r": 20, "t": 10, "b": 50},
    )
    return figure


@st.cache_data(max_entries=256, show_spinner=False)
def _sample_cached(path: Path, _bench: Bench, _case: Case, mask_sha256: str) -> NDArray[np.float32]:
    grid = grid_of(_case)
    return read_dose_file(path).sample(_bench.study.labels.get_mask(mask_sha256, grid))


def _sample(path: Path, bench: Bench, case: Case, mask_sha256: str) -> NDArray[np.float32]:
    found: NDArray[np.float32] = _sample_cached(path, bench, case, mask_sha256)
    return found
