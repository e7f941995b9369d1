/* boot_image.c - what a file is, by its first bytes and its size.
 *
 * A disk image may hold anything, also headers of kernels: GRUB's core image
 * in the gap behind the MBR carries a Multiboot header. So disks are asked
 * for first, and file formats whose magic sits at offset 0 before them. */
#include "devices/boot_image.h"

#include "devices/fdc_i82077.h"

enum {
    BOOT_SIGNATURE = 0xAA55, /* at 510 */
    MBR_TABLE = 446,
    LINUX_SETUP_SECTORS = 0x1F1,
    LINUX_SETUP_DEFAULT = 4,
    LINUX_MAGIC_AT = 0x202,
    ISO_VOLUME = 0x8000, /* ECMA-119: sector 16 */
    MULTIBOOT_SEARCH = 8192,
    MULTIBOOT_HEADER_SIZE = 12,
    MULTIBOOT2_SEARCH = 32768,
    MULTIBOOT2_HEADER_SIZE = 16,
    FLOPPY_USUAL = 1440 * 1024,
    FLOPPY_MAX = 2880 * 1024
};
#define MULTIBOOT_MAGIC  0x1BADB002u
#define MULTIBOOT2_MAGIC 0xE85250D6u
#define LINUX_MAGIC      0x53726448u /* "HdrS" */

static bool has_boot_signature(const uint8_t *head, size_t size)
{
    return size >= 512 && load_le16(head + 510) == BOOT_SIGNATURE;
}

/* A table of partitions: every used entry is plausible, one is used. */
static bool has_partitions(const uint8_t *head, uint64_t file_size)
{
    bool used = false;

    for (int i = 0; i < 4; i++) {
        const uint8_t *entry = head + MBR_TABLE + 16 * i;
        if (entry[0] & 0x7F)
            return false;
        if (!entry[4])
            continue;
        if (!load_le32(entry + 8) || !load_le32(entry + 12) ||
            load_le32(entry + 8) >= file_size / 512)
            return false;
        used = true;
    }
    return used;
}

/* A FAT boot sector may lack the signature on old floppies. */
static bool has_bpb(const uint8_t *head, size_t size)
{
    return size >= 512 && (head[0] == 0xEB || head[0] == 0xE9) &&
           load_le16(head + 11) == 512 && head[13] &&
           !(head[13] & (head[13] - 1)) && head[16] && head[16] <= 2 &&
           head[21] >= 0xF0;
}

static bool is_linux(const uint8_t *data, uint64_t size)
{
    return size > 0x400 && load_le16(data + 510) == BOOT_SIGNATURE &&
           load_le32(data + LINUX_MAGIC_AT) == LINUX_MAGIC;
}

/* boot.rst: the boot sector comes first, a count of 0 is an old kernel's. */
uint32_t boot_image_setup_size(const uint8_t *data)
{
    unsigned sectors = data[LINUX_SETUP_SECTORS];

    return ((sectors ? sectors : LINUX_SETUP_DEFAULT) + 1) * 512u;
}

/* System V ABI: an executable for the i386 or x86-64. */
static bool is_elf(const uint8_t *data, uint64_t size)
{
    return size >= 52 && !memcmp(data, "\177ELF", 4) &&
           (data[4] == 1 || data[4] == 2) && data[5] == 1 &&
           load_le16(data + 16) == 2 &&
           (load_le16(data + 18) == 3 || load_le16(data + 18) == 62);
}

/* PE/COFF: a PE header with a subsystem of UEFI. */
unsigned boot_image_efi(const uint8_t *data, uint64_t size)
{
    enum { SUBSYSTEM = 24 + 68, EFI_APPLICATION = 10, EFI_ROM = 13 };
    uint32_t at;
    unsigned subsystem;

    if (size < 0x40 || data[0] != 'M' || data[1] != 'Z')
        return 0;
    at = load_le32(data + 0x3C);
    if (at > size || size - at < SUBSYSTEM + 2 ||
        memcmp(data + at, "PE\0\0", 4) != 0)
        return 0;
    subsystem = load_le16(data + at + SUBSYSTEM);
    return subsystem >= EFI_APPLICATION && subsystem <= EFI_ROM
               ? load_le16(data + at + 4)
               : 0;
}

/* PI specification, volume 3: firmware volumes begin on 4 KiB. */
bool boot_image_is_uefi(const uint8_t *rom, uint64_t size)
{
    for (uint64_t at = 0; at + 0x38 <= size; at += PAGE_SIZE)
        if (!memcmp(rom + at + 0x28, "_FVH", 4))
            return true;
    return false;
}

static bool rom_says(const uint8_t *rom, uint64_t size, const char *text)
{
    size_t length = strlen(text);

    for (uint64_t at = 0; at + length <= size; at++)
        if (!memcmp(rom + at, text, length))
            return true;
    return false;
}

bool boot_image_is_ours(const uint8_t *rom, uint64_t size)
{
    return rom_says(rom, size, "Umbra BIOS");
}

bool boot_image_is_bochs(const uint8_t *rom, uint64_t size)
{
    return rom_says(rom, size, "The Bochs Project");
}

long boot_image_multiboot(const uint8_t *data, uint64_t size)
{
    uint64_t end = min_u64(size, MULTIBOOT_SEARCH);

    for (uint64_t at = 0; at + MULTIBOOT_HEADER_SIZE <= end; at += 4) {
        if (load_le32(data + at) != MULTIBOOT_MAGIC)
            continue;
        if (MULTIBOOT_MAGIC + load_le32(data + at + 4) +
                load_le32(data + at + 8) ==
            (uint32_t)0)
            return (long)at;
    }
    return -1;
}

/* Multiboot 2, 3.1.1: magic, architecture (0 i386), length, checksum. */
long boot_image_multiboot2(const uint8_t *data, uint64_t size)
{
    uint64_t end = min_u64(size, MULTIBOOT2_SEARCH);

    for (uint64_t at = 0; at + MULTIBOOT2_HEADER_SIZE <= end; at += 8)
        if (load_le32(data + at) == MULTIBOOT2_MAGIC &&
            load_le32(data + at + 4) == 0 &&
            MULTIBOOT2_MAGIC + load_le32(data + at + 4) +
                    load_le32(data + at + 8) + load_le32(data + at + 12) ==
                (uint32_t)0)
            return (long)at;
    return -1;
}

/* ELF machines and other formats that people take for a PC's. */
const char *boot_image_hint(const uint8_t *data, uint64_t size)
{
    if (size >= 20 && !memcmp(data, "\177ELF", 4)) {
        if (load_le16(data + 18) != 3 && load_le16(data + 18) != 62)
            return "its ELF header names a machine that is no x86; build it "
                   "for the i386 or x86-64";
        return "its ELF header says that it is no executable; link it as one";
    }
    if (size >= 2 && data[0] == 0x1F && data[1] == 0x8B)
        return "it is compressed by gzip; unpack it first";
    if (size >= 6 && !memcmp(data,
                             "\xFD"
                             "7zXZ",
                             5))
        return "it is compressed by xz; unpack it first";
    if (size >= 2 && data[0] == 'M' && data[1] == 'Z')
        return "it is a program for DOS or Windows; boot one of these from "
               "a disk";
    return "boot disk images with -fda, -hda or -cdrom, put other files into "
           "memory with --load FILE@ADDRESS";
}

enum boot_image boot_image_kernel(const uint8_t *data, uint64_t size)
{
    if (is_linux(data, size))
        return BOOT_IMAGE_LINUX;
    if (boot_image_multiboot2(data, size) >= 0 ||
        boot_image_multiboot(data, size) >= 0)
        return BOOT_IMAGE_MULTIBOOT;
    if (is_elf(data, size))
        return BOOT_IMAGE_ELF;
    if (boot_image_efi(data, size))
        return BOOT_IMAGE_EFI;
    return BOOT_IMAGE_UNKNOWN;
}

enum boot_image boot_image_identify(const uint8_t *head, size_t head_size,
                                    uint64_t file_size)
{
    static const uint8_t qcow2[4] = {'Q', 'F', 'I', 0xFB};

    if (head_size >= sizeof qcow2 && !memcmp(head, qcow2, sizeof qcow2))
        return BOOT_IMAGE_DISK;
    if (head_size >= ISO_VOLUME + 6 &&
        !memcmp(head + ISO_VOLUME + 1, "CD001", 5))
        return BOOT_IMAGE_CDROM;
    if (is_elf(head, head_size))
        return boot_image_kernel(head, head_size);
    if (fdc_is_format(file_size) &&
        (has_boot_signature(head, head_size) || has_bpb(head, head_size)))
        return BOOT_IMAGE_FLOPPY;
    if (is_linux(head, head_size))
        return BOOT_IMAGE_LINUX;
    if (boot_image_efi(head, head_size))
        return BOOT_IMAGE_EFI;
    if (has_boot_signature(head, head_size))
        return file_size > FLOPPY_MAX || has_partitions(head, file_size)
                   ? BOOT_IMAGE_DISK
               : file_size < FLOPPY_USUAL ? BOOT_IMAGE_BOOT_SECTOR
                                          : BOOT_IMAGE_FLOPPY;
    if (boot_image_multiboot2(head, head_size) >= 0 ||
        boot_image_multiboot(head, head_size) >= 0)
        return BOOT_IMAGE_MULTIBOOT;
    if (fdc_is_format(file_size))
        return BOOT_IMAGE_FLOPPY;
    return BOOT_IMAGE_UNKNOWN;
}

const char *boot_image_name(enum boot_image image)
{
    static const char *const names[] = {
        [BOOT_IMAGE_UNKNOWN] = "unknown file",
        [BOOT_IMAGE_FLOPPY] = "floppy image",
        [BOOT_IMAGE_BOOT_SECTOR] = "boot sector",
        [BOOT_IMAGE_DISK] = "hard-disk image",
        [BOOT_IMAGE_CDROM] = "CD-ROM image",
        [BOOT_IMAGE_LINUX] = "Linux kernel",
        [BOOT_IMAGE_MULTIBOOT] = "Multiboot kernel",
        [BOOT_IMAGE_ELF] = "ELF executable",
        [BOOT_IMAGE_EFI] = "EFI application",
    };

    return (unsigned)image < ARRAY_LEN(names) ? names[image] : names[0];
}
