#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that are missing for what is named: build, test, python, bench, rivals, lint or fuzz.
#
#   tools/bootstrap.sh build test
#
# Says what it installs; does nothing where nothing is missing. Needs root or sudo only when something is.
set -euo pipefail

declare -A packages=(
  [build]="g++ make cmake ninja-build ccache protobuf-compiler libprotobuf-dev libabsl-dev librocksdb-dev libxxhash-dev
           libre2-dev libroaring-dev libicu-dev libphonenumber-dev libsimdjson-dev zlib1g-dev libzstd-dev libssl-dev
           libcli11-dev libboost-dev"
  [test]="catch2 python3 pkg-config"
  [python]="python3 python3-dev python3-venv"
  [bench]="libbenchmark-dev"
  [rivals]="python3 python3-venv redis-server postgresql"
  [lint]="clang clang-format clang-tidy"
  [fuzz]="clang llvm libclang-rt-dev"
)

needed=()
for purpose in "$@"; do
  [[ -v packages[$purpose] ]] || { echo "bootstrap: '$purpose' is none of: ${!packages[*]}" >&2; exit 2; }
  read -r -d '' -a list <<<"${packages[$purpose]}" || true
  needed+=("${list[@]}")
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "bootstrap: this is neither Debian nor Ubuntu; going on. The names of what is needed there: ${needed[*]}"
  exit 0
fi

missing=()
for package in "${needed[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || {
    echo "bootstrap: missing ${missing[*]}; as root, run: apt-get install ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi

echo "bootstrap: installing ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600)
"${apt[@]}" update || echo "bootstrap: the package lists could not be brought up to date; trying with those that are here"
"${apt[@]}" install --no-install-recommends "${missing[@]}"
