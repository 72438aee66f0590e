#!/bin/bash
# run.sh [-m MIB] [-t SECONDS] [-n TAP] OUT COMMAND...: run COMMAND as root in a User Mode Linux guest and exit with its status (125: the
# guest died).
#
# The problem: conformance needs the kernel's IPVS, and neither a build machine nor a container can be expected to have that module.
# Debian's user-mode-linux package is a whole kernel as an ordinary program, with ip_vs among its modules; it starts in two seconds.
# In the guest, / is the host's root copy-on-write: the same programs, and nothing it writes reaches the host, except in the folder OUT,
# which both share under the same path. The project's folder has its own path in the guest too. OUT/console.log is the guest's console,
# OUT/output.log what COMMAND wrote. No path may hold a space. The guest has one processor. -n gives it a network card, vec0, whose other
# end is the interface TAP (`ip tuntap add dev TAP mode tap`) of the network namespace where this runs. SIGTERM ends the guest.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
memory=1024 limit=600 network=
while getopts m:t:n: option; do
  case $option in m) memory=$OPTARG ;; t) limit=$OPTARG ;; n) network=vec0:transport=tap,ifname=$OPTARG ;; *) exit 2 ;; esac
done
shift $((OPTIND - 1))
mkdir -p "$1"
out=$(realpath "$1")
shift
rm -f "$out/.status"
printf '%s\0' "$@" >"$out/.command"

shim=$out/.xstate_shim.so
gcc-12 -O2 -shared -fPIC -o "$shim" "$here/xstate_shim.c"

set +e
LD_PRELOAD=$shim TMPDIR=/dev/shm timeout -k 5 "$limit" linux.uml mem="${memory}M" \
  root=/dev/root rootfstype=hostfs rootflags=/ ro quiet loglevel=3 con=null con0=null,fd:1 $network \
  init="$here/init.sh" guest_out="$out" guest_project="$(realpath "$here/../..")" </dev/null >"$out/console.log" 2>&1 &
guest=$!
trap 'kill "$guest"; wait "$guest"' TERM
wait "$guest"
guest_status=$?
status=$(cat "$out/.status" 2>/dev/null) || status=125
[ "$status" = 0 ] || echo "guest: linux.uml ended with $guest_status, the command with $status; see $out" >&2
exit "$status"
