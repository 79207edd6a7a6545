"""Import of a model trained elsewhere with nnU-Net v2, as a model version of the study."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import ConfigError, DataError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import Launcher, LocalLauncher
from han5k_review.retraining.jobs.results import ImportResult, Outcome
from han5k_review.retraining.jobs.tasks import ImportJob, ModelFolder
from han5k_review.retraining.models.model_facts import build_imported_facts, write_facts
from han5k_review.retraining.models.model_folders import keep_model
from han5k_review.retraining.settings import resolve_settings
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion


def import_model(
    study: Study,
    catalogue: Catalogue,
    source: Path,
    *,
    name: str,
    group: str,
    actor: str,
    fold: str = "0",
    launcher: Launcher | None = None,
    poll_seconds: float = 1.0,
    pause: Callable[[float], None] = time.sleep,
) -> ModelVersion:
    """Register fold `fold` of the nnU-Net model folder `source` (3d_fullres) as a candidate.

    Label names are resolved through the catalogue's names and aliases. The model must have been
    trained on images in LPS axes, as nnU-Net reads ordinary DICOM conversions. Raises ConfigError
    for names that do not resolve or regions, DataError for files that are not a model.
    """
    labels = _resolve_labels(catalogue, source)
    folder = JobFolder(path=study.runs / f"import-{uuid.uuid4().hex[:12]}")
    job = ImportJob(source=source, fold=fold, labels=labels, settings=resolve_settings("smoke"))
    folder.write_job(job)
    launcher = launcher or LocalLauncher()
    launcher.start(folder, job)
    while launcher.find(folder) is not None:
        pause(poll_seconds)
    result = folder.find_result()
    launcher.clear(folder)
    if result is None or result.outcome is not Outcome.DONE:
        raise DataError(
            result.error if result else f"Reading {source} broke off; see {folder.log}."
        )
    found = result.get(ImportResult)
    sha256 = found.checkpoint_sha256
    keep_model(study, name, ModelFolder(folder=folder.model, checkpoint_sha256=sha256))
    model = ModelVersion(
        name=name,
        group=group,
        folder=name,
        checkpoint_sha256=sha256,
        labels=labels,
        card=write_facts(
            build_imported_facts(f"imported from {source.name}, fold {fold}", found.source_sha256)
        ),
    )
    with transaction(study.engine) as session:
        session.add(model)
        session.flush()
        subject = f"model {name}"
        add_audit(
            session,
            at_utc=utc_now(),
            actor=actor,
            action="model imported",
            subject=subject,
            source_sha256=found.source_sha256,
        )
        session.refresh(model)
        session.expunge(model)
    shutil.rmtree(folder.path, ignore_errors=True)
    return model


def _resolve_labels(catalogue: Catalogue, source: Path) -> dict[str, int]:
    path = source / "dataset.json"
    try:
        table = json.loads(path.read_text())["labels"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"An nnU-Net dataset.json was expected at {path}: {error}.") from error
    labels: dict[str, int] = {}
    unknown = []
    for foreign, value in table.items():
        if foreign in ("background", "ignore"):
            continue
        if not isinstance(value, int):
            raise ConfigError(f"{path}: single label values were expected; {foreign} is a region.")
        name = catalogue.find_name(foreign)
        if name is None or name in labels:
            unknown.append(foreign)
        else:
            labels[name] = value
    if unknown:
        raise ConfigError(
            f"{path}: names of the study's structures were expected, found {', '.join(unknown)}; "
            "add them or their aliases to structures.csv."
        )
    return labels
