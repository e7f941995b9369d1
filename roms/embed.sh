#!/bin/sh
# embed.sh DIR - print the firmware images of DIR as C arrays.
set -eu
echo '/* Made by roms/embed.sh. */'
echo '#include "frontend/roms.h"'
for name in bios vgabios; do
    file=$1/$name.bin
    echo "const unsigned char umbra_rom_$name[] = {"
    od -An -v -tx1 "$file" | sed 's/ \(..\)/0x\1,/g'
    echo '};'
    echo "const size_t umbra_rom_${name}_size = sizeof umbra_rom_$name;"
done
