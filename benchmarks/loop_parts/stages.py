"""The stages of the proof, each kept in its folder: study, parent, review, arms, measurements."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path

from han5k_review.imaging.mask import StructureMask
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import LocalLauncher
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.retraining.network.predicting.open_models import open_model
from han5k_review.retraining.network.predicting.volume_prediction import predict_case
from han5k_review.retraining.network.training.mixing import ALPHAS, choose_alpha
from han5k_review.store.study import Study, open_study
from han5k_review.store.vocabulary import GradeLevel
from loop_parts.arms import ARMS, GAPS, ArmKind, GapCase, Material
from loop_parts.data import (
    ORGANS,
    Patients,
    build_study,
    case_name,
    find_image,
    read_masks,
)
from loop_parts.measuring import TILE_STEP, Measured, Task, measure
from loop_parts.plan import STEPS_PER_PREDICTION, Plan, has_parent, name_training
from loop_parts.progress import Progress
from loop_parts.readers import Finding, Review, review
from loop_parts.results import PARENT, Kept, Row, read_kept, read_rows
from loop_parts.spread import find_height, measure_raters, redraw_all
from loop_parts.training import (
    freeze,
    locate_parent,
    predict_review,
    set_seed,
    train_arm,
    train_parent,
)

LANES = 2
_TUNED_ON = 4


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One proof at work in the folder `root`."""

    plan: Plan
    patients: Patients
    raters: Path
    root: Path
    progress: Progress

    def is_done(self, name: str) -> bool:
        """Whether the parent is trained and reviewed, or the training of this name ended."""
        if name == PARENT:
            return (self.root / "review.json").exists()
        return read_kept(self.root / "arms" / name) is not None

    def prepare(self) -> tuple[Study, int, Review]:
        """The study with its parent, whose pseudo-labels were reviewed; done once."""
        base, reviewed = self.root / "base", self.root / "reviewed"
        record = self.root / "review.json"
        if record.exists():
            kept = json.loads(record.read_text())
            return open_study(reviewed), int(kept["parent_id"]), _read_review(kept)
        if (base / "manifest.csv").exists():
            study = open_study(base / "study")
        else:
            shutil.rmtree(base, ignore_errors=True)
            study = build_study(base, self.patients)
            self.progress.say("the study is imported")
        parent_id = train_parent(study, self.plan.lengths, self.progress)
        self.progress.say("the parent is trained")
        predict_review(study, parent_id, self.patients.review)
        study.engine.dispose()
        shutil.rmtree(reviewed, ignore_errors=True)
        shutil.copytree(study.root, reviewed, ignore=shutil.ignore_patterns("runs"))
        study = open_study(reviewed)
        known = self.read_wanted(study)
        graded = [case_name(n) for n in self.patients.review[: self.plan.sizes.graded]]
        found = review(study, {n: known[n] for n in graded}, self.plan.budget)
        content = {"parent_id": parent_id, **asdict(found)}
        record.write_text(json.dumps(content, indent=1))
        self.progress.say(f"{len(found.findings)} graded, {len(found.revised)} revised")
        return study, parent_id, found

    def read_wanted(self, study: Study) -> dict[str, dict[str, StructureMask]]:
        """What readers would draw: the clinical contours, off as two people are; by case."""
        heights = self._find_heights(study)
        numbers = (*self.patients.review, *self.patients.gaps)
        return {
            case_name(number): redraw_all(self._clinical(study, number), heights, int(number))
            for number in numbers
        }

    def _clinical(self, study: Study, number: str) -> dict[str, StructureMask]:
        grid = study.volumes.get_index(find_image(study, number)).grid
        return read_masks(self.patients.folders[number], number, grid)

    def _find_heights(self, study: Study) -> dict[str, float]:
        path = self.root / "spread.json"
        if not path.exists():
            raters = measure_raters(self.raters, tuple(ORGANS))
            some = [self._clinical(study, n) for n in self.patients.parent[:_TUNED_ON]]
            heights = {n: find_height([m[n] for m in some], raters[n], 1) for n in ORGANS}
            path.write_text(json.dumps({"raters_mm": raters, "heights_mm": heights}, indent=1))
        found: dict[str, float] = json.loads(path.read_text())["heights_mm"]
        return found

    def build_material(self, study: Study, parent_id: int, *, with_gaps: bool) -> Material:
        """What the arms are made of."""
        wanted = self.read_wanted(study)
        put = study.labels.put_mask
        hashes = {n: {s: put(m) for s, m in masks.items()} for n, masks in wanted.items()}
        reviewed = [case_name(n) for n in self.patients.review[: self.plan.sizes.graded]]
        lengths = self.plan.lengths
        return Material(
            study=study,
            remembering=freeze(study, lengths, parent_id, replay=True),
            forgetful=freeze(study, lengths, parent_id, replay=False),
            alone=freeze(study, lengths, None, replay=False),
            wanted={n: hashes[n] for n in reviewed},
            gaps=tuple(self._build_gaps(study, parent_id, hashes)) if with_gaps else (),
        )

    def _build_gaps(
        self, study: Study, parent_id: int, hashes: Mapping[str, Mapping[str, str]]
    ) -> Iterator[GapCase]:
        model = open_model(locate_parent(study, parent_id), "cpu", TILE_STEP)
        for number in self.patients.gaps:
            image = find_image(study, number)
            volume = study.volumes.get_volume(image)
            predicted = predict_case(model, volume)
            yield GapCase(
                name=case_name(number),
                image_sha256=image,
                drawn=hashes[case_name(number)],
                predicted={n: study.labels.put_mask(m) for n, m in predicted.items()},
                empty=study.labels.put_mask(StructureMask.empty(volume.grid)),
            )

    def train(self, study: Study, parent_id: int, names: Collection[str]) -> dict[str, list[Kept]]:
        """The arms of these names with all seeds, two at a time; by arm."""
        kinds = [kind for kind in ARMS if kind.name in names]
        folders = {
            (kind.name, seed): self.root / "arms" / name_training(kind, seed)
            for kind in kinds
            for seed in self.plan.list_seeds(kind)
        }
        if any(read_kept(folder) is None for folder in folders.values()):
            with_gaps = any(kind.experiment == GAPS for kind in kinds)
            material = self.build_material(study, parent_id, with_gaps=with_gaps)
            with ThreadPoolExecutor(LANES) as lanes:
                jobs = [
                    lanes.submit(self._train_one, kind, seed, folders[kind.name, seed], material)
                    for seed in range(1, self.plan.seeds + 1)
                    for kind in kinds
                    if seed in self.plan.list_seeds(kind)
                ]
                try:
                    wait(jobs, return_when=FIRST_EXCEPTION)
                    for job in jobs:
                        if job.done():
                            job.result()
                finally:
                    self.progress.stop.set()
                    lanes.shutdown(cancel_futures=True)
                    end_processes(self.root)
            self.progress.stop.clear()
        found: dict[str, list[Kept]] = {}
        for (name, _), folder in folders.items():
            kept = read_kept(folder)
            if kept is None:
                raise SystemExit(f"{folder.name}: it did not end; the same command goes on.")
            found.setdefault(name, []).append(kept)
        return found

    def _train_one(self, kind: ArmKind, seed: int, folder: Path, material: Material) -> Kept:
        return train_arm(
            folder,
            lambda: set_seed(kind, kind.build(material), self.plan.lengths, seed),
            self.progress,
        )

    def choose_alphas(
        self, parent: ModelFolder, arms: Mapping[str, list[Kept]]
    ) -> dict[str, float]:
        """The trained share of each training that goes best with the monitor patients."""
        models = [
            Measured(name=kept.name, model=kept.model, alpha=alpha, parent=parent)
            for name, own in arms.items()
            if has_parent(name)
            for kept in own
            for alpha in ALPHAS
        ]
        numbers = {n: self.patients.folders[n] for n in self.patients.monitor}
        rows = self.measure("monitor", numbers, models)
        means: dict[str, dict[float, list[float]]] = {}
        for row in rows:
            means.setdefault(row.model, {}).setdefault(row.alpha, []).append(row.dice)
        return {
            name: choose_alpha({a: sum(v) / len(v) for a, v in found.items()})
            for name, found in means.items()
        }

    def measure(
        self,
        part: str,
        patients: Mapping[str, Path],
        models: list[Measured],
    ) -> list[Row]:
        """Measure the models on the patients, in two processes; what is there is taken."""
        out = self.root / "measured" / f"{part}-{_name_models(models)}"
        left = {n: f for n, f in patients.items() if not (out / f"{n}.csv").exists()}
        if left:
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(LANES, context, initializer=use_one_thread) as lanes:
                jobs = [
                    lanes.submit(measure, Task(patients={n: f}, models=models, out=out))
                    for n, f in left.items()
                ]
                for number, job in enumerate(jobs, start=1):
                    job.result()
                    units = number * len(models) * STEPS_PER_PREDICTION
                    self.progress.note(f"{part}, patient {number} of {len(jobs)}", units)
        return [row for row in read_rows(out) if row.patient in patients]


def list_measured(
    parent: ModelFolder, arms: Mapping[str, list[Kept]], alphas: Mapping[str, float]
) -> list[Measured]:
    """The parent, each training as it is, and mixed with its parent where that was chosen."""
    found = [Measured(name=PARENT, model=parent)]
    for own in arms.values():
        for kept in own:
            found.append(Measured(name=kept.name, model=kept.model))
            alpha = alphas.get(kept.name, 1.0)
            if alpha < 1:
                found.append(Measured(name=kept.name, model=kept.model, alpha=alpha, parent=parent))
    return found


def end_processes(root: Path) -> None:
    """End every training under the folder that still runs."""
    for path in root.rglob("process.json"):
        LocalLauncher().clear(JobFolder(path=path.parent))


def use_one_thread() -> None:
    """One thread in this process; nnU-Net, once imported, is told folders that nothing uses."""
    for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
        os.environ[name] = tempfile.gettempdir()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"


def _name_models(models: Sequence[Measured]) -> str:
    """Another name for other models, so that no measurement is taken for another."""
    told = [f"{m.name} {m.alpha:g} {m.model.checkpoint_sha256}" for m in models]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


def _read_review(kept: Mapping[str, object]) -> Review:
    findings = [
        Finding(**{**row, "level": GradeLevel(row["level"])})
        for row in kept["findings"]  # type: ignore[attr-defined]
    ]
    revised = tuple((case, name) for case, name in kept["revised"])  # type: ignore[attr-defined]
    return Review(findings=tuple(findings), revised=revised)
