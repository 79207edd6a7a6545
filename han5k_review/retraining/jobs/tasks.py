"""Jobs: what a process is asked to do - train, predict cases or files, import a model or cases."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from han5k_review.retraining.settings import RunSettings
from han5k_review.store.vocabulary import LabelSource, Split, Uncertainty

MAIN_MODEL = "model"
"""The name of the one model of a prediction job that is no member of an ensemble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A model on disk in nnU-Net's layout and the registered hashes of its files.

    `postprocessing_sha256` is None for a model that was registered without a rule.
    """

    folder: Path
    checkpoint_sha256: str
    postprocessing_sha256: str | None = None

    @property
    def checkpoint(self) -> Path:
        """The weights file."""
        return self.folder / "fold_0" / "checkpoint_final.pth"

    @property
    def postprocessing(self) -> Path:
        """The file that says which structures keep only their largest piece."""
        return self.folder / "postprocessing.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainCase:
    """A case that teaches: hashes of its CT and of its trusted masks by structure.

    The masks of `predicted_by_parent` were predicted by the job's parent and accepted as they are.
    Those of `shows_pieces` people accepted and no model of the study predicted: they tell whether a
    structure is one piece. Those of `revised` people drew: patches on a structure are centred on
    them. `ignored` is the hash of a mask whose voxels do not count where no trusted mask lies. Runs
    do not use it; it makes nnU-Net's own answer to partial labels, to
    compare ours with.
    """

    name: str
    image_sha256: str
    masks: dict[str, str]
    predicted_by_parent: Annotated[
        tuple[str, ...],
        Field(validation_alias=AliasChoices("predicted_by_parent", "drawn_by_parent")),
    ] = ()
    shows_pieces: tuple[str, ...] = ()
    revised: tuple[str, ...] = ()
    ignored: str | None = None
    weight: int = 1
    monitor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """Train one label group. `labels`: structure -> value from 1 on; `inside`: inner -> outer.

    In the folder `memory` the parent's own predictions are kept from run to run; None keeps none.
    """

    volumes: Path
    masks: Path
    labels: dict[str, int]
    inside: dict[str, str]
    cases: tuple[TrainCase, ...]
    settings: RunSettings
    device: str
    parent: ModelFolder | None = None
    memory: Path | None = None
    task: Literal["train"] = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictCase:
    """A case to predict."""

    name: str
    image_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictJob:
    """Predict `cases` with each of `models` (by a name of the worker's choice).

    With `together` only the first of them predicts; the others are members of its ensemble. `kept`
    is a file that outlives this job and holds what was predicted; without it one lies in the job's
    folder.
    """

    volumes: Path
    masks: Path
    models: dict[str, ModelFolder]
    cases: tuple[PredictCase, ...]
    settings: RunSettings
    device: str
    uncertainty: Uncertainty = Uncertainty.OFF
    together: bool = False
    kept: Path | None = None
    dask_address: str | None = None
    task: Literal["predict"] = "predict"


class FileForm(StrEnum):
    """How contours of a CT outside the study are written."""

    MASKS = "masks"
    LABEL_MAP = "label-map"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesJob:
    """Predict the CT files of a folder, outside the study, into the folder `out`.

    `files`: what is written of a CT begins with this name -> where the CT lies.
    """

    model: ModelFolder
    files: dict[str, Path]
    out: Path
    form: FileForm
    settings: RunSettings
    device: str
    task: Literal["predict-files"] = "predict-files"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """Bring fold `fold` of a foreign nnU-Net model in `source` into the house's form.

    `labels`: structure -> label value, for all values the model knows.
    """

    source: Path
    fold: str
    labels: dict[str, int]
    settings: RunSettings
    device: str = "cpu"
    task: Literal["import"] = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeImportJob:
    """Import the folder tree `root` into `study`, or look through it (`dry_run`).

    `contours` says what its contours are, `naming` what cases are called by. `in_place` leaves CTs
    where they are, `structure_sets` and the labels choose among several sets of contours of a CT.
    """

    study: Path
    root: Path
    contours: LabelSource
    naming: str
    split: Split | None
    dry_run: bool
    processes: int
    actor: str
    in_place: bool = False
    structure_sets: str = "one"
    set_label: str = ""
    reference_label: str = ""
    doses: bool = True
    device: str = "import"
    task: Literal["import-tree"] = "import-tree"


NetworkJob = TrainJob | PredictJob | FilesJob | ImportJob
Job = NetworkJob | TreeImportJob


def visible_device(job: Job) -> str:
    """The device as its process sees it: the launcher shows it one GPU, which is then the first."""
    return job.device.partition(":")[0]
