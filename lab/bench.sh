#!/bin/bash
# bench.sh [NAME]: run one benchmark of bench/, or all of them, from the release build.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
found=0
for program in "$root"/build/bench/bench-"${1:-*}"; do
  [ -f "$program" ] && [ -x "$program" ] || continue
  found=1
  echo "== ${program##*/}"
  "$program"
done
[ $found = 1 ] || { echo "bench.sh: no benchmark ${1:-} in build/bench" >&2; exit 1; }
