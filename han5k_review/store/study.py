"""Study: one folder with its database, volumes, labels, tables and models, opened for work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from han5k_review.errors import StorageError
from han5k_review.store.dose_files import DoseFiles
from han5k_review.store.engine import build_engine, sqlite_url
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.migrate import migrate_database
from han5k_review.store.volume_files import VolumeFiles

DATABASE_NAME = "study.sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """An open study. `root` holds everything but, with PostgreSQL, the database."""

    root: Path
    engine: Engine
    labels: LabelFiles
    volumes: VolumeFiles

    @property
    def tables(self) -> Path:
        """The study's own `structures.csv`, `scales.csv`, `windows.csv`, `label_maps/`."""
        return self.root / "tables"

    @property
    def runs(self) -> Path:
        """Working folders of retraining runs."""
        return self.root / "runs"

    @property
    def doses(self) -> DoseFiles:
        """Planned doses, by the CT they belong to."""
        return DoseFiles(folder=self.root / "doses")

    @property
    def models(self) -> Path:
        """Folders of model versions."""
        return self.root / "models"


def open_study(root: Path, database_url: str | None = None, *, create: bool = False) -> Study:
    """Open the study in `root` and bring its database to the newest schema.

    `database_url` None means SQLite inside the folder. StorageError when there is no study yet
    and `create` is False.
    """
    root = root.resolve()
    url = database_url or sqlite_url(root / DATABASE_NAME)
    if not create and not (root / "tables").is_dir():
        raise StorageError(
            f"A study was expected in {root}, found none; run `han5k init --study {root}` or "
            f"`han5k demo --study {root}`."
        )
    if not create and database_url is None and not (root / DATABASE_NAME).exists():
        raise StorageError(
            f"The database {DATABASE_NAME} was expected in {root}, found none; put it back, or run "
            "`han5k init` with the study's name if there never was one."
        )
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The study folder {root} cannot be made: {error.strerror}.") from error
    engine = build_engine(url)
    migrate_database(engine)
    return Study(
        root=root,
        engine=engine,
        labels=LabelFiles(folder=root / "labels"),
        volumes=VolumeFiles(folder=root / "volumes"),
    )
