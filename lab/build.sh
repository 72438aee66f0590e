#!/bin/bash
# build.sh [VARIANT [TARGET...]]: configure if needed and build. release goes to build/, any other variant to build-VARIANT/.
# The binaries are DIR/penstockd, DIR/penstock and DIR/penstock-genhash. The variants fuzz and afl are instrumented for libFuzzer and for AFL++; fuzz.sh
# names their targets. coverage counts what the pure layers execute; tests/coverage.py names its targets.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
variant=${1:-release}
shift || true

gcc=("ccache gcc-12" "ccache g++-12")
clang=("ccache clang-19" "ccache clang++-19")
# A compiler that may have 1 GB before it looks for memory to use again is done a tenth sooner.
roomy=--param=ggc-min-heapsize=1000000
# libstdc++ 12's stable_sort calls what its own headers deprecate, and clang reports that at our line.
quiet=-Wno-deprecated-declarations
# Of debugging information, what a report's stack traces need: each with "$lines" among its cpp_args.
lines=-g1
# All sources of a library or program as one: a third of the time, since most of it goes into headers. That each source has what it
# needs shows in the variant clang, where each is compiled alone.
together=(-Dunity=on -Dunity_size=1000)
alone=(-Dunity=subprojects)
asan=(--buildtype=plain -Doptimization=0 -Db_sanitize=address,undefined -Db_lundef=false "${together[@]}")
# Fuzzing is worth what it executes: as asan, but optimised.
fuzzing=(--buildtype=plain -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false "${together[@]}")
tsan=(--buildtype=plain -Doptimization=1 -Db_sanitize=thread -Db_lundef=false "${together[@]}")
# Unoptimised, so that a branch of the program is one of the source, and without debugging information, for speed. Functions of the
# pure layers alone are counted, and atomically: gcov deduces some counts from others, and a lost one makes them wrong.
pure='-fprofile-filter-files=[.][.]/(dataplane/packet|dataplane/core|vrrp|sync|healthcheck|config)/'
coverage=(--buildtype=plain -Doptimization=0 -Db_coverage=true
  "-Dcpp_args=['$roomy', '-fprofile-update=atomic', '-fprofile-abs-path', '$pure']")
dir=$root/build-$variant
case $variant in
  release) compilers=("${gcc[@]}") options=(--buildtype=release "-Dcpp_args=$roomy") dir=$root/build ;;
  # g++-12 sees uninitialised members in its own <regex> when it instruments, and warns that ThreadSanitizer ignores fences.
  asan) compilers=("${gcc[@]}") options=("${asan[@]}" "-Dcpp_args=['$roomy', '$lines', '-Wno-maybe-uninitialized']") ;;
  tsan) compilers=("${gcc[@]}") options=("${tsan[@]}" "-Dcpp_args=['$roomy', '$lines', '-Wno-tsan']") ;;
  coverage) compilers=("${gcc[@]}") options=("${coverage[@]}") ;;
  clang) compilers=("${clang[@]}") options=(--buildtype=release "${alone[@]}" "-Dcpp_args=$quiet") ;;
  # clang's test of a member call's object opens descriptors and changes errno, which tests of shortages notice: g++'s has to do.
  clang-asan) compilers=("${clang[@]}") options=("${asan[@]}" "-Dcpp_args=['$quiet', '$lines', '-fno-sanitize=vptr', '-fsanitize=fuzzer-no-link']") ;;
  clang-tsan) compilers=("${clang[@]}") options=("${tsan[@]}" "-Dcpp_args=['$quiet', '$lines']") ;;
  fuzz) compilers=("${clang[@]}") options=("${fuzzing[@]}" "-Dcpp_args=['$quiet', '$lines', '-fsanitize=fuzzer-no-link']") ;;
  # AFL++'s own compilers are too old for C++23: its runtime takes the coverage that clang reports by this.
  afl) compilers=("${clang[@]}") options=("${fuzzing[@]}" "-Dcpp_args=['$quiet', '$lines', '-fsanitize-coverage=trace-pc-guard']" -Dafl=true) ;;
  *) echo "build.sh: no variant $variant (release asan tsan coverage clang clang-asan clang-tsan fuzz afl)" >&2; exit 2 ;;
esac

mkdir -p "$dir"
exec {lock}>"$dir/.lock"  # one build of it at a time: a second one waits
flock "$lock"
if [ ! -f "$dir/build.ninja" ]; then
  rm -rf "$dir/meson-private" "$dir/meson-info"  # a set-up that was interrupted
  CC=${compilers[0]} CXX=${compilers[1]} /usr/bin/meson setup "$dir" "$root" -Dwerror=true "${options[@]}"
fi
ninja -C "$dir" "$@"

for binary in control/penstock control/penstock-genhash control/daemon/penstockd; do
  [ ! -x "$dir/$binary" ] || ln -sfn "$binary" "$dir/${binary##*/}"
done
