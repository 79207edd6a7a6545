"""Which launcher a worker starts jobs with, from the settings or its option."""

from __future__ import annotations

import importlib

from han5k_review.errors import ConfigError
from han5k_review.retraining.jobs.launcher import Launcher, LocalLauncher
from han5k_review.settings import Settings


def make_launcher(settings: Settings, chosen: str | None = None) -> Launcher:
    """The launcher called `chosen`, else HAN5K_LAUNCHER; SLURM loads `submitit`.

    ConfigError for any other name.
    """
    name = chosen or settings.launcher
    if name == "local":
        return LocalLauncher()
    if name != "slurm":
        raise ConfigError(f"A launcher was expected, local or slurm; found {name!r}.")
    slurm = importlib.import_module("han5k_review.retraining.jobs.slurm")
    launcher: Launcher = slurm.SlurmLauncher(
        options=slurm.SlurmOptions(
            hours=settings.slurm_hours,
            memory_gb=settings.slurm_memory_gb,
            partition=settings.slurm_partition,
            extra=settings.slurm_extra,
        )
    )
    return launcher
