/* boot_image.h - what a file is, by its first bytes and its size. */
#ifndef UMBRA_BOOT_IMAGE_H
#define UMBRA_BOOT_IMAGE_H

#include "devices/core/base.h"

/* ORDER: as enum umbra_image in umbra.h. */
enum boot_image {
    BOOT_IMAGE_UNKNOWN,
    BOOT_IMAGE_FLOPPY,
    BOOT_IMAGE_BOOT_SECTOR,
    BOOT_IMAGE_DISK,
    BOOT_IMAGE_CDROM,
    BOOT_IMAGE_LINUX,
    BOOT_IMAGE_MULTIBOOT,
    BOOT_IMAGE_ELF,
    BOOT_IMAGE_EFI
};

/* Of the whole file, or of its first 36 KiB. */
enum boot_image boot_image_identify(const uint8_t *head, size_t head_size,
                                    uint64_t file_size);
/* As above, but only the kinds that can be loaded directly count: a floppy
 * image may well hold a Multiboot header. */
enum boot_image boot_image_kernel(const uint8_t *data, uint64_t size);
const char *boot_image_name(enum boot_image image);

/* Bytes of a Linux kernel's boot sector and set-up code. */
uint32_t boot_image_setup_size(const uint8_t *data);
/* The machine (PE/COFF: 0x8664 x86-64, 0x14C i386 ...) that an application
 * for UEFI is for; 0 when it is none. */
unsigned boot_image_efi(const uint8_t *data, uint64_t size);
/* Does this ROM hold UEFI firmware, our own BIOS, or Bochs'? */
bool boot_image_is_uefi(const uint8_t *rom, uint64_t size);
bool boot_image_is_ours(const uint8_t *rom, uint64_t size);
bool boot_image_is_bochs(const uint8_t *rom, uint64_t size);

/* Offset of the Multiboot 1 header or -1. */
long boot_image_multiboot(const uint8_t *data, uint64_t size);
/* The same for Multiboot 2. */
long boot_image_multiboot2(const uint8_t *data, uint64_t size);
/* What to do with a file that holds no kernel we know. */
const char *boot_image_hint(const uint8_t *data, uint64_t size);

#endif
