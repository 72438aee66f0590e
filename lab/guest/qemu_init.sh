#!/bin/busybox sh
# Process 1 of the QEMU guest's initial RAM disk: a copy-on-write root over the host's, then init.sh there as in User Mode Linux.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "/modules/$module"; done </modules/order

argument() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=524288 root /host
mount -t tmpfs upper /upper
mkdir /upper/upper /upper/work
mount -t overlay -o lowerdir=/host,upperdir=/upper/upper,workdir=/upper/work overlay /root
mkdir -p /root/lib/modules
mount --bind "/host$(argument guest_modules)" /root/lib/modules
script=$(argument guest_project)/lab/guest/init.sh
umount /proc /sys /dev
exec switch_root /root /bin/bash "$script" second-stage
