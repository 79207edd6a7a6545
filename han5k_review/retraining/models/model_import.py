"""Import of a model trained elsewhere with nnU-Net v2, as a model version of the study."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import ConfigError, DataError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import ImportResult
from han5k_review.retraining.jobs.tasks import ImportJob, ModelFolder
from han5k_review.retraining.jobs.watch import QUICK, Watch, follow_to_end
from han5k_review.retraining.models.model_facts import build_imported_facts, write_facts
from han5k_review.retraining.models.model_folders import keep_model
from han5k_review.retraining.settings import resolve_settings
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion
from han5k_review.texts.paths import say_cause


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignModel:
    """Fold `fold` of an nnU-Net model folder (3d_fullres), and what the study is to call it."""

    source: Path
    name: str
    group: str
    fold: str = "0"


def import_model(
    study: Study, catalogue: Catalogue, foreign: ForeignModel, *, actor: str, watch: Watch = QUICK
) -> ModelVersion:
    """Register a model trained elsewhere as a candidate.

    Label names are resolved through the catalogue's names and aliases. The model must have been
    trained on images in LPS axes, as nnU-Net reads ordinary DICOM conversions. Raises ConfigError
    for names that do not resolve or regions, DataError for files that are not a model.
    """
    labels = _resolve_labels(catalogue, foreign.source)
    folder = JobFolder(path=study.runs / f"import-{uuid.uuid4().hex[:12]}")
    folder.write_job(
        ImportJob(
            source=foreign.source,
            fold=foreign.fold,
            labels=labels,
            settings=resolve_settings("smoke"),
        )
    )
    found = follow_to_end(folder, watch).get(ImportResult)
    sha256 = found.checkpoint_sha256
    keep_model(study, foreign.name, ModelFolder(folder=folder.model, checkpoint_sha256=sha256))
    origin = f"imported from {foreign.source.name}, fold {foreign.fold}"
    model = ModelVersion(
        name=foreign.name,
        group=foreign.group,
        folder=foreign.name,
        checkpoint_sha256=sha256,
        labels=labels,
        card=write_facts(build_imported_facts(origin, found.source_sha256)),
    )
    _register(study, model, actor, found.source_sha256)
    shutil.rmtree(folder.path, ignore_errors=True)
    return model


def _register(study: Study, model: ModelVersion, actor: str, source_sha256: str) -> None:
    with transaction(study.engine) as session:
        session.add(model)
        session.flush()
        add_audit(
            session,
            at_utc=utc_now(),
            actor=actor,
            action="model imported",
            subject=f"model {model.name}",
            source_sha256=source_sha256,
        )
        session.refresh(model)
        session.expunge(model)


def _resolve_labels(catalogue: Catalogue, source: Path) -> dict[str, int]:
    path = source / "dataset.json"
    try:
        table = json.loads(path.read_text())["labels"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"An nnU-Net dataset.json was expected at {path}: {say_cause(error)}."
        ) from error
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
