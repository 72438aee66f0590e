#!/bin/bash
# Process 1 of the guest: a copy-on-write root over the host's, the shared folders, then the command of run.sh, then power off.
# In QEMU qemu_init.sh has prepared the root already, and the shared folders come by 9p.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb
modules=/usr/lib/uml/modules/$(uname -r)

if [ "${1:-}" != second-stage ]; then
  mount -t proc proc /proc
  insmod "$modules/kernel/fs/overlayfs/overlay.ko"
  mount -t tmpfs upper /mnt
  mkdir -p /mnt/upper /mnt/work /mnt/root
  mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
  cd /mnt/root && exec chroot . /bin/bash "$0" second-stage
fi

argument() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
mount -t proc proc /proc
out=$(argument guest_out) project=$(argument guest_project)
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
ln -sfn /proc/self/fd /dev/fd
for number_and_name in 0:stdin 1:stdout 2:stderr; do ln -sfn "/proc/self/fd/${number_and_name%:*}" "/dev/${number_and_name#*:}"; done
mkdir -p /dev/shm /dev/pts
mount -t devpts devpts /dev/pts
for folder in /run /tmp /dev/shm; do mount -t tmpfs tmpfs "$folder"; done

share() {
  mkdir -p "$2"
  if grep -qw hostfs /proc/filesystems; then mount -t hostfs -o "$2" hostfs "$2"; else mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288 "$1" "$2"; fi
}
share project "$project"
share out "$out"
[ ! -d "$modules" ] || { mkdir -p /lib/modules && ln -sfn "$modules" "/lib/modules/$(uname -r)"; }
ip link set lo up

mapfile -d '' -t command <"$out/.command"
cd "$project" || exit
"${command[@]}" >"$out/output.log" 2>&1 </dev/null
echo $? >"$out/.status"
sync
echo o >/proc/sysrq-trigger
sleep 5
