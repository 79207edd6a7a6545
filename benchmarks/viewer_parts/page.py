"""`?viewer=` ours, image (st.slider + st.image), heatmap or heatmap16 (st.slider + Plotly).

The heatmap shows HU, as a readout under the pointer needs them, and windows by its colour range:
float64 as nibabel's `get_fdata` hands them out and, for comparison, int16.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from benchmarks.viewer_parts.bench import SLICES, grey_slice, hu_slice, open_bench
from han5k_review.viewer import ViewerEventKind, view

st.set_page_config(layout="wide")
kind = st.query_params.get("viewer", "ours")
if kind == "ours":
    number = int(st.query_params.get("assignment", "1"))
    event = view(open_bench().payload(number), key="viewer")
    if event is not None and event.kind is ViewerEventKind.NEXT_CASE:
        st.query_params["assignment"] = str(number + 1)
        st.rerun()
else:
    k = st.slider("Slice", 0, SLICES - 1, SLICES // 2)
    if kind == "image":
        st.image(grey_slice(k), width=700)
    else:
        hu = hu_slice(k).astype(np.int16 if kind == "heatmap16" else np.float64)
        heatmap = go.Heatmap(z=hu, zmin=-140, zmax=210, colorscale="gray", showscale=False)
        figure = go.Figure(heatmap)
        figure.update_yaxes(autorange="reversed", scaleanchor="x")
        figure.update_layout(width=700, height=700, margin={"l": 0, "r": 0, "t": 0, "b": 0})
        st.plotly_chart(figure)
