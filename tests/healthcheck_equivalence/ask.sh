#!/bin/bash
# ask.sh ADDRESS PORT: exits with the number that the scripted server there says (behaviour "say"); 1 when it says none.
exec 3<>"/dev/tcp/$1/$2" || exit 1
read -r status <&3 && exit "$status"
exit 1
