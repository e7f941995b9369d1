/* boot_pvh.c - loads kernels by Xen's PVH protocol (Xen, misc/pvh.pandoc and
 * public/arch-x86/hvm/start_info.h): the 32-bit entry of an ELF note, with
 * EBX at a structure that tells command line, modules, memory, RSDP.
 *
 * Linux' vmlinux, FreeBSD, unikernels and Xen itself have such a note. The
 * state is flat protected mode with an active TSS of 104 bytes at 0. Not
 * modelled: everything that needs Xen below the kernel. */
#include "devices/boot_direct.h"

enum {
    START_SIZE = 56,
    START_MODULES = 12, /* number, then the address of the list */
    START_MODLIST = 16,
    START_CMDLINE = 24,
    START_RSDP = 32,
    START_MEMMAP = 40,
    START_RANGES = 48,
    MODULE_SIZE = 32,
    RANGE_SIZE = 24,
    MODULES_AT = START_SIZE,
    MEMMAP_AT = MODULES_AT + BOOT_MAX_MODULES * MODULE_SIZE,
    TEXT_AT = MEMMAP_AT + BOOT_MAX_RANGES * RANGE_SIZE
};
#define START_MAGIC 0x336EC578u

static size_t put_text(uint8_t *info, size_t used, const char *text)
{
    size_t length = strlen(text) + 1;

    memcpy(info + used, text, length);
    return used + length;
}

static size_t room(const struct boot_request *r)
{
    size_t size = TEXT_AT + (r->cmdline ? strlen(r->cmdline) : 0) + 1;

    for (unsigned i = 0; i < r->modules; i++)
        size += r->module[i].cmdline ? strlen(r->module[i].cmdline) + 1 : 1;
    return size;
}

static void fill(const struct boot_request *r, uint8_t *info, gpa_t gpa,
                 const uint32_t start[BOOT_MAX_MODULES])
{
    struct boot_range range[BOOT_MAX_RANGES];
    unsigned ranges = boot_memory_map(r, range);
    size_t used = TEXT_AT;

    store_le32(info, START_MAGIC);
    store_le32(info + 4, 1); /* version: with a memory map */
    store_le64(info + START_CMDLINE, gpa + used);
    used = put_text(info, used, r->cmdline ? r->cmdline : "");
    store_le32(info + START_MODULES, r->modules);
    store_le64(info + START_MODLIST, r->modules ? gpa + MODULES_AT : 0);
    for (unsigned i = 0; i < r->modules; i++) {
        const struct boot_blob *m = &r->module[i];
        uint8_t *entry = info + MODULES_AT + i * MODULE_SIZE;
        store_le64(entry, start[i]);
        store_le64(entry + 8, m->size);
        store_le64(entry + 16, gpa + used);
        used = put_text(info, used, m->cmdline ? m->cmdline : "");
    }
    store_le64(info + START_MEMMAP, gpa + MEMMAP_AT);
    store_le32(info + START_RANGES, ranges);
    for (unsigned i = 0; i < ranges; i++) {
        uint8_t *entry = info + MEMMAP_AT + i * RANGE_SIZE;
        store_le64(entry, range[i].base);
        store_le64(entry + 8, range[i].size);
        store_le32(entry + 16, range[i].type);
    }
}

bool boot_pvh_load(struct boot_load *load)
{
    const struct boot_request *r = load->request;
    const char *name = r->kernel.name;
    uint32_t start[BOOT_MAX_MODULES] = {0}, entry;
    size_t size = room(r);
    struct boot_direct direct;
    struct boot_elf elf;
    uint8_t *info;
    gpa_t gpa;

    if (!boot_elf_pvh(r->kernel.data, r->kernel.size, &entry) ||
        !boot_elf_segments(load, 0, &elf) ||
        !boot_add_modules(load, elf.end, start) ||
        !boot_direct_begin(load, &direct))
        return false;
    info = boot_direct_info(load, "start", size, &gpa);
    if (!info)
        return false;
    fill(r, info, gpa, start);
    boot_direct_copy(&direct, DIRECT_RSDP, FACT_RSDP_ADDRESS, 8,
                     gpa + START_RSDP);
    return boot_add_piece(load, name, gpa, size, info, size) &&
           boot_direct_enter32(load, &direct, entry, 0, (uint32_t)gpa);
}
