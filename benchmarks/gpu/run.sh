#!/usr/bin/env bash
# On a machine with a GPU and no network: every check of this folder, in nine minutes.
#     bash benchmarks/gpu/run.sh [--cpu-tiny]
# Needs .gpu-parcel/ (prepare.sh), python3 with PyTorch, NumPy, SciPy, scikit-image, scikit-learn,
# pandas and Matplotlib. Rows go to $OUT/results.jsonl (else .gpu-parcel/out) as they come, the log beside them; a
# check that fails or takes too long stops no other. `--cpu-tiny` tries all of it without a GPU.
set -u
cd "$(dirname "$0")/../.."
export GPU_PARCEL=$PWD/.gpu-parcel GPU_DEVICE=cuda:0 GPU_QUICK=0 GPU_STARTED PYTHONUNBUFFERED=1
GPU_STARTED=$(date +%s)
limit=555 slower=1
if [ "${1:-}" = --cpu-tiny ]; then
  GPU_DEVICE=cpu GPU_QUICK=1 limit=3000 slower=6
  export OMP_NUM_THREADS=1
fi
export GPU_OUT=${OUT:-$GPU_PARCEL/out}
mkdir -p "$GPU_OUT"
log=$GPU_OUT/log.txt
: >"$GPU_OUT/results.jsonl"
: >"$log"
GPU_WORK=$(mktemp -d) site=$(mktemp -d)
export GPU_WORK
python=${PYTHON:-python3}
trap 'rm -rf "$GPU_WORK" "$site"' EXIT

left() { echo $((limit - ($(date +%s) - GPU_STARTED))); }

row() { # check, what was seen
  printf '{"check": "%s", "expected": "ends in time", "seen": "%s", "met": false, "at_s": %d}\n' \
    "$1" "$2" $(($(date +%s) - GPU_STARTED)) >>"$GPU_OUT/results.jsonl"
}

check() { # name, seconds
  local seconds=$(($2 * slower)) remain
  remain=$(left)
  [ "$remain" -lt "$seconds" ] && seconds=$remain
  if [ "$seconds" -lt 10 ]; then
    row "$1" "did not begin: the time was used up"
    return
  fi
  timeout -k 5 "$seconds" "$python" benchmarks/gpu/check.py "$1" >>"$log" 2>&1
  case $? in
    0 | 1) ;;
    124 | 137) row "$1" "cut off after $seconds s" ;;
    *) row "$1" "the process ended with an error; see the log" ;;
  esac
}

"$python" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --target "$site" \
  "$GPU_PARCEL"/wheels/*.whl >>"$log" 2>&1 || row "wheels" "they could not be installed"
export PYTHONPATH=$site:$GPU_PARCEL/without-simpleitk:$PWD

quick=""
[ "$GPU_QUICK" = 1 ] && quick=--quick
mkdir -p "$GPU_WORK/patients"
"$python" benchmarks/gpu/gpu_data.py "$GPU_WORK/patients" $quick >>"$log" 2>&1 &
data=$!
check machine 60
check loss 80
wait $data || row "synthetic patients" "they could not be made; see the log"
"$python" benchmarks/gpu/gpu_full.py >>"$log" 2>&1 &
"$python" benchmarks/gpu/gpu_finetune.py cpu >>"$log" 2>&1 &
check finetune 150
check steps 170
check predict 140
check stock 60
check memory 110
check loaders 100
check compile 150
jobs=$(jobs -p)
[ -n "$jobs" ] && kill $jobs 2>/dev/null
echo "$(($(date +%s) - GPU_STARTED)) s in all"
cat "$GPU_OUT/results.jsonl"
tail -n 40 "$log" | cut -c1-400
