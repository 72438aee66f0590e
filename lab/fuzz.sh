#!/bin/bash
# fuzz.sh [--afl|--unoptimised] [NAME] [SECONDS]: build and run the fuzz target fuzz-NAME, or all that meson knows, by libFuzzer or by AFL++,
# as many at once as there are processors. --unoptimised: those of the variant clang-asan, which are slower, but sooner built.
# fuzz.sh --list [--afl|--unoptimised]: build all targets and name them, a line each.
#
# A target may have a program seeds-NAME, which writes inputs to begin with, and a dictionary NAME.dict somewhere in tests/. What
# a run learns is kept in corpus/NAME in the variant's folder (build-fuzz, build-afl, build-clang-asan), is read again by the next run, and is read by
# both: AFL++ begins with libFuzzer's corpus. A finding is named and kept in the folder findings beside it, the other targets go
# on, and the exit status is 1. The table at the end is of libFuzzer's own figures: edges (cov) and features of coverage, inputs
# in the corpus; AFL++ counts edges otherwise and has no features.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
variant=fuzz action=run
while [[ ${1:-} == --* ]]; do
  case $1 in
    --afl) variant=afl ;;
    --unoptimised) variant=clang-asan ;;
    --list) action=list ;;
    *) echo "fuzz.sh: no option $1" >&2; exit 2 ;;
  esac
  shift
done
name='' seconds=60
case $# in
  0) ;;
  1) if [[ $1 =~ ^[0-9]+$ ]]; then seconds=$1; else name=$1; fi ;;
  2) name=$1 seconds=$2 ;;
  *) echo "usage: fuzz.sh [--afl|--unoptimised] [NAME] [SECONDS]" >&2; exit 2 ;;
esac
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "fuzz.sh: $seconds is no number of seconds" >&2; exit 2; }

build=$root/build-$variant
"$root/lab/build.sh" "$variant" build.ninja >&2
known=$(ninja -C "$build" -t targets all)
targets_of() { sed -n "s;^\(\(.*/\)\?$1-${name:-[^/.:]*}\): cpp_LINKER.*;\1;p" <<<"$known"; }
mapfile -t targets < <(targets_of fuzz)
mapfile -t seeders < <(targets_of seeds)
[ ${#targets[@]} != 0 ] || { echo "fuzz.sh: no target fuzz-$name" >&2; exit 2; }
"$root/lab/build.sh" "$variant" "${targets[@]}" "${seeders[@]}" >&2
if [ $action = list ]; then
  printf '%s\n' "${targets[@]##*/fuzz-}"
  exit
fi

# What one target needs: folders for what is learned, found and begun with, and the dictionary's option in `dictionary`.
prepare() {
  local file seeder
  corpus=$build/corpus/$1 findings=$build/findings/$1 seeds=$build/seeds/$1 log=$build/$1.log
  rm -rf "$seeds"
  mkdir -p "$corpus" "$findings" "$seeds"
  for seeder in "${seeders[@]}"; do
    [ "${seeder##*/}" != "seeds-$1" ] || "$build/$seeder" "$seeds"
  done
  file=$(find "$root/tests" -name "$1.dict" -print -quit)
  dictionary=${file:+-dict=$file}
}

run_libfuzzer() {
  local status=0 last
  (cd "$findings" && "$build/$2" -max_total_time="$seconds" -timeout=20 -report_slow_units=20 -artifact_prefix="$findings/" -print_final_stats=1 \
    $dictionary "$corpus" "$seeds") >"$log" 2>&1 || status=$?
  last=$(grep -oE 'cov: [0-9]+ ft: [0-9]+ corp: [0-9]+' "$log" | tail -1)
  read -r _ edges _ features _ inputs <<<"$last" || true
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  [ $status = 0 ]
}

run_afl() {
  local begin=$build/begin/$1 out=$build/afl/$1 status=0
  rm -rf "$begin"
  mkdir -p "$begin" "$out"
  printf x >"$begin/x"  # AFL++ wants at least one input
  find "$seeds" "$corpus" "$root/build-fuzz/corpus/$1" -type f -size -64k -exec cp -t "$begin" {} + 2>/dev/null || true
  AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_AUTORESUME=1 AFL_NO_AFFINITY=1 \
    afl-fuzz -i "$begin" -o "$out" -V "$seconds" -t 20000 ${dictionary:+-x "${dictionary#-dict=}"} -- "$build/$2" >"$log" 2>&1 || status=$?
  cp -n "$out"/default/crashes/id* "$out"/default/hangs/id* "$findings" 2>/dev/null || true
  cp "$out"/default/queue/id* "$corpus" 2>/dev/null || true
  stat_of() { sed -n "s/^$1 *: //p" "$out/default/fuzzer_stats" 2>/dev/null; }
  executions=$(stat_of execs_done) edges=$(stat_of edges_found) inputs=$(stat_of corpus_count) features=-
  [ $status = 0 ] && [ "$(ls "$findings" | wc -l)" = "$before" ]
}

row() { printf '%-16s %8s %12s %8s %9s %8s  %s\n' "$@"; }

# One target, from its seeds to its row of the table, which is kept in a file: it runs in a process of its own.
fuzz_one() {
  local one=${1##*/fuzz-} status=0 started=$SECONDS before after engine=run_libfuzzer
  local edges='' features='' inputs='' executions=''
  prepare "$one"
  before=$(ls "$findings" | wc -l)
  echo "== fuzz-$one for $seconds seconds"
  [ $variant != afl ] || engine=run_afl
  $engine "$one" "$1" || status=1
  after=$(ls "$findings" | wc -l)
  if [ $status != 0 ]; then
    printf '%s\n' "$(tail -n 60 "$log"
      ls -t "$findings" | head -n $((after - before)) | sed "s;^;fuzz.sh: fuzz-$one has a finding: $findings/;")"
  fi
  row "$one" $((SECONDS - started)) "${executions:--}" "${edges:--}" "${features:--}" "${inputs:--}" $((after - before)) >"$build/$one.row"
  return $status
}

# As many at once as there are processors, each a process group: who is interrupted takes them with him.
set -m
trap 'for job in $(jobs -p); do kill -- "-$job" 2>/dev/null || true; done' EXIT
failed=0 running=0
for target in "${targets[@]}"; do
  rm -f "$build/${target##*/fuzz-}.row"
  if [ $running = "$(nproc)" ]; then
    wait -n || failed=1
    running=$((running - 1))
  fi
  fuzz_one "$target" &
  running=$((running + 1))
done
for (( ; running > 0; --running)); do wait -n || failed=1; done
row target seconds executions edges features inputs findings
for target in "${targets[@]}"; do cat "$build/${target##*/fuzz-}.row" || failed=1; done
exit $failed
