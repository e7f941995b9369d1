/* efi.c - applications for UEFI: what they are for, who can start them.
 *
 * UEFI 2.10, 3.5.1.1: firmware starts \EFI\BOOT\BOOTX64.EFI of a disk that
 * has nothing else to start. The PE header (Microsoft PE/COFF) names the
 * machine. */
#include "frontend/efi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/fat.h"

enum { MACHINE_X64 = 0x8664, MACHINE_I386 = 0x14C };

/* Where Linux distributions and Homebrew put OVMF for x86-64. */
static const char *const firmware[] = {
    "/usr/share/ovmf/OVMF.fd",
    "/usr/share/OVMF/OVMF.fd",
    "/usr/share/qemu/OVMF.fd",
    "/usr/share/edk2/x64/OVMF.4m.fd",
    "/usr/share/edk2-ovmf/x64/OVMF.fd",
    "/usr/share/edk2/ovmf/OVMF.inteltdx.fd",
    "/usr/share/OVMF/OVMF_CODE_4M.fd",
    "/usr/share/OVMF/OVMF_CODE.fd",
    "/usr/share/edk2/ovmf/OVMF_CODE.fd",
    "/usr/share/qemu/edk2-x86_64-code.fd",
    "/usr/local/share/qemu/edk2-x86_64-code.fd",
    "/opt/homebrew/share/qemu/edk2-x86_64-code.fd",
};

bool efi_find_firmware(char *path, size_t size)
{
    for (size_t i = 0; i < sizeof firmware / sizeof *firmware; i++) {
        FILE *file = fopen(firmware[i], "rb");
        if (!file)
            continue;
        fclose(file);
        snprintf(path, size, "%s", firmware[i]);
        return true;
    }
    return false;
}

bool efi_needs_smm(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash : path;

    return strstr(name, "secboot") ||
           (strstr(name, "CODE") &&
            (strstr(name, ".ms.") || strstr(name, ".snakeoil.")));
}

/* The header was checked when the file was recognised. */
static unsigned machine_of(const uint8_t *data, size_t size)
{
    size_t at = size < 0x40
                    ? size
                    : data[0x3C] | (size_t)data[0x3D] << 8 |
                          (size_t)data[0x3E] << 16 | (size_t)data[0x3F] << 24;

    return at + 6 <= size ? data[at + 4] | (unsigned)data[at + 5] << 8 : 0;
}

uint8_t *efi_make_disk(const char *name, const void *data, size_t size,
                       size_t *disk_size, char *error, size_t error_size)
{
    static const char *const folders[] = {"EFI        ", "BOOT       "};
    unsigned machine = machine_of(data, size);
    const struct fat_file file = {
        .folders = folders,
        .folder_count = 2,
        .name = machine == MACHINE_X64 ? "BOOTX64 EFI" : "BOOTIA32EFI",
        .data = data,
        .size = size,
    };
    uint8_t *disk = NULL;

    if (machine != MACHINE_X64 && machine != MACHINE_I386)
        snprintf(error, error_size,
                 "%s: is an EFI application for machine 0x%x, not for a PC; "
                 "build it for x86-64",
                 name, machine);
    else if (!(disk = fat_make_disk(&file, disk_size)))
        snprintf(error, error_size,
                 "%s: does not go onto a disk in memory; put it on a disk "
                 "image as EFI/BOOT/BOOTX64.EFI",
                 name);
    return disk;
}
