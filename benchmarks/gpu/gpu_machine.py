"""Imports, a C compiler, /dev/shm, GPUs: what a training on this machine stands on."""

from __future__ import annotations

import importlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from gpu_results import read_place, write_row

from han5k_review.retraining.jobs.machine import list_gpus, look_at_machine

_ROOMS = ("training", "predicting")
_PACKAGES = ("nnunetv2", "batchgeneratorsv2", "numpy", "triton", "blosc2")


def run() -> None:
    started = time.monotonic()
    for room in _ROOMS:
        importlib.import_module(f"han5k_review.retraining.network.{room}.run")
    unwanted = [m for m in ("sqlmodel", "sqlalchemy", "streamlit") if m in sys.modules]
    seconds = time.monotonic() - started
    write_row(
        "training and predicting import",
        "without a database; SimpleITK, which nnU-Net imports, is an empty module here",
        f"{seconds:.0f} s" + (f"; also {', '.join(unwanted)}" if unwanted else ""),
        not unwanted,
    )
    compiler = shutil.which("gcc") or shutil.which("cc")
    write_row("a C compiler", "compiles", compiler or "none", _compiles(compiler))
    here = look_at_machine()
    room = here.shared_memory_free_gb or 0.0
    write_row("/dev/shm", "1 GB free", f"{room:.1f} GB free", room >= 1)
    found = ", ".join(f"GPU {g.index} ({g.total_gb:.0f} GB)" for g in list_gpus()) or "none"
    write_row("GPUs as the pre-flight lists them", "at least one", found, bool(list_gpus()))
    _write_machine()


def _compiles(compiler: str | None) -> bool:
    if compiler is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "one.c"
        source.write_text("int main(void) { return 0; }\n")
        made = subprocess.run([compiler, str(source), "-o", str(Path(folder) / "one")], check=False)
    return made.returncode == 0


def _write_machine() -> None:
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
    seen = {"Python": platform.python_version(), "PyTorch": torch.__version__}
    for name in _PACKAGES:
        try:
            seen[name] = version(name)
        except PackageNotFoundError:
            seen[name] = "missing"
    cores = torch.multiprocessing.cpu_count()
    ram = look_at_machine().ram_free_gb
    text = ", ".join(f"{name} {number}" for name, number in seen.items())
    place = read_place()
    write_row(
        "machine",
        "",
        f"{gpu}, {cores} CPU cores, {ram:.0f} GB of free memory; {text}",
        quick=place.quick,
        device=place.device,
    )
