#!/bin/bash
# qemu.sh [-i] [-m MIB] [-t SECONDS] [-k KERNEL_ARGUMENTS] [-q QEMU_ARGUMENTS] OUT COMMAND...: run COMMAND as root in a QEMU guest with Debian's
# own kernel and exit with its status (125: the guest died).
#
# The problem: whether a real PCI driver works with us (queues, descriptors, DMA addresses, an IOMMU) shows only on a PCI device that may be
# taken from the kernel. The idea: an emulated machine has such devices, and needs no privileges of the host; QEMU's own translator (TCG)
# works everywhere, a container without /dev/kvm included, at a tenth of the speed.
# The contract is that of run.sh: in the guest, / is the host's root copy-on-write, and the host sees only what is written to OUT; the project's
# folder has its own path. OUT/console.log is the guest's console, OUT/qemu.log what QEMU said,
# OUT/output.log what COMMAND wrote. No path may hold a space.
# The guest has two processors; with -i it has one, whose time is what it does: each instruction takes a nanosecond, so that what a program
# costs in instructions can be read off a clock and is the same in each run (-icount; without fast strings, whose every byte would be counted).
# QEMU_ARGUMENTS add what else the machine should have. What was downloaded and unpacked is kept in
# ${XDG_CACHE_HOME:-~/.cache}/penstock-lab.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(realpath "$here/../..")
memory=2048 limit=900 kernel_arguments='' qemu_arguments=''
processor='-accel tcg,thread=multi -cpu max -smp 2'
while getopts im:t:k:q: option; do
  case $option in i) processor='-accel tcg,thread=single -cpu max,erms=off,fsrm=off -icount shift=0,sleep=on -smp 1' ;; m) memory=$OPTARG ;; t) limit=$OPTARG ;; k) kernel_arguments=$OPTARG ;; q) qemu_arguments=$OPTARG ;; *) exit 2 ;; esac
done
shift $((OPTIND - 1))
mkdir -p "$1"
out=$(realpath "$1")
shift
kernel=$("$here/qemu_kernel.sh")
rm -f "$out/.status"
printf '%s\0' "$@" >"$out/.command"

# A folder of the host, by the tag that the guest mounts.
share() { echo "-fsdev local,id=$1,path=$2,security_model=none,multidevs=remap${3:-} -device virtio-9p-pci,fsdev=$1,mount_tag=$1"; }

set +e
# Unquoted on purpose: lists of words.
timeout -k 5 "$limit" qemu-system-x86_64 -machine q35 $processor -m "$memory" \
  -nodefaults -no-user-config -no-reboot -display none -serial "file:$out/console.log" \
  -kernel "$kernel/vmlinuz" -initrd "$kernel/initrd.gz" \
  -append "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off guest_modules=$kernel/lib/modules guest_out=$out guest_project=$project $kernel_arguments" \
  $(share root / ,readonly=on) $(share project "$project" ,readonly=on) $(share out "$out") \
  $qemu_arguments </dev/null 2>"$out/qemu.log"
guest_status=$?
status=$(cat "$out/.status" 2>/dev/null) || status=125
[ "$status" = 0 ] || echo "guest: qemu ended with $guest_status, the command with $status; see $out" >&2
exit "$status"
