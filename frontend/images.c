/* images.c - finds out what the files on the command line are and reads
 * those that go into memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/efi.h"
#include "frontend/file.h"
#include "frontend/gunzip.h"
#include "frontend/images.h"
#include "frontend/roms.h"

/* Nothing that belongs into a PC's memory is larger. */
#define LIMIT ((size_t)3 << 30)

enum {
    ROM_UNIT = 4 << 10,
    ROM_MIN = 64 << 10,
    ROM_MAX = 16 << 20,
    VGA_ROM_MAX = 64 << 10,
    FLOPPY_SIZE = 1440 << 10,
    UNPACKED_MAX = 1 << 30
};

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

static bool drive_is_free(struct loader *l, enum umbra_drive drive)
{
    return !l->o->config.media[drive].path ||
           refuse(l, l->o->image,
                  "its drive already holds an image; "
                  "name the drive, as -fdb or -hdb");
}

static bool use_drive(struct loader *l, enum umbra_drive drive,
                      const char *boot)
{
    struct umbra_media *media = &l->o->config.media[drive];

    if (!drive_is_free(l, drive))
        return false;
    media->path = l->o->image;
    media->cdrom = drive == UMBRA_HDC;
    media->read_only = media->cdrom;
    if (!l->o->config.boot_order)
        l->o->config.boot_order = boot;
    return true;
}

/* A disk made here, whose writes are thrown away. */
static bool use_memory(struct loader *l, enum umbra_drive drive,
                       const char *boot, size_t size)
{
    struct umbra_media *media = &l->o->config.media[drive];

    if (!use_drive(l, drive, boot))
        return false;
    media->memory.data = l->images->disk;
    media->memory.size = size;
    media->snapshot = true;
    return true;
}

/* A boot sector, or a few, where the BIOS finds it: on a floppy. */
static bool use_boot_sector(struct loader *l)
{
    struct umbra_blob blob;
    uint8_t *data = read_blob(l, l->o->image, &blob);

    if (!data)
        return false;
    l->images->disk = calloc(1, FLOPPY_SIZE);
    if (l->images->disk)
        memcpy(l->images->disk, data,
               blob.size < FLOPPY_SIZE ? blob.size : FLOPPY_SIZE);
    free(data);
    if (!l->images->disk)
        return refuse(l, l->o->image, "out of memory; free some");
    return use_memory(l, UMBRA_FDA, "acd", FLOPPY_SIZE);
}

static bool use_efi(struct loader *l)
{
    struct umbra_blob blob;
    uint8_t *data = read_blob(l, l->o->image, &blob);
    size_t size = 0;

    if (!data)
        return false;
    l->images->disk = efi_make_disk(l->o->image, data, blob.size, &size,
                                    l->error, l->error_size);
    free(data);
    l->images->efi = true;
    return l->images->disk && use_memory(l, UMBRA_HDA, "c", size);
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
    if (image == UMBRA_IMAGE_UNKNOWN && gunzip_is_packed(head, size))
        image = UMBRA_IMAGE_MULTIBOOT; /* read_kernel will see */
    free(head);
    switch (image) {
    case UMBRA_IMAGE_FLOPPY:
        return use_drive(l, UMBRA_FDA, "acd");
    case UMBRA_IMAGE_BOOT_SECTOR:
        return use_boot_sector(l);
    case UMBRA_IMAGE_EFI:
        return use_efi(l);
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

static enum umbra_image identify(const struct umbra_blob *blob)
{
    size_t head =
        blob->size < UMBRA_IDENTIFY_SIZE ? blob->size : UMBRA_IDENTIFY_SIZE;

    return umbra_identify(blob->data, head, blob->size);
}

/* What is packed by gzip is replaced by what is in it, if that is a kernel. */
static void unpack_kernel(struct loader *l)
{
    struct umbra_blob *kernel = &l->o->config.kernel, inside;
    uint8_t *data;

    if (!gunzip_is_packed(kernel->data, kernel->size))
        return;
    inside.data = data =
        gunzip_unpack(kernel->data, kernel->size, UNPACKED_MAX, &inside.size);
    if (!data)
        return;
    if (identify(&inside) < UMBRA_IMAGE_LINUX) {
        free(data);
        return;
    }
    free(l->images->kernel);
    l->images->kernel = data;
    *kernel = inside;
}

static bool read_kernel(struct loader *l)
{
    struct umbra_config *config = &l->o->config;
    enum umbra_image image;

    l->images->kernel = read_blob(l, l->o->kernel, &config->kernel);
    if (!l->images->kernel)
        return false;
    config->kernel_name = l->o->kernel;
    unpack_kernel(l);
    image = identify(&config->kernel);
    l->images->efi = image == UMBRA_IMAGE_EFI;
    if (!l->o->initrd)
        return true;
    if (image == UMBRA_IMAGE_MULTIBOOT || image == UMBRA_IMAGE_ELF)
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

/* EFI applications need firmware that the user may not have named. */
static bool find_uefi(struct loader *l)
{
    if (!l->images->efi || l->o->bios || l->o->config.flash[0].path)
        return true;
    if (!efi_find_firmware(l->images->bios_path, sizeof l->images->bios_path))
        return refuse(l, l->o->image ? l->o->image : l->o->kernel,
                      "is an EFI application, and there is no UEFI firmware "
                      "here; install OVMF (Debian: package ovmf) or name one "
                      "with -bios");
    l->o->bios = l->images->bios_path;
    return true;
}

static bool read_vgabios(struct loader *l)
{
    struct umbra_config *config = &l->o->config;

    config->vgabios.data = umbra_rom_vgabios;
    config->vgabios.size = umbra_rom_vgabios_size;
    if (!l->o->vgabios)
        return true;
    l->images->vgabios = read_blob(l, l->o->vgabios, &config->vgabios);
    if (!l->images->vgabios)
        return false;
    if (config->vgabios.size > VGA_ROM_MAX || config->vgabios.size < 512 ||
        l->images->vgabios[0] != 0x55 || l->images->vgabios[1] != 0xAA)
        return refuse(l, l->o->vgabios,
                      "is no video BIOS: it does not begin with 55 AA, or has "
                      "more than 64 KiB; use another file");
    return true;
}

static bool check_smm(struct loader *l)
{
    const char *flash = l->o->config.flash[0].path;
    const char *path = l->o->bios ? l->o->bios : flash;

    return !path || !efi_needs_smm(path) ||
           refuse(l, path,
                  "this build of OVMF needs system-management mode, which "
                  "this PC lacks; use one without \"secboot\" in its name, as "
                  "OVMF_CODE_4M.fd");
}

static bool read_firmware(struct loader *l)
{
    struct umbra_config *config = &l->o->config;

    if (!find_uefi(l) || !check_smm(l) || !read_vgabios(l))
        return false;
    if (l->o->bios) {
        l->images->bios = read_blob(l, l->o->bios, &config->bios);
        if (!l->images->bios)
            return false;
        if (config->bios.size % ROM_UNIT || config->bios.size < ROM_MIN ||
            config->bios.size > ROM_MAX)
            return refuse(l, l->o->bios,
                          "is no ROM: its size is not a multiple of 4 KiB "
                          "from 64 KiB to 16 MiB; use another file");
        return true;
    }
    config->bios.data = umbra_rom_bios;
    config->bios.size = umbra_rom_bios_size;
    return true;
}

static bool read_loads(struct loader *l)
{
    struct umbra_config *config = &l->o->config;

    for (unsigned i = 0; i < l->o->loads; i++) {
        const struct options_load *load = &l->o->load[i];
        struct umbra_raw *raw = &config->raw[i];
        l->images->raw[i] = read_blob(l, load->path, &raw->image);
        if (!l->images->raw[i])
            return false;
        raw->name = load->path;
        raw->address = load->address;
        config->raw_count++;
    }
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
    if (!read_loads(&l))
        return false;
    if (options->kernel && !read_kernel(&l))
        return false;
    return read_option_roms(&l) && read_firmware(&l);
}

void images_free(struct images *images)
{
    free(images->bios);
    free(images->vgabios);
    free(images->disk);
    for (int i = 0; i < UMBRA_MAX_RAW; i++)
        free(images->raw[i]);
    free(images->kernel);
    for (int i = 0; i < UMBRA_MAX_MODULES; i++)
        free(images->module[i]);
    for (int i = 0; i < UMBRA_MAX_OPTION_ROMS; i++)
        free(images->option_rom[i]);
    free(images->texts);
    memset(images, 0, sizeof *images);
}
