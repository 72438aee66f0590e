#!/bin/bash
# fuzz.sh [NAME [SECONDS]]: build and run the libFuzzer target fuzz-NAME, or all that meson knows. What a run learns is kept in
# build-fuzz/corpus/NAME and is where the next one starts. A finding ends the run with the path of its input.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
name=${1:-} seconds=${2:-60}

"$root/lab/build.sh" fuzz build.ninja
targets=$(ninja -C "$root/build-fuzz" -t targets all | sed -n "s|^\(.*fuzz-${name:-[^/.:]*}\): cpp_LINKER.*|\1|p")
[ -n "$targets" ] || { echo "fuzz.sh: no target fuzz-$name" >&2; exit 1; }
for target in $targets; do
  "$root/lab/build.sh" fuzz "$target"
  corpus=$root/build-fuzz/corpus/${target##*/fuzz-}
  mkdir -p "$corpus"
  echo "== ${target##*/} for $seconds seconds"
  (cd "$corpus" && "$root/build-fuzz/$target" -max_total_time="$seconds" -artifact_prefix="$root/build-fuzz/" -print_final_stats=1 "$corpus")
done
