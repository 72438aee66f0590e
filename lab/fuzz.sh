#!/bin/bash
# fuzz.sh [TARGET] [SECONDS]: run one libFuzzer target of tests/fuzz/, or all of them. What it learns is kept in
# build-fuzz/corpus/TARGET; tests/fuzz/corpus/TARGET, when it exists, is where it starts. A finding ends the run with its input's path.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
target=${1:-*} seconds=${2:-60}
found=0
for program in "$root"/build-fuzz/tests/fuzz/fuzz-$target; do
  [ -f "$program" ] && [ -x "$program" ] || continue
  found=1
  name=${program##*/fuzz-}
  corpus=$root/build-fuzz/corpus/$name seeds=$root/tests/fuzz/corpus/$name
  mkdir -p "$corpus"
  echo "== $name for $seconds seconds"
  "$program" -max_total_time="$seconds" -artifact_prefix="$root/build-fuzz/$name-" -print_final_stats=1 "$corpus" \
    $([ ! -d "$seeds" ] || echo "$seeds")
done
[ $found = 1 ] || { echo "fuzz.sh: no target $target in build-fuzz/tests/fuzz" >&2; exit 1; }
