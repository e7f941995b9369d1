/* boot_raw.c - files that go to an address as they are, without a kernel
 * beside them: boot sectors, flat binaries.
 *
 * The first file is entered at its first byte unless told otherwise, as
 * 16-bit code when that is below 1 MiB, else as 32-bit code. The state is
 * 16 bits: CS:IP (0:IP below 64 KiB), other segments 0, SP 7C00, DL the
 * first disk or floppy, interrupts on, all of the BIOS there. 32 bits: flat
 * protected mode; 64 bits: long mode with an identity map of 4 GiB. */
#include "devices/boot_direct.h"

enum { PAGE_TABLES = 0x30000, LOW_FREE = 0x500 };
#define MEGABYTE 0x100000u

/* POST uses RAM below 64 KiB: what goes there is moved at the end. */
static bool add_low(struct boot_load *load, struct boot_direct *direct,
                    const struct boot_raw *raw, uint64_t size)
{
    gpa_t gpa = boot_place(load, size, BOOT_HIGH_START, UINT32_MAX);

    if (!gpa)
        gpa = boot_place(load, size, BOOT_LOW_START, BOOT_LOW_END);
    if (raw->address < LOW_FREE || !gpa)
        return boot_refuse(load, raw->file.name,
                           "RAM is free from address 0x%x on; use another one",
                           LOW_FREE);
    boot_direct_fix(direct, DIRECT_ALWAYS, DIRECT_MOVE, (uint32_t)gpa,
                    (uint32_t)size, raw->address);
    return boot_add_piece(load, raw->file.name, gpa, size, raw->file.data,
                          size);
}

static bool add_file(struct boot_load *load, struct boot_direct *direct,
                     const struct boot_raw *raw)
{
    uint64_t size = raw->file.size, low = 0;

    if (raw->address < BOOT_LOW_START) {
        low = min_u64(size, BOOT_LOW_START - raw->address);
        if (!add_low(load, direct, raw, low))
            return false;
    }
    return boot_add_piece(load, raw->file.name, raw->address + low, size - low,
                          raw->file.data + low, size - low);
}

static bool enter64(struct boot_load *load, const struct boot_direct *direct,
                    uint64_t entry)
{
    const char *name = load->request->raw[0].file.name;

    if (direct->fixes)
        return boot_refuse(load, name,
                           "64-bit code needs files at 0x%x or above; use "
                           "another address",
                           BOOT_LOW_START);
    if (!boot_is_free(load, PAGE_TABLES, 6 * PAGE_SIZE))
        return boot_refuse(load, name,
                           "covers address 0x%x, where page tables go; use "
                           "another address",
                           PAGE_TABLES);
    load->plan->record = (struct boot_record){
        .kind = BOOT_LONG_MODE,
        .entry = entry,
        .sp = BOOT_STACK,
        .table_gpa = PAGE_TABLES,
    };
    return true;
}

bool boot_raw_load(struct boot_load *load)
{
    const struct boot_request *r = load->request;
    uint64_t entry =
        r->raw_entry == UINT64_MAX ? r->raw[0].address : r->raw_entry;
    unsigned mode = r->raw_mode ? r->raw_mode : entry < MEGABYTE ? 16 : 32;
    struct boot_direct direct;

    if (mode == 16 && entry >= MEGABYTE)
        return boot_refuse(load, r->raw[0].file.name,
                           "16-bit code begins below 1 MiB; give it another "
                           "entry or mode=32");
    if (entry > UINT32_MAX)
        return boot_refuse(load, r->raw[0].file.name,
                           "the entry lies above 4 GiB; use another one");
    if (!boot_direct_begin(load, &direct))
        return false;
    for (unsigned i = 0; i < r->raws; i++)
        if (!add_file(load, &direct, &r->raw[i]))
            return false;
    if (mode == 64)
        return enter64(load, &direct, entry);
    if (mode == 32)
        return boot_direct_enter32(load, &direct, (uint32_t)entry, 0, 0);
    return boot_direct_enter16(load, &direct, (uint32_t)entry, r->drive);
}
