"""The small model of the demo study: trained here, on synthetic patients alone.

    python benchmarks/demo_model.py [--patients 16] [--epochs 36] [--out data/demo_model]

Synthetic patients (the demo's own anatomy, seeds that no demo study uses) with two systematic
errors in their contours: the left parotid leaks towards the midline and down, the left half of the
mandible ends a third too early. One run of the product learns from them at 5 mm, with one thread
and no GPU, and its model is written with its registration (`model.json`): what `han5k demo` puts
in use, so that a demo run has something to mend. Eight minutes on one quiet core.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from han5k_review.anatomy.structure import StructureName
from han5k_review.demo.case import build_case
from han5k_review.imaging.mask import BoolArray, StructureMask
from han5k_review.importing.made_cases import MadeCase, store_case
from han5k_review.importing.study import create_study
from han5k_review.retraining.models.model_facts import read_facts, write_facts
from han5k_review.retraining.runs.plan import RunRequest
from han5k_review.retraining.runs.run_commands import request_run
from han5k_review.retraining.runs.run_views import get_run_view
from han5k_review.retraining.worker import run_one
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import Split
from han5k_review.study import read_study_catalogue

ROOT = Path(__file__).resolve().parents[1]
GROUP = "2"
LEARNED = (
    *("BrainStem", "TemporalLobe_L", "TemporalLobe_R", "Cord_HaN"),
    *("ParotidL", "ParotidR", "MandibleL", "MandibleR"),
)
TRUNCATED, LEAKING = "MandibleL", "ParotidL"
_TRUNCATED_SHARE = 1 / 3
_LEAK_MEDIAL_MM, _LEAK_CAUDAL_MM = 12.0, 9.0
_SEED = 910_000
_HELD_OUT = 2
Masks = Mapping[StructureName, StructureMask]


def spoil(masks: Masks) -> dict[StructureName, StructureMask]:
    """The structures the model predicts, with the two errors it is to learn.

    Axes are L, P, S: i grows to the patient's left, k to the head.
    """
    found = {StructureName(n): masks[StructureName(n)] for n in LEARNED}
    short = found[StructureName(TRUNCATED)]
    cut = short.voxels.copy()
    cut[:, :, round((1 - _TRUNCATED_SHARE) * cut.shape[2]) :] = False
    found[StructureName(TRUNCATED)] = StructureMask.from_box(cut, short.start_ijk, short.grid)
    leak = found[StructureName(LEAKING)].dense()
    spacing = found[StructureName(LEAKING)].grid.spacing_mm
    taken = np.zeros_like(leak)
    for name, mask in found.items():
        if name != LEAKING:
            taken |= mask.dense()
    for axis, reach_mm in ((0, _LEAK_MEDIAL_MM), (2, _LEAK_CAUDAL_MM)):
        for _ in range(round(reach_mm / spacing[axis])):
            leak = leak | _moved_down(leak, axis)
    own = found[StructureName(LEAKING)].dense()
    grid = found[StructureName(LEAKING)].grid
    found[StructureName(LEAKING)] = StructureMask.from_dense(own | (leak & ~taken), grid)
    return found


def _moved_down(mask: BoolArray, axis: int) -> BoolArray:
    moved = np.zeros_like(mask)
    to, source = [slice(None)] * 3, [slice(None)] * 3
    to[axis], source[axis] = slice(None, -1), slice(1, None)
    moved[tuple(to)] = mask[tuple(source)]
    return moved


def build_study(root: Path, patients: int) -> Study:
    """Patients with spoiled contours to learn from, and two to measure on."""
    study = create_study(root, "The demo's model", now_utc=utc_now())
    catalogue = read_study_catalogue(study)
    for number in range(patients + _HELD_OUT):
        made = build_case(_SEED + number, catalogue)
        store_case(
            study,
            MadeCase(
                name=f"synthetic-{number:02d}",
                patient=f"SYNTHETIC{number:02d}",
                split=Split.TRAIN if number < patients else Split.HELD_OUT,
                volume=made.ct,
                pseudo={},
                reference=spoil(made.references),
                origin="benchmarks/demo_model.py",
            ),
            actor="demo model",
            now=utc_now(),
        )
        print(f"{number + 1} of {patients + _HELD_OUT} patients made", flush=True)
    return study


def train(study: Study, epochs: int) -> ModelVersion:
    """One run from scratch on the spoiled contours; prints how it predicts them."""
    request = RunRequest(
        group=GROUP,
        preset="smoke",
        overrides={"count_references": True, "epochs": epochs, "iterations_per_epoch": 80},
    )
    catalogue = read_study_catalogue(study)
    with transaction(study.engine) as session:
        run_id = stored_id(
            request_run(session, study, catalogue, request, requested_by=None, now=utc_now())
        )
    began = time.monotonic()
    state = run_one(study, run_id)
    with reading(study.engine) as session:
        view = get_run_view(session, study, run_id)
    if view.result is None:
        raise SystemExit(f"A trained model was expected, the run is {state}: {view.run.error}")
    print(f"{time.monotonic() - began:.0f} s; Dice with the spoiled contours:")
    for row in view.verdicts:
        print(f"  {row.structure}: {row.after_dice}")
    return view.result


def write_model(study: Study, model: ModelVersion, out: Path) -> None:
    """The model's folder and its registration; what a demo study takes over."""
    shutil.rmtree(out / "model", ignore_errors=True)
    shutil.copytree(study.models / model.folder, out / "model")
    registration = {
        "name": "demo-model",
        "group": model.group,
        "checkpoint_sha256": model.checkpoint_sha256,
        "labels": model.labels,
        "facts": write_facts(read_facts(model)),
    }
    (out / "model.json").write_text(json.dumps(registration, indent=1, sort_keys=True) + "\n")
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out}: {size / 1e6:.2f} MB")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--patients", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=36)
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "demo_model")
    parser.add_argument("--work", type=Path, help="a folder that stays; default: a temporary one")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="han5k-demo-model-") as folder:
        study = build_study((chosen.work or Path(folder)) / "study", chosen.patients)
        model = train(study, chosen.epochs)
        chosen.out.mkdir(parents=True, exist_ok=True)
        write_model(study, model, chosen.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
