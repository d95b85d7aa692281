#!/usr/bin/env bash
# Runs clang-tidy by .clang-tidy over the project's own sources, as a build tree that clang configured compiles them:
#
#   tools/tidy.sh build/lint [jobs]
set -euo pipefail
cd "$(dirname "$0")/.."
tree=$1
jobs=${2:-$(nproc)}

ninja -C "$tree" polyonym_proto  # sources include generated headers
run-clang-tidy -quiet -p "$tree" -j "$jobs" "^$PWD/(src|examples|bench|tests)/"
