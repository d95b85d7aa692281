#!/usr/bin/env bash
# Lays out every C++ and proto file of the project by .clang-format; with --check changes nothing and fails where it would.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(-i)
[[ ${1:-} == --check ]] && mode=(--dry-run -Werror)

folders=()
for folder in include src proto tests examples bench python; do
  [[ -d $folder ]] && folders+=("$folder")
done
find "${folders[@]}" -name '*.h' -o -name '*.cc' -o -name '*.proto' | sort | xargs -r clang-format "${mode[@]}"
