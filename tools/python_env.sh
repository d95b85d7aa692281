#!/usr/bin/env bash
# Makes the virtual environment build/python-env, with what groups of python/pyproject.toml name: build, test or docs.
#
#   tools/python_env.sh build test
#
# Does nothing where they are there already, and says what it installs. PYTHON names another interpreter than python3.
set -euo pipefail
cd "$(dirname "$0")/.."

env=build/python-env
groups=()
for group in "$@"; do groups+=(--group "python/pyproject.toml:$group"); done

# What was installed from which text, so that a second run need not ask anybody.
installed=$env/installed
wanted=$(printf '%s\n' "$*"; cat python/pyproject.toml)
if [[ -s $installed && $(<"$installed") == "$wanted" ]]; then exit 0; fi

echo "python_env: installing $* into $env"
mkdir -p build
[[ -x $env/bin/python ]] || "${PYTHON:-python3}" -m venv "$env"
"$env/bin/python" -m pip install -q --disable-pip-version-check --upgrade 'pip>=25.1'
"$env/bin/python" -m pip install -q --disable-pip-version-check "${groups[@]}"
printf '%s\n' "$wanted" >"$installed"
