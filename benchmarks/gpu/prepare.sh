#!/usr/bin/env bash
# Where packages can be fetched: what run.sh needs on a machine with a GPU and no network.
#     benchmarks/gpu/prepare.sh [--quick]
# fills .gpu-parcel/ (ignored by git): wheels for CPython 3.12 of what such a machine lacks, and a
# small parent, trained on a CPU from synthetic patients. SimpleITK (50 MB) does not travel: nnU-Net
# imports it to read image files, which nothing here does, so an empty module stands in its place.
set -eu
cd "$(dirname "$0")/../.."
parcel=$PWD/.gpu-parcel python=${PYTHON:-.venv/bin/python}
rm -rf "$parcel/wheels" "$parcel/out"
mkdir -p "$parcel/wheels" "$parcel/without-simpleitk"

for name in nnunetv2 batchgenerators batchgeneratorsv2 dynamic_network_architectures acvl_utils \
  blosc2 connected-components-3d ndindex numexpr nibabel pydicom pydantic pydantic_core \
  annotated-types typing-inspection typing_extensions zstandard isal psutil einops tqdm seaborn \
  httpx certifi idna msgpack; do
  version=$("$python" -c "from importlib.metadata import version; print(version('$name'))")
  if ! "$python" -m pip download -q --no-deps --only-binary=:all: --python-version 3.12 \
    --implementation cp --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 \
    --platform manylinux_2_24_x86_64 --platform manylinux2014_x86_64 \
    --platform manylinux1_x86_64 -d "$parcel/wheels" "$name==$version" 2>/dev/null; then
    "$python" -m pip wheel -q --no-deps -w "$parcel/wheels" "$name==$version"
  fi
done

cat >"$parcel/without-simpleitk/SimpleITK.py" <<'EMPTY'
"""No SimpleITK: nnU-Net imports it to read image files, and nothing here reads one."""


def __getattr__(name):
    raise AttributeError(f"SimpleITK.{name} was expected to be unused where no image file is read.")
EMPTY

patients=$(mktemp -d)
trap 'rm -rf "$patients"' EXIT
export OMP_NUM_THREADS=1
"$python" benchmarks/gpu/gpu_data.py "$patients" --cases 3 --quick
"$python" benchmarks/gpu/gpu_parent.py "$patients" "$parcel/parent" "$@"
du -sh "$parcel"
