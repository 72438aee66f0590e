#!/bin/bash
# virtio.sh [CASE...]: penstockd on PCI devices that it drives itself, in a QEMU guest; all cases unless some are named. Prints a report for
# each case; the exit status is 0 when every count was right. Needs root and a build; see docs/GUESTS.md.
#
# A case is DEVICE-DRIVER: which NIC the guest has, and which kernel driver hands it over. With vfio the machine has an IOMMU, so DMA goes
# only where it was allowed to; with uio it goes anywhere.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(realpath "$here/../..")
export PENSTOCK_BUILD=${PENSTOCK_BUILD:-$root/build}
cases=("$@")
[ $# -gt 0 ] || cases=(virtio-uio virtio-vfio e1000-uio e1000-vfio)
director=00:10.0 uplink=00:11.0
director_mac=02:50:53:00:00:66 uplink_mac=02:50:53:00:00:01

[ "$(id -u)" = 0 ] || { echo "virtio.sh: the guest sees the host's files with the rights of who starts it: run it as root" >&2; exit 1; }
"$root/lab/install_packages.sh" lab qemu
[ -x "$PENSTOCK_BUILD/penstockd" ] || { echo "virtio.sh: no $PENSTOCK_BUILD/penstockd: ./run build first" >&2; exit 1; }

# The cable is a hub of QEMU's with two ports.
nic() { echo "-netdev hubport,id=port$2,hubid=0 -device $1,netdev=port$2,mac=$3,addr=${4#00:}"; }

run_case() {
  local device=$1 driver=$2 kernel_arguments='' qemu_arguments=''
  case $device in
    virtio) device=virtio-net-pci ;;
    e1000 | e1000e) ;;
    *) echo "virtio.sh: no device $device (virtio e1000 e1000e)" >&2; return 2 ;;
  esac
  case $driver in
    uio) driver=uio_pci_generic ;;
    vfio)
      driver=vfio-pci
      kernel_arguments=intel_iommu=on
      qemu_arguments='-device intel-iommu,intremap=on,caching-mode=on,aw-bits=48'
      # A virtio device heeds the IOMMU only when it is told to.
      [ "$device" != virtio-net-pci ] || device+=,disable-legacy=on,iommu_platform=on ;;
    *) echo "virtio.sh: no driver $driver (uio vfio)" >&2; return 2 ;;
  esac
  qemu_arguments+=" $(nic "$device" 0 $director_mac $director) $(nic virtio-net-pci 1 $uplink_mac $uplink)"
  local status=0
  "$here/qemu.sh" -k "$kernel_arguments" -q "$qemu_arguments" "$out" \
    env PENSTOCK_BUILD="$PENSTOCK_BUILD" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m lab.guest.virtio_forward \
    "0000:$director" "$driver" "0000:$uplink" || status=$?
  cat "$out/output.log"
  return $status
}

failed=()
for case in "${cases[@]}"; do
  out=$root/build/guest-$case
  echo "== $case"
  run_case "${case%-*}" "${case##*-}" || failed+=("$case")
done
[ ${#failed[@]} = 0 ] || { echo "virtio.sh: failed: ${failed[*]}" >&2; exit 1; }
echo "All as it should be: ${cases[*]}"
