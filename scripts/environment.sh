# Sourced by scripts/serve and scripts/check: makes .venv (and for the check node_modules) once, and
# again when a pin changes. Needs nothing but bash and a Python from 3.11 on; the check needs Node.js too.

project_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="$project_root/.venv"

say() { printf '%s\n' "$*"; }

find_python() {
    local name
    for name in "${HAN5K_PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        [ -n "$name" ] || continue
        if "$name" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "Python 3.11 to 3.13 with the venv module was expected, found none; install it or set HAN5K_PYTHON." >&2
    return 1
}

# Where packages come from: HAN5K_WHEELS names a folder that scripts/wheels filled (nothing else is asked
# then); HAN5K_TORCH=cpu takes PyTorch without CUDA (some 200 MB in place of 3 GB) from PyTorch's own
# index, or from the one in HAN5K_TORCH_INDEX. Both count when the environment is made.
pip_options() {
    if [ -n "${HAN5K_WHEELS:-}" ]; then
        [ -d "$HAN5K_WHEELS" ] || { say "A folder of wheels was expected in HAN5K_WHEELS, found none at $HAN5K_WHEELS." >&2; return 1; }
        printf '%s\n' --no-index --find-links "$HAN5K_WHEELS"
    elif [ "${HAN5K_TORCH:-gpu}" = cpu ]; then
        printf '%s\n' --extra-index-url "${HAN5K_TORCH_INDEX:-https://download.pytorch.org/whl/cpu}"
        # By its full name, or pip would take the one with CUDA where that index does not answer. On
        # other systems than Linux no build has CUDA, and none says so in its name.
        [ "$(uname -s)" != Linux ] ||
            sed -n -E 's/^(torch|torchvision)==([0-9.]+)$/\1==\2+cpu/p' "$project_root/constraints.txt"
    fi
}

# ensure_environment requirements.txt|requirements-dev.txt
ensure_environment() {
    local wanted="$1" python stamp options
    stamp="$(cat "$project_root/constraints.txt" "$project_root/requirements.txt" \
        "$project_root/$wanted" "$project_root/pyproject.toml" | cksum) $project_root"
    # The development environment holds everything the plain one does.
    if [ "$(cat "$venv/.stamp-$wanted" 2>/dev/null)" = "$stamp" ]; then return; fi
    if [ "$wanted" = requirements.txt ] && [ -f "$venv/.stamp-requirements-dev.txt" ]; then
        wanted=requirements-dev.txt
        stamp="$(cat "$project_root/constraints.txt" "$project_root/requirements.txt" \
            "$project_root/$wanted" "$project_root/pyproject.toml" | cksum) $project_root"
        if [ "$(cat "$venv/.stamp-$wanted")" = "$stamp" ]; then return; fi
    fi
    if [ ! -x "$venv/bin/python" ]; then
        python="$(find_python)"
        say "Making the environment in .venv with $python (a few minutes, once) ..."
        "$python" -m venv "$venv"
    fi
    say "Installing $wanted ..."
    options="$(pip_options)"
    # shellcheck disable=SC2046 # one option a line
    (cd "$project_root" && IFS=$'\n' && "$venv/bin/python" -m pip install --quiet \
        --disable-pip-version-check $options -r "$wanted")
    printf '%s' "$stamp" >"$venv/.stamp-$wanted"
}

# The tools that check the viewer's JavaScript (package.json); the product itself needs none of them.
ensure_node_tools() {
    local modules="$project_root/node_modules" stamp
    stamp="$(cat "$project_root/package.json" "$project_root/package-lock.json" | cksum) $project_root"
    if [ "$(cat "$modules/.stamp" 2>/dev/null)" = "$stamp" ]; then return; fi
    say "Installing the JavaScript tools in node_modules ..."
    (cd "$project_root" && npm ci --silent --no-audit --no-fund)
    printf '%s' "$stamp" >"$modules/.stamp"
}
