/* fat.h - a disk image with one file on a FAT file system, in memory. */
#ifndef UMBRA_FRONTEND_FAT_H
#define UMBRA_FRONTEND_FAT_H

#include <stddef.h>
#include <stdint.h>

/* Folders and file as 8.3 names in capitals, padded with blanks to 11
 * characters without the dot: "EFI        ", "BOOTX64 EFI". */
struct fat_file {
    const char *const *folders;
    unsigned folder_count;
    const char *name;
    const void *data;
    size_t size;
};

/* A disk with one partition; free() it. NULL: too large, or no memory. */
uint8_t *fat_make_disk(const struct fat_file *file, size_t *size);

#endif
