#!/bin/bash
# install_packages.sh GROUP...: install the Debian packages of these groups of packages.txt; does nothing when all are there.
# A service that such a package brings (nginx) is neither started nor enabled: tests start their own.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

wanted=()
for group in "$@"; do
  mapfile -t -O "${#wanted[@]}" wanted < <(awk -v group="$group" '$1 == group { for (i = 2; i <= NF; i++) print $i }' "$here/packages.txt")
done
missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} = 0 ] && exit 0

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"

# dpkg's maintainer scripts ask policy-rc.d whether a service may start: 101 is "no".
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
log=$(mktemp)
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }
apt update
apt install --no-install-recommends "${missing[@]}"
rm -f "$log"
for package in "${missing[@]}"; do
  case $package in nginx-light) service=nginx ;; ipvsadm | keepalived) service=$package ;; *) continue ;; esac
  ! command -v systemctl >/dev/null || "${as_root[@]}" systemctl disable -q "$service" 2>/dev/null || true
done
