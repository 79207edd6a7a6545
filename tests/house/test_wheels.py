"""An installation without a network: wheels are gathered once, and nothing else is asked then.

Small packages stand in for the pinned ones, in indexes that are folders of this disk.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TORCHES = ("torch", "torchvision")
PROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "product"
version = "1"
dependencies = ["torch"]
[tool.setuptools]
py-modules = []
"""


def write_wheel(index: Path, name: str, version: str) -> None:
    """A package of one module that knows its version, in an index of its own."""
    place = index / name
    place.mkdir(parents=True, exist_ok=True)
    facts = f"{name}-{version}.dist-info"
    file = place / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = {version!r}\n")
        wheel.writestr(
            f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        wheel.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{facts}/RECORD", "")
    list_wheels(place)


def pack_installed(index: Path, name: str) -> None:
    """A package of this environment as the wheel that it came from."""
    place = index / name
    place.mkdir(parents=True)
    found = distribution(name)
    file = place / f"{name}-{found.version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        for part in found.files or ():
            if ".." not in part.parts and part.suffix != ".pyc":
                wheel.write(str(part.locate()), str(part))
    list_wheels(place)


def list_wheels(place: Path) -> None:
    links = "".join(f'<a href="{one.name}">{one.name}</a>' for one in place.glob("*.whl"))
    (place / "index.html").write_text(f"<html><body>{links}</body></html>")


def write_project(root: Path, version: str) -> None:
    root.mkdir(exist_ok=True)
    shutil.copytree(ROOT / "scripts", root / "scripts", dirs_exist_ok=True)
    pins = "".join(f"{name}=={version}\n" for name in TORCHES)
    (root / "constraints.txt").write_text(pins)
    (root / "requirements.txt").write_text(f"-c constraints.txt\n{pins}-e .\n")
    (root / "pyproject.toml").write_text(PROJECT)


def run(root: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A script of the project, which asks only the indexes that it is given."""
    kept = {n: t for n, t in os.environ.items() if not n.startswith(("PIP_", "HAN5K_"))}
    environment = {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", **variables}
    return subprocess.run(
        [root / "scripts" / words[0], *words[1:]], env=environment, capture_output=True, text=True
    )


def test_without_a_network_the_gathered_wheels_are_enough_and_cpu_means_cpu(
    tmp_path: Path,
) -> None:
    usual, cpu, folder = tmp_path / "usual", tmp_path / "cpu", tmp_path / "wheels"
    pack_installed(usual, "setuptools")
    for name in TORCHES:
        for version in ("2.0", "2.1"):
            write_wheel(usual, name, version)
        write_wheel(cpu, name, "2.0+cpu")
    project = tmp_path / "a project"
    write_project(project, "2.0")
    online = {"PIP_INDEX_URL": usual.as_uri(), "HAN5K_TORCH_INDEX": cpu.as_uri()}
    gathered = run(project, "wheels", str(folder), "--cpu", **online)
    assert gathered.returncode == 0, gathered.stderr
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    installed = run(project, "serve", "--no-demo", HAN5K_WHEELS=str(folder), **nowhere)
    assert installed.returncode == 0, installed.stderr
    say = "import torch, torchvision; print(torch.version, torchvision.version)"
    told = subprocess.check_output([project / ".venv" / "bin" / "python", "-c", say], text=True)
    assert told == "2.0+cpu 2.0+cpu\n"

    write_project(project, "2.1")  # of which there is none without CUDA
    refused = run(project, "serve", "--no-demo", "--cpu", **online)
    assert refused.returncode != 0
    assert "torch==2.1+cpu" in refused.stderr


@pytest.mark.parametrize("words", [(), ("--cpu",), ("FOLDER", "--gpu")])
def test_a_folder_comes_first_and_only_cpu_after_it(words: tuple[str, ...]) -> None:
    said = run(ROOT, "wheels", *words)
    assert said.returncode == 2
    assert "scripts/wheels takes a folder, and --cpu" in said.stderr + said.stdout
