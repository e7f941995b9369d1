/* efi.h - applications for UEFI: what they are for, who can start them. */
#ifndef UMBRA_FRONTEND_EFI_H
#define UMBRA_FRONTEND_EFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An application as the file that firmware starts from a disk: that disk,
 * in memory; free() it. NULL with "NAME: reason; remedy". */
uint8_t *efi_make_disk(const char *name, const void *data, size_t size,
                       size_t *disk_size, char *error, size_t error_size);
/* UEFI firmware for x86-64 among what the host has installed. */
bool efi_find_firmware(char *path, size_t size);
/* Builds of OVMF that need system-management mode, by their names. */
bool efi_needs_smm(const char *path);

#endif
