"""DemoCase: one synthetic patient's CT and the reference contours it was painted from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.demo.brain import build_brain_parts
from han5k_review.demo.canvas import build_canvas
from han5k_review.demo.chest import (
    build_chest_parts,
    build_neck_parts,
    build_plexus_parts,
    build_vessel_parts,
)
from han5k_review.demo.ear import build_ear_parts
from han5k_review.demo.eye import build_eye_parts
from han5k_review.demo.face import build_face_parts, build_lip_parts
from han5k_review.demo.jaw import build_chewing_parts, build_jaw_parts, build_mandible, build_teeth
from han5k_review.demo.mouth import build_gland_parts, build_mouth_parts, build_oral_parts
from han5k_review.demo.part import Part
from han5k_review.demo.patient import Patient, draw_patient
from han5k_review.demo.scanner import add_streaks, finish
from han5k_review.demo.skull import build_cavity, build_skull_parts
from han5k_review.demo.solid import Solid
from han5k_review.demo.space import build_space
from han5k_review.demo.spine import build_spine_parts
from han5k_review.demo.surface import build_body, build_muscle_parts, paint_surface
from han5k_review.demo.throat import build_throat_parts
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume

Masks = Mapping[StructureName, StructureMask]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DemoCase:
    """`ct` in LPS axes; `references` the true contours by catalogue name, on the CT's grid."""

    patient: Patient
    ct: CtVolume
    references: Masks


def build_case(seed: int, catalogue: Catalogue) -> DemoCase:
    """Paint one patient; the same `seed` gives the same case, bit for bit.

    The CT is 512 x 512 x about 120 voxels of 0.977 x 0.977 x 2.5 mm, int16 HU, LPS axes, from the
    aortic arch to the vertex. `references` holds every structure of `catalogue` that the synthetic
    anatomy knows by one of its names (all fifty of the default table); a structure that the table
    puts `inside` another is part of that other's mask.
    """
    rng = np.random.default_rng(seed)
    patient = draw_patient(rng)
    space = build_space(patient, rng)
    canvas = build_canvas(space)
    body, teeth = build_body(patient), build_teeth()
    paint_surface(canvas, body, patient)
    for part in _list_parts(patient, body):
        canvas.paint(part)
    add_streaks(canvas, teeth, patient, rng)
    hu = finish(canvas, patient, rng)
    return DemoCase(
        patient=patient,
        ct=CtVolume(grid=space.grid, hu=hu),
        references=_references(canvas.build_masks(), catalogue),
    )


def _list_parts(patient: Patient, body: Solid) -> list[Part]:
    """All parts in the order they are painted: later ones cover earlier ones."""
    cavity, mandible, teeth = build_cavity(), build_mandible(), build_teeth()
    return [
        *build_muscle_parts(body),
        *build_chest_parts(body),
        *build_neck_parts(),
        *build_spine_parts(),
        *build_vessel_parts(patient),
        *build_plexus_parts(),
        *build_lip_parts(),
        *build_mouth_parts(mandible),
        *build_chewing_parts(body),
        *build_face_parts(),
        *build_skull_parts(cavity),
        *build_jaw_parts(teeth, mandible, patient.metal_teeth),
        *build_gland_parts(patient, body, mandible),
        *build_throat_parts(patient),
        *build_oral_parts(mandible, teeth),
        *build_brain_parts(patient, cavity),
        *build_eye_parts(body),
        *build_ear_parts(),
    ]


def _references(masks: Mapping[str, StructureMask], catalogue: Catalogue) -> Masks:
    """Masks by catalogue name; a container holds what the table puts inside it."""
    known = {}
    for name, mask in masks.items():
        resolved = catalogue.find_name(name)
        if resolved is not None:
            known[resolved] = mask
    for structure in catalogue:
        outer = structure.inside
        if outer in known and structure.name in known:
            known[outer] = _joined(known[outer], known[structure.name])
    return {
        structure.name: known[structure.name] for structure in catalogue if structure.name in known
    }


def _joined(first: StructureMask, second: StructureMask) -> StructureMask:
    if first.is_empty or second.is_empty:
        return second if first.is_empty else first
    both = (first, second)
    start = tuple(min(m.start_ijk[n] for m in both) for n in range(3))
    stop = tuple(max(m.start_ijk[n] + m.voxels.shape[n] for m in both) for n in range(3))
    whole = np.zeros([b - a for a, b in zip(start, stop, strict=True)], dtype=np.bool_)
    for mask in both:
        spans = [slice(s.start - a, s.stop - a) for s, a in zip(mask.slices, start, strict=True)]
        whole[spans[0], spans[1], spans[2]] |= mask.voxels
    return StructureMask.from_box(whole, (start[0], start[1], start[2]), first.grid)
