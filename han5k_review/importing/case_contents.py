"""Case contents: what was read of one source, or why it was refused; without any voxel."""

from __future__ import annotations

from dataclasses import dataclass

from han5k_review.anatomy.structure import StructureName
from han5k_review.imaging.dicom.segments import NO_MAKER, SegmentMaker
from han5k_review.imaging.grid import Grid
from han5k_review.importing.fingerprints import Fingerprint
from han5k_review.importing.refusals import RefusalKind
from han5k_review.importing.roi_names import FoundName
from han5k_review.store.vocabulary import LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLabel:
    """One mask that was read: its hash and size, without its voxels; `maker` is known of a SEG."""

    source: LabelSource
    structure: StructureName
    mask_sha256: str
    voxels: int
    volume_cc: float
    maker: SegmentMaker = NO_MAKER


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDose:
    """A planned dose that was read: its hash when it was kept, and whether it is a new one."""

    sha256: str
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseContent:
    """What a source holds. `is_same` means: the very files of the last import, not read again.

    `planes_sha256` and `frame_sha256` (`hash_frame`) are empty where no CT was read, or it names no
    frame of reference. `channels` says of each 4-D file which channel is
    which structure. `private_names` are those of `unmatched` that are shown and never stored.
    `stamp` tells its files from changed ones without a look inside; empty when they are too new.
    """

    fingerprint: Fingerprint
    image_sha256: str
    grid: Grid
    planes_sha256: str = ""
    frame_sha256: str = ""
    labels: tuple[ReadLabel, ...] = ()
    unmatched: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    private_names: frozenset[str] = frozenset()
    stamp: str = ""
    is_same: bool = False
    names: tuple[FoundName, ...] = ()
    dose: ReadDose | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRefusal:
    """Why a source cannot be imported; `fault` are the details of an error of the program.

    `names` are those of its DICOM labels, where they are the reason; `twin_sha256` is the hash by
    which another case holds the CT.
    """

    sentence: str
    fault: str = ""
    kind: RefusalKind = RefusalKind.FILE
    twin_sha256: str = ""
    names: tuple[FoundName, ...] = ()
