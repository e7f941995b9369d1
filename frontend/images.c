/* images.c - finds out what the files on the command line are and reads
 * those that go into memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/file.h"
#include "frontend/images.h"
#include "frontend/roms.h"

/* Nothing that belongs into a PC's memory is larger. */
#define LIMIT ((size_t)3 << 30)

enum { ROM_UNIT = 64 << 10, ROM_MAX = 16 << 20 };

struct loader {
    struct images *images;
    struct options *o;
    char *error;
    size_t error_size;
};

static bool refuse(struct loader *l, const char *name, const char *reason)
{
    snprintf(l->error, l->error_size, "%s: %s", name, reason);
    return false;
}

static uint8_t *read_blob(struct loader *l, const char *path,
                          struct umbra_blob *blob)
{
    uint64_t length;
    uint8_t *data =
        file_read(path, LIMIT, &blob->size, &length, l->error, l->error_size);

    blob->data = data;
    if (data && (!blob->size || length > blob->size)) {
        refuse(l, path,
               blob->size ? "is too large for a PC's memory; use "
                            "another file"
                          : "is empty; use another file");
        free(data);
        return NULL;
    }
    return data;
}

/* ------------------------------------------------------- the bare image */

static bool use_drive(struct loader *l, enum umbra_drive drive,
                      const char *boot)
{
    struct umbra_media *media = &l->o->config.media[drive];

    if (media->path)
        return refuse(l, l->o->image,
                      "its drive already holds an image; "
                      "name the drive, as -fdb or -hdb");
    media->path = l->o->image;
    media->cdrom = drive == UMBRA_HDC;
    media->read_only = media->cdrom;
    if (!l->o->config.boot_order)
        l->o->config.boot_order = boot;
    return true;
}

static bool recognise(struct loader *l)
{
    const char *path = l->o->image;
    enum umbra_image image;
    uint64_t length;
    size_t size;
    uint8_t *head = file_read(path, UMBRA_IDENTIFY_SIZE, &size, &length,
                              l->error, l->error_size);

    if (!head)
        return false;
    image = umbra_identify(head, size, length);
    free(head);
    switch (image) {
    case UMBRA_IMAGE_FLOPPY:
        return use_drive(l, UMBRA_FDA, "acd");
    case UMBRA_IMAGE_DISK:
        return use_drive(l, UMBRA_HDA, "cad");
    case UMBRA_IMAGE_CDROM:
        return use_drive(l, UMBRA_HDC, "dca");
    case UMBRA_IMAGE_UNKNOWN:
        return refuse(l, path,
                      length ? "is no image that I know; if it is one, name "
                               "its drive with -fda, -hda or -cdrom"
                             : "is empty; use another file");
    default:
        l->o->kernel = path;
        return true;
    }
}

/* ------------------------------------------------------------- modules */

static bool read_module(struct loader *l, const char *path, const char *cmdline)
{
    struct umbra_config *config = &l->o->config;
    unsigned n = config->module_count;
    struct umbra_module *module = &config->modules[n];

    if (n == UMBRA_MAX_MODULES)
        return refuse(l, "-initrd", "names too many modules; 16 are allowed");
    l->images->module[n] = read_blob(l, path, &module->image);
    module->name = path;
    module->cmdline = cmdline;
    config->module_count += l->images->module[n] != NULL;
    return l->images->module[n] != NULL;
}

/* "FILE ARGS,FILE ARGS": each module's string is the whole piece, its file
 * the part before the first blank. */
static bool read_modules(struct loader *l)
{
    size_t length = strlen(l->o->initrd);
    char *piece = l->images->texts = malloc(2 * (length + 1));
    char *name, *end;

    if (!piece)
        return refuse(l, "-initrd", "out of memory; free some");
    name = piece + length + 1;
    memcpy(piece, l->o->initrd, length + 1);
    while (piece) {
        end = strchr(piece, ',');
        if (end)
            *end++ = 0;
        length = strcspn(piece, " ");
        memcpy(name, piece, length);
        name[length] = 0;
        if (!read_module(l, name, piece))
            return false;
        name += length + 1;
        piece = end;
    }
    return true;
}

static bool read_kernel(struct loader *l)
{
    struct umbra_config *config = &l->o->config;
    size_t head;

    l->images->kernel = read_blob(l, l->o->kernel, &config->kernel);
    if (!l->images->kernel)
        return false;
    config->kernel_name = l->o->kernel;
    if (!l->o->initrd)
        return true;
    head = config->kernel.size < UMBRA_IDENTIFY_SIZE ? config->kernel.size
                                                     : UMBRA_IDENTIFY_SIZE;
    if (umbra_identify(config->kernel.data, head, config->kernel.size) ==
        UMBRA_IMAGE_MULTIBOOT)
        return read_modules(l);
    return read_module(l, l->o->initrd, NULL);
}

static bool read_option_roms(struct loader *l)
{
    struct umbra_config *config = &l->o->config;

    for (unsigned i = 0; i < l->o->option_roms; i++) {
        const char *path = l->o->option_rom[i];
        struct umbra_module *rom = &config->option_roms[i];
        const uint8_t *bytes = l->images->option_rom[i] =
            read_blob(l, path, &rom->image);

        if (!bytes)
            return false;
        if (rom->image.size < 512 || bytes[0] != 0x55 || bytes[1] != 0xAA)
            return refuse(l, path,
                          "is no option ROM: it does not begin with 55 AA; "
                          "use another file");
        rom->name = path;
        config->option_rom_count++;
    }
    return true;
}

static bool read_firmware(struct loader *l)
{
    struct umbra_config *config = &l->o->config;

    config->vgabios.data = umbra_rom_vgabios;
    config->vgabios.size = umbra_rom_vgabios_size;
    if (l->o->bios) {
        l->images->bios = read_blob(l, l->o->bios, &config->bios);
        if (!l->images->bios)
            return false;
        if (config->bios.size % ROM_UNIT || config->bios.size > ROM_MAX)
            return refuse(l, l->o->bios,
                          "is no ROM: its size is not a multiple of 64 KiB "
                          "up to 16 MiB; use another file");
        return true;
    }
    config->bios.data = umbra_rom_bios;
    config->bios.size = umbra_rom_bios_size;
    return true;
}

bool images_load(struct images *images, struct options *options, char *error,
                 size_t error_size)
{
    struct loader l = {images, options, error, error_size};

    memset(images, 0, sizeof *images);
    if (options->image && !recognise(&l))
        return false;
    if (options->initrd && !options->kernel)
        return refuse(&l, "-initrd", "there is no kernel; add -kernel FILE");
    if (options->config.cmdline && !options->kernel)
        return refuse(&l, "-append", "there is no kernel; add -kernel FILE");
    if (options->kernel && !read_kernel(&l))
        return false;
    return read_option_roms(&l) && read_firmware(&l);
}

void images_free(struct images *images)
{
    free(images->bios);
    free(images->kernel);
    for (int i = 0; i < UMBRA_MAX_MODULES; i++)
        free(images->module[i]);
    for (int i = 0; i < UMBRA_MAX_OPTION_ROMS; i++)
        free(images->option_rom[i]);
    free(images->texts);
    memset(images, 0, sizeof *images);
}
