"""How two panels are compared: every field, floats within a relative tolerance."""

from __future__ import annotations

import dataclasses

import pytest

from han5k_review.metrics import Definition, Panel

# What both engines compute on the voxel lattice; the mesh is MeshMetrics' alone (test_mesh.py).
LATTICE = (Definition.SURFEL, Definition.VOXEL_MAX, Definition.VOXEL_POOLED)
EXACT = 1e-6  # relative: what the fast engine promises


def assert_same(found: Panel, expected: Panel, *, relative: float = EXACT) -> None:
    for field in dataclasses.fields(Panel):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        if isinstance(other, float):
            assert one == pytest.approx(other, rel=relative, abs=1e-12, nan_ok=True), field.name
        else:
            assert one == other, field.name
