/* machine_firmware.c - ROM and flash below 4 GiB.
 *
 * Either a ROM with the bytes of the configuration, or flash chips whose
 * contents are image files: unit 0 ends at 4 GiB, unit 1 lies below it. The
 * last 128 KiB also show below 1 MiB, where shadow RAM can take their
 * place. */
#include <stdio.h>

#include "devices/disk.h"
#include "devices/i440fx.h"
#include "devices/machine_state.h"
#include "devices/pflash_cfi.h"
#include "mmu/track.h"

#define FOUR_GIB (1ull << 32)

enum {
    VGA_ROM = 0xC0000,
    ROM_UNIT = 0x4000, /* PAM works on 16 KiB */
    BIOS_UNIT = 0x10000,
    BIOS_MAX = 16 << 20,
    FLASH_MAX = 8 << 20
};

static bool check_rom(const struct machine_config *c, char *error)
{
    if (!c->bios || !c->bios_size)
        snprintf(error, MACHINE_ERROR_SIZE,
                 "firmware: there is none; name "
                 "a file with -bios");
    else if (c->bios_size % PAGE_SIZE || c->bios_size < BIOS_UNIT ||
             c->bios_size > BIOS_MAX)
        snprintf(error, MACHINE_ERROR_SIZE,
                 "firmware: %zu bytes are no ROM; its size must be a multiple "
                 "of 4 KiB from 64 KiB to 16 MiB",
                 c->bios_size);
    else
        return true;
    return false;
}

bool machine_check_firmware(const struct machine_config *c, char *error)
{
    bool flash = c->flash[0].path;

    if (!flash && c->flash[1].path)
        snprintf(error, MACHINE_ERROR_SIZE,
                 "%s: flash unit 1 lies below unit 0; name that, too",
                 c->flash[1].path);
    else if (c->vgabios_size > BIOS_UNIT)
        snprintf(error, MACHINE_ERROR_SIZE,
                 "VGA firmware: is larger than "
                 "64 KiB; use another file");
    else
        return flash || check_rom(c, error);
    return false;
}

/* ------------------------------------------------------------------ flash */

static bool open_flash(struct machine *m, unsigned unit, char *error)
{
    const struct machine_media *media = &m->config.flash[unit];
    const struct disk_options options = {
        .read_only = media->read_only,
        .snapshot = media->snapshot,
        .format = media->format,
        .log = &m->log,
        .failed = machine_disk_failed,
        .opaque = m,
    };
    struct disk *disk =
        disk_open(media->path, &options, error, MACHINE_ERROR_SIZE);
    uint64_t size = disk ? disk_size(disk) : 0;

    m->flash_disk[unit] = disk;
    if (!disk)
        return false;
    if (size % PFLASH_BLOCK || size > FLASH_MAX || (!unit && size < BIOS_UNIT))
        snprintf(error, MACHINE_ERROR_SIZE,
                 "%s: %llu bytes are no flash chip; its size must be a "
                 "multiple of 4 KiB up to 8 MiB, unit 0 from 64 KiB",
                 media->path, (unsigned long long)size);
    else
        m->flash_array[unit] =
            ram_create("flash", size, m->track, error, MACHINE_ERROR_SIZE);
    if (!m->flash_array[unit])
        return false;
    if (disk_read(disk, 0, m->flash_array[unit]->host, (size_t)size) < 0) {
        snprintf(error, MACHINE_ERROR_SIZE,
                 "%s: cannot be read; use another file", media->path);
        return false;
    }
    return true;
}

static bool build_flash(struct machine *m, unsigned unit, uint64_t *base,
                        char *error)
{
    static const char *const id[MACHINE_FLASHES] = {"pflash0", "pflash1"};

    if (!m->config.flash[unit].path)
        return true;
    if (!open_flash(m, unit, error))
        return false;
    *base -= m->flash_array[unit]->size;
    m->flash[unit] = pflash_create(&(struct pflash_config){
        .id = id[unit],
        .memory = m->memory,
        .base = *base,
        .array = m->flash_array[unit],
        .disk = m->flash_disk[unit],
        .sched = &m->sched,
        .log = &m->log,
    });
    /* The strings are the caller's. */
    m->config.flash[unit] = (struct machine_media){.path = ""};
    if (!m->flash[unit]) {
        snprintf(error, MACHINE_ERROR_SIZE,
                 "flash: the host has no memory for it; free some");
        return false;
    }
    device_add(&m->devices, pflash_device(m->flash[unit]));
    return true;
}

bool machine_flush_flash(struct machine *m, char *error)
{
    for (unsigned i = 0; i < MACHINE_FLASHES; i++) {
        if (m->flash[i] && (pflash_write_back(m->flash[i]) < 0 ||
                            disk_flush(m->flash_disk[i]) < 0)) {
            snprintf(error, MACHINE_ERROR_SIZE,
                     "%s: the firmware's variables could not be kept; make "
                     "room on the host's disk",
                     disk_path(m->flash_disk[i]));
            return false;
        }
    }
    return true;
}

void machine_release_firmware(struct machine *m)
{
    for (unsigned i = 0; i < MACHINE_FLASHES; i++) {
        disk_close(m->flash_disk[i]);
        ram_destroy(m->flash_array[i]);
    }
    ram_destroy(m->vga_rom);
    ram_destroy(m->bios_rom);
}

/* -------------------------------------------------------------------- ROM */

static bool build_bios(struct machine *m, char *error)
{
    const struct machine_config *c = &m->config;

    m->bios_rom =
        ram_create("BIOS", c->bios_size, m->track, error, MACHINE_ERROR_SIZE);
    if (!m->bios_rom)
        return false;
    memcpy(m->bios_rom->host, c->bios, c->bios_size);
    m->bios_top = (struct region){
        .name = "bios",
        .base = FOUR_GIB - c->bios_size,
        .size = c->bios_size,
        .kind = REGION_ROM,
        .ram = m->bios_rom,
    };
    addrspace_map(m->memory, &m->bios_top);
    return true;
}

static bool build_vgabios(struct machine *m, char *error)
{
    const struct machine_config *c = &m->config;
    uint64_t size =
        (c->vgabios_size + ROM_UNIT - 1) & ~(uint64_t)(ROM_UNIT - 1);

    if (!size)
        return true;
    m->vga_rom =
        ram_create("VGA BIOS", size, m->track, error, MACHINE_ERROR_SIZE);
    if (!m->vga_rom)
        return false;
    memset(m->vga_rom->host, 0xFF, size);
    memcpy(m->vga_rom->host, c->vgabios, c->vgabios_size);
    i440fx_add_rom(m->i440fx, VGA_ROM, (uint32_t)size, m->vga_rom, 0);
    return true;
}

bool machine_build_firmware(struct machine *m, char *error)
{
    uint64_t base = FOUR_GIB, shadow;
    struct ram_block *rom;

    for (unsigned i = 0; i < MACHINE_FLASHES; i++)
        if (!build_flash(m, i, &base, error))
            return false;
    if (!m->flash[0] && !build_bios(m, error))
        return false;
    rom = m->flash[0] ? m->flash_array[0] : m->bios_rom;
    shadow = min_u64(rom->size, 2 * BIOS_UNIT) & ~(uint64_t)(ROM_UNIT - 1);
    i440fx_add_rom(m->i440fx, (uint32_t)(0x100000 - shadow), (uint32_t)shadow,
                   rom, rom->size - shadow);
    return m->config.no_display || build_vgabios(m, error);
}
