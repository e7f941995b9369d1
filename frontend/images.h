/* images.h - finds out what the files on the command line are and reads
 * those that go into memory: firmware, kernel, initrd, modules. */
#ifndef UMBRA_FRONTEND_IMAGES_H
#define UMBRA_FRONTEND_IMAGES_H

#include "frontend/options.h"

/* What images_load read; the PC's configuration points into it. */
struct images {
    uint8_t *bios, *vgabios, *kernel;
    uint8_t *disk; /* made in memory, for a boot sector or EFI */
    uint8_t *raw[UMBRA_MAX_RAW];
    bool efi;             /* UEFI firmware is needed */
    char bios_path[1024]; /* of firmware that was found */
    uint8_t *module[UMBRA_MAX_MODULES];
    uint8_t *option_rom[UMBRA_MAX_OPTION_ROMS];
    char *texts; /* strings cut out of -initrd */
};

/* Fill in the rest of options->config. False with one line in error[]. */
bool images_load(struct images *images, struct options *options, char *error,
                 size_t error_size);
void images_free(struct images *images);

#endif
