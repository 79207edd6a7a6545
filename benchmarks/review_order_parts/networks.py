"""Contours predicted by the parent of `benchmarks/loop.py`, with the product's doubts of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import torch
from triage_parts.planting import read_ct, read_organs

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.retraining.models.file_hash import hash_file
from han5k_review.retraining.network.predicting.open_models import OpenModel, open_model
from han5k_review.retraining.network.predicting.volume_prediction import predict_volume
from han5k_review.store.vocabulary import Uncertainty
from review_order_parts.atlases import Drawn
from review_order_parts.contours import JudgedContour, judge_drawn, list_files

_TILE_STEP = 0.75  # as the preset `smoke` predicts


def open_parent(kept: Path) -> tuple[OpenModel, set[str]]:
    """The parent in a folder that `benchmarks/loop.py` keeps, and the patients who taught it."""
    base = kept / "base"
    if not (base / "manifest.csv").is_file():
        raise SystemExit(f"A folder of `benchmarks/loop.py --keep` was expected, found {kept}.")
    with (base / "manifest.csv").open() as file:
        rows = [one for one in csv.DictReader(file) if one["reference"]]
    taught = {one["case"].partition("-")[2] for one in rows if one["split"] == "train"}
    folder = next((base / "study" / "models").iterdir())
    bare = ModelFolder(folder=folder, checkpoint_sha256="")
    model = ModelFolder(
        folder=folder,
        checkpoint_sha256=hash_file(bare.checkpoint),
        postprocessing_sha256=hash_file(bare.postprocessing),
    )
    torch.set_num_threads(1)
    return open_model(model, "cpu", _TILE_STEP), taught


def judge_predicted(
    model: OpenModel, folder: Path, left_out: set[str], most: int | None, catalogue: Catalogue
) -> Iterator[JudgedContour]:
    """Contours of the first patients of an OpenKBP folder that are not among those left out."""
    files = [(number, path) for number, path in list_files(folder) if number not in left_out]
    for number, path in files[:most]:
        ct = read_ct(path.with_name(f"pt_{number}_ct.nii.gz"))
        found = predict_volume([model], ct, Uncertainty.SHIFTED)
        references = read_organs(path)
        drawn = {
            name: Drawn(
                mask=found.masks[name],
                disagreement=found.doubts[name].disagreement,
                entropy=found.entropies[name].mean,
            )
            for name in references
        }
        yield from judge_drawn(number, ct, references, drawn, catalogue)
