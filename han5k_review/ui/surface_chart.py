"""The 3-D picture: chosen structures as surfaces, in the patient's own directions."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from han5k_review.anatomy.structure import Structure
from han5k_review.imaging.surfaces import Surface

_AXIS = {"showbackground": False, "showgrid": False, "zeroline": False, "showticklabels": False}


def build_surface_chart(surfaces: Sequence[tuple[Structure, Surface]], opacity: float) -> go.Figure:
    """One Mesh3d per structure in its colour; x to the patient's right-left axis, mm in hover."""
    figure = go.Figure()
    for structure, surface in surfaces:
        if surface.is_empty:
            continue
        x, y, z = surface.points_ras_mm.T
        i, j, k = surface.triangles.T
        figure.add_trace(
            go.Mesh3d(
                x=x,
                y=y,
                z=z,
                i=i,
                j=j,
                k=k,
                color=structure.color_hex,
                opacity=opacity,
                name=structure.title,
                hovertemplate=f"{structure.title}<br>%{{x:.0f}}, %{{y:.0f}}, %{{z:.0f}} mm RAS"
                "<extra></extra>",
                lighting={"ambient": 0.55, "diffuse": 0.6, "specular": 0.15, "roughness": 0.8},
                showlegend=True,
            )
        )
    figure.update_layout(
        height=620,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        scene={
            "aspectmode": "data",
            "xaxis": {**_AXIS, "title": "L - R"},
            "yaxis": {**_AXIS, "title": "P - A"},
            "zaxis": {**_AXIS, "title": "I - S"},
            # Seen from the front, as a face: the patient's right is on the left.
            "camera": {"eye": {"x": 0.25, "y": 1.9, "z": 0.35}, "up": {"x": 0, "y": 0, "z": 1}},
        },
        legend={"itemsizing": "constant"},
        uirevision="keep",
    )
    return figure
