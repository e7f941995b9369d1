/* own_bios.h - for tests that run a guest behind our own BIOS. */
#ifndef UMBRA_TESTS_OWN_BIOS_H
#define UMBRA_TESTS_OWN_BIOS_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "umbra.h"

enum { ROM_ROOM = 256 << 10, IMAGE_ROOM = 1 << 20, FLOPPY_SIZE = 360 << 10 };

static inline size_t read_rom(const char *name, uint8_t data[ROM_ROOM])
{
    const char *source = getenv("SRCDIR");
    char path[512];
    size_t size;
    FILE *f;

    snprintf(path, sizeof path, "%s/roms/%s", source ? source : SRCDIR, name);
    f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s: cannot be read", path);
    size = fread(data, 1, ROM_ROOM, f);
    fclose(f);
    return size;
}

/* A PC of 8 MiB with our BIOS and VGA BIOS; no media. */
static inline void own_bios_config(struct umbra_config *config)
{
    static uint8_t bios[ROM_ROOM], vgabios[ROM_ROOM];

    umbra_config_default(config);
    config->ram_bytes = 8 << 20;
    config->bios = (struct umbra_blob){bios, read_rom("bios.bin", bios)};
    config->vgabios =
        (struct umbra_blob){vgabios, read_rom("vgabios.bin", vgabios)};
}

/* A file with `head` in front and numbers that do not repeat behind; `name`
 * ends in the six characters that become its own. */
static inline void make_image(char *name, const void *head, size_t head_size,
                              size_t size)
{
    static uint8_t data[IMAGE_ROOM];
    uint32_t value = 1;
    FILE *f;

    ck_assert(head_size <= size && size <= sizeof data);
    strcpy(name + strlen(name) - 6, "XXXXXX");
    f = fdopen(mkstemp(name), "wb");
    ck_assert_ptr_nonnull(f);
    for (size_t i = 0; i < size; i++) {
        value = value * 1664525 + 1013904223;
        data[i] = (uint8_t)(value >> 24);
    }
    if (head_size)
        memcpy(data, head, head_size);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
}

#endif
