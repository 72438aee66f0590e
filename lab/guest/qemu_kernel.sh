#!/bin/bash
# qemu_kernel.sh: print the folder with what qemu.sh boots: vmlinuz, initrd.gz and lib/modules of Debian's kernel package. Downloads and
# unpacks that package the first time, in the cache; the host's own kernel and boot loader are not touched.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/penstock-lab
mkdir -p "$cache"

# One process prepares, others wait for it.
exec 9>"$cache/.lock"
flock 9
package=$(apt-cache depends linux-image-amd64 2>/dev/null | awk '/Depends:/ { print $2; exit }')
[ -n "$package" ] || { echo "qemu_kernel.sh: apt knows no linux-image-amd64; apt-get update as root may help" >&2; exit 1; }
version=${package#linux-image-}
folder=$cache/$version
init=$here/qemu_init.sh

if [ ! -e "$folder/vmlinuz" ]; then
  work=$(mktemp -d "$cache/unpack.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "Downloading $package (70 MB)" >&2
  (cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$package" >&2)
  dpkg -x "$work"/*.deb "$work/root"
  depmod -b "$work/root" "$version"
  mkdir -p "$folder/lib"
  rm -rf "$folder/lib/modules"
  mv "$work/root/lib/modules" "$folder/lib/modules"
  # The kernel last: its presence says that all of it is here.
  mv "$work/root/boot/vmlinuz-$version" "$folder/vmlinuz"
fi

if [ ! -e "$folder/initrd.gz" ] || [ "$init" -nt "$folder/initrd.gz" ] || [ "$0" -nt "$folder/initrd.gz" ]; then
  tree=$(mktemp -d "$cache/initrd.XXXXXX")
  trap 'rm -rf "$tree" "${work:-}"' EXIT
  mkdir -p "$tree"/{bin,proc,sys,dev,host,upper,root,modules}
  cp "$(command -v busybox)" "$tree/bin/busybox"
  cp "$init" "$tree/init"
  # Only what mounts the real root; the rest is loaded from there. In order of dependence, each once.
  for module in virtio_pci 9pnet_virtio 9p overlay; do
    modprobe -d "$folder" -S "$version" --show-depends "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    cp "$file" "$tree/modules/"
    echo "${file##*/}"
  done >"$tree/modules/order"
  (cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$folder/initrd.gz.new"
  mv "$folder/initrd.gz.new" "$folder/initrd.gz"
fi
echo "$folder"
