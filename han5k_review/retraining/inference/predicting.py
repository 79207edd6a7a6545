"""The prediction task: every case with every model of the job, masks stored by hash."""

from __future__ import annotations

import json
from typing import Any

from han5k_review.retraining.inference.model import open_model, predict_case
from han5k_review.retraining.jobs import (
    JobFolder,
    JobResult,
    Outcome,
    PredictJob,
    visible_device,
)
from han5k_review.store.files import write_atomically
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.volume_files import VolumeFiles


def predict(folder: JobFolder, job: PredictJob) -> JobResult:
    """Run the task; cases that were finished before a crash are not predicted again.

    The result's `masks` are model -> case -> structure -> mask hash.
    """
    kept = folder.path / "predicted.json"
    masks: dict[str, dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else {}
    labels = LabelFiles(folder=job.masks)
    volumes = VolumeFiles(folder=job.volumes)
    of = len(job.models) * len(job.cases)
    for name, registered in job.models.items():
        cases = masks.setdefault(name, {})
        todo = [c for c in job.cases if c.name not in cases]
        model = (
            open_model(registered, visible_device(job), job.settings.tile_step) if todo else None
        )
        for case in todo:
            if folder.stop_asked:
                return JobResult(outcome=Outcome.CANCELLED, values={})
            done = sum(len(found) for found in masks.values())
            folder.write_progress({"phase": "predicting", "done": done, "of": of})
            if model is not None:
                found = predict_case(model, volumes.get_volume(case.image_sha256))
                cases[case.name] = {s: labels.put_mask(mask) for s, mask in found.items()}
            write_atomically(kept, json.dumps(masks, indent=1).encode())
    return JobResult(outcome=Outcome.DONE, values={"masks": masks})
