"""Cases to look at: small phantoms with known voxels, and a synthetic patient."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.anatomy.windows import read_windows
from han5k_review.demo.case import build_case
from han5k_review.demo.pseudo import build_pseudo_labels
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.study.scale import ISSUE_TAGS, read_scale
from han5k_review.viewer import (
    Addresses,
    LabelLine,
    LabelSet,
    NextCase,
    Resume,
    ViewerPayload,
    ViewerScale,
    ViewerScaleGrade,
    ViewerStructure,
    ViewerWindow,
)
from han5k_review.web.addresses import SIGN_IN, CaseRoutes, name_task
from rigs.viewer_desk import DeskCase

DATA = Path(__file__).resolve().parents[1] / "data"
LPS = (-1.0, -1.0, 1.0)


def lps_grid(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> Grid:
    """A grid in LPS axes whose middle voxel is the origin."""
    affine = np.diag([*(s * d for s, d in zip(spacing, LPS, strict=True)), 1.0])
    affine[:3, 3] = -affine[:3, :3] @ np.array([n // 2 for n in shape])
    return Grid.from_affine(shape, affine)


Sets = tuple[tuple[str, str, LabelLine], ...]


def payload(
    assignment: int,
    structures: tuple[ViewerStructure, ...],
    *,
    sets: Sets = (("a", "Pseudo-label", LabelLine.SOLID),),
    case: str = "HN-001",
    next_assignment: int | None = None,
    resume: Resume | None = None,
    read_only: bool = False,
    has_dose: bool = False,
) -> ViewerPayload:
    """A mount object with the house's windows and scale."""
    scale = read_scale(DATA / "scales.csv", "han5k-3")
    grades = tuple(
        ViewerScaleGrade(
            code=g.code, key=g.key, title=g.title, level=g.level.value, definition=g.definition
        )
        for g in scale.grades
    )
    routes = name_task(assignment)
    return ViewerPayload(
        case=case,
        assignment=assignment,
        addresses=Addresses(
            volume=routes.volume,
            label_sets=routes.label_sets,
            grades=None if read_only else routes.grades,
            position=None if read_only else routes.position,
            drafts=routes.drafts,
            sign_in=SIGN_IN,
            dose=routes.dose if has_dose else None,
        ),
        next=None if next_assignment is None else next_case(next_assignment, sets),
        label_sets=label_sets(routes, sets),
        structures=structures,
        windows=tuple(
            ViewerWindow(name=w.name, centre_hu=w.centre_hu, width_hu=w.width_hu)
            for w in read_windows(DATA / "windows.csv")
        ),
        scale=ViewerScale(name=scale.name, grades=grades, tags=ISSUE_TAGS),
        resume=resume,
        read_only=read_only,
    )


def next_case(assignment: int, sets: Sets) -> NextCase:
    """The case after this one, with the same label sets."""
    routes = name_task(assignment)
    return NextCase(
        assignment=assignment, volume=routes.volume, label_sets=label_sets(routes, sets)
    )


def label_sets(routes: CaseRoutes, sets: Sets) -> tuple[LabelSet, ...]:
    """Keys, names and lines with the addresses of their masks."""
    return tuple(
        LabelSet(key=key, name=name, line=line, url=routes.masks(key)) for key, name, line in sets
    )


def plain_structure(
    name: str, *, side: str | None = None, color: str = "#e05a3a"
) -> ViewerStructure:
    """A structure without hints, label version 7."""
    return ViewerStructure(
        name=name,
        title=name,
        color=color,
        window="H&N soft",
        group="1",
        label_version=7,
        side=side,
    )


def block_case(
    hu: NDArray[np.int16],
    grid: Grid,
    blocks: Mapping[str, tuple[slice, slice, slice]],
    assignment: int = 1,
    **options: object,
) -> DeskCase:
    """A case whose structures are boxes of voxels; an empty slice makes an empty mask."""
    masks = {}
    for name, box in blocks.items():
        dense = np.zeros(grid.shape, dtype=bool)
        dense[box] = True
        masks[name] = StructureMask.from_dense(dense, grid)
    structures = tuple(plain_structure(name) for name in blocks)
    return DeskCase(
        payload=payload(assignment, structures, **options),  # type: ignore[arg-type]
        ct=CtVolume(grid=grid, hu=hu),
        masks={"a": masks},
    )


@cache
def catalogue() -> Catalogue:
    """The house's structure table."""
    return read_catalogue(DATA / "structures.csv")


@cache
def patient_case(
    seed: int = 3, assignment: int = 1, next_assignment: int | None = None
) -> DeskCase:
    """A synthetic patient, 512 x 512 x about 120, all structures, pseudo-labels and references."""
    table = catalogue()
    built = build_case(seed, table)
    pseudo = build_pseudo_labels(built, table, np.random.default_rng(seed))
    warned = ("two components", "missing slice")
    structures = tuple(
        ViewerStructure(
            name=s.name,
            title=s.title,
            color=s.color_hex,
            color_safe=s.color_safe_hex,
            tier=s.tier,
            window=s.window,
            group=s.group,
            label_version=100 + s.order,
            pair=s.pair,
            side=s.side,
            inside=s.inside,
            hint=s.hint,
            hint_source=s.hint_source,
            reference_dsc=s.reference_dsc,
            reference_hd95_mm=s.reference_hd95_mm,
            warnings=warned[: s.order % 7 == 0],
        )
        for s in table
        if s.name in pseudo.masks
    )
    sets = (
        ("a", "Pseudo-label", LabelLine.SOLID),
        ("b", "Reference", LabelLine.DASHED),
    )
    return DeskCase(
        payload=payload(
            assignment,
            structures,
            sets=sets,
            case=f"HN-{assignment:03d}",
            next_assignment=next_assignment,
        ),
        ct=built.ct,
        masks={"a": dict(pseudo.masks), "b": dict(built.references)},
    )
