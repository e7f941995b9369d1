/* boot_multiboot.c - loads Multiboot 1 kernels (Multiboot Specification
 * 0.6.96), ELF or with addresses in the header (the "a.out kludge").
 *
 * The information structure tells memory size and map, command line,
 * modules and the loader's name. Not modelled: boot device, symbol tables,
 * drives, configuration table, APM, video modes. */
#include <stdio.h>

#include "devices/boot.h"
#include "devices/boot_image.h"

enum {
    /* Flags of the kernel's header. */
    HEADER_PAGE_ALIGN = 1 << 0,
    HEADER_MEMORY = 1 << 1,
    HEADER_VIDEO = 1 << 2,
    HEADER_ADDRESSES = 1 << 16,
    HEADER_UNKNOWN = 0xFFF8, /* required features that nobody defined */

    /* Flags and offsets of the information structure. */
    INFO_MEMORY = 1 << 0,
    INFO_CMDLINE = 1 << 2,
    INFO_MODULES = 1 << 3,
    INFO_MEMORY_MAP = 1 << 6,
    INFO_LOADER = 1 << 9,
    INFO_AT_FLAGS = 0,
    INFO_AT_MEM_LOWER = 4,
    INFO_AT_MEM_UPPER = 8,
    INFO_AT_CMDLINE = 16,
    INFO_AT_MODS_COUNT = 20,
    INFO_AT_MODS_ADDR = 24,
    INFO_AT_MMAP_LENGTH = 44,
    INFO_AT_MMAP_ADDR = 48,
    INFO_AT_LOADER = 64,
    INFO_SIZE = 120,
    MODULE_SIZE = 16,
    MMAP_ENTRY_SIZE = 24
};
#define BOOTLOADER_MAGIC 0x2BADB002u

/* The information block is built at its final address. */
struct info {
    uint8_t *data;
    size_t size, used;
    gpa_t gpa;
};

static uint32_t info_text(struct info *info, const char *text)
{
    uint32_t gpa = (uint32_t)(info->gpa + info->used);
    size_t length = strlen(text) + 1;

    ASSERT(info->used + length <= info->size);
    memcpy(info->data + info->used, text, length);
    info->used += length;
    return gpa;
}

/* Modules follow the kernel, page by page. */
static bool add_modules(struct boot_load *load, uint64_t end,
                        uint32_t start[BOOT_MAX_MODULES])
{
    for (unsigned i = 0; i < load->request->modules; i++) {
        const struct boot_blob *m = &load->request->module[i];
        end = (end + PAGE_SIZE - 1) & PAGE_MASK;
        if (end < BOOT_HIGH_START)
            end = BOOT_HIGH_START;
        start[i] = (uint32_t)end;
        if (!boot_add_piece(load, m->name, end, m->size, m->data, m->size))
            return false;
        end += m->size;
    }
    return true;
}

static void fill_modules(const struct boot_request *r, struct info *info,
                         const uint32_t start[BOOT_MAX_MODULES])
{
    size_t table = info->used;

    info->used += r->modules * MODULE_SIZE;
    for (unsigned i = 0; i < r->modules; i++) {
        const struct boot_blob *m = &r->module[i];
        uint8_t *entry = info->data + table + i * MODULE_SIZE;
        store_le32(entry, start[i]);
        store_le32(entry + 4, start[i] + (uint32_t)m->size);
        store_le32(entry + 8, info_text(info, m->cmdline ? m->cmdline : ""));
    }
    store_le32(info->data + INFO_AT_MODS_COUNT, r->modules);
    store_le32(info->data + INFO_AT_MODS_ADDR, (uint32_t)(info->gpa + table));
}

static void fill_memory(const struct boot_request *r, struct info *info)
{
    struct boot_range range[BOOT_MAX_RANGES];
    unsigned n = boot_memory_map(r, range);
    size_t table = info->used;

    for (unsigned i = 0; i < n; i++) {
        uint8_t *entry = info->data + table + i * MMAP_ENTRY_SIZE;
        store_le32(entry, MMAP_ENTRY_SIZE - 4);
        store_le64(entry + 4, range[i].base);
        store_le64(entry + 12, range[i].size);
        store_le32(entry + 20, range[i].type);
    }
    info->used += n * MMAP_ENTRY_SIZE;
    store_le32(info->data + INFO_AT_MEM_LOWER, 0x9FC00 >> 10);
    store_le32(info->data + INFO_AT_MEM_UPPER, boot_upper_kib(r));
    store_le32(info->data + INFO_AT_MMAP_ADDR, (uint32_t)(info->gpa + table));
    store_le32(info->data + INFO_AT_MMAP_LENGTH, n * MMAP_ENTRY_SIZE);
}

static size_t info_room(const struct boot_request *r, const char *cmdline)
{
    size_t room = INFO_SIZE + BOOT_MAX_RANGES * MMAP_ENTRY_SIZE +
                  strlen(cmdline) + 1 + sizeof "Umbra";

    for (unsigned i = 0; i < r->modules; i++)
        room += MODULE_SIZE + 1 +
                (r->module[i].cmdline ? strlen(r->module[i].cmdline) : 0);
    return room;
}

/* Below 1 MiB, where loaders usually put it, else behind all else. */
static gpa_t info_place(const struct boot_load *load, size_t size)
{
    gpa_t end = BOOT_HIGH_START;

    for (gpa_t gpa = BOOT_LOW_START; gpa < BOOT_LOW_END; gpa += PAGE_SIZE)
        if (boot_is_free(load, gpa, size))
            return gpa;
    for (unsigned i = 0; i < load->plan->pieces; i++) {
        const struct boot_piece *p = &load->plan->piece[i];
        if (p->gpa + p->size > end)
            end = p->gpa + p->size;
    }
    return (end + PAGE_SIZE - 1) & PAGE_MASK;
}

static bool add_info(struct boot_load *load,
                     const uint32_t start[BOOT_MAX_MODULES])
{
    const struct boot_request *r = load->request;
    const char *name = r->kernel.name ? r->kernel.name : "kernel";
    const char *text = r->cmdline ? r->cmdline : "";
    size_t length = strlen(name) + strlen(text) + 2;
    char *cmdline = boot_own(load, length);
    struct info info;

    if (!cmdline)
        return false;
    snprintf(cmdline, length, "%s%s%s", name, *text ? " " : "", text);
    info.size = info_room(r, cmdline);
    info.used = INFO_SIZE;
    info.data = boot_own(load, info.size);
    if (!info.data)
        return false;
    info.gpa = info_place(load, info.size);
    fill_memory(r, &info);
    if (r->modules)
        fill_modules(r, &info, start);
    store_le32(info.data + INFO_AT_CMDLINE, info_text(&info, cmdline));
    store_le32(info.data + INFO_AT_LOADER, info_text(&info, "Umbra"));
    store_le32(info.data + INFO_AT_FLAGS, INFO_MEMORY | INFO_CMDLINE |
                                              INFO_MEMORY_MAP | INFO_LOADER |
                                              (r->modules ? INFO_MODULES : 0));
    load->plan->record.eax = BOOTLOADER_MAGIC;
    load->plan->record.ebx = (uint32_t)info.gpa;
    return boot_add_piece(load, r->kernel.name, info.gpa, info.size, info.data,
                          info.size);
}

/* Addresses in the header: one stretch of the file, then zeros. */
static bool load_addresses(struct boot_load *load, uint64_t at,
                           struct boot_elf *image)
{
    const struct boot_blob *file = &load->request->kernel;
    const uint8_t *header = file->data + at;
    uint64_t header_addr, start, end, bss_end, offset, size;

    if (file->size - at < 32)
        return boot_refuse(load, file->name,
                           "ends within its Multiboot "
                           "header; fetch it again");
    header_addr = load_le32(header + 12);
    start = load_le32(header + 16);
    end = load_le32(header + 20);
    bss_end = load_le32(header + 24);
    image->entry = load_le32(header + 28);
    if (header_addr < start || header_addr - start > at)
        return boot_refuse(load, file->name,
                           "the addresses in its Multiboot "
                           "header make no sense");
    offset = at - (header_addr - start);
    if (!end)
        end = start + (file->size - offset);
    size = end - start;
    if (end < start || size > file->size - offset || (bss_end && bss_end < end))
        return boot_refuse(load, file->name,
                           "is shorter than its Multiboot "
                           "header says; fetch it again");
    image->end = bss_end > end ? bss_end : end;
    return boot_add_piece(load, file->name, start, image->end - start,
                          file->data + offset, size);
}

bool boot_multiboot_load(struct boot_load *load)
{
    const struct boot_blob *file = &load->request->kernel;
    uint64_t at = (uint64_t)boot_image_multiboot(file->data, file->size);
    uint32_t flags = load_le32(file->data + at + 4);
    uint32_t start[BOOT_MAX_MODULES] = {0};
    struct boot_elf image = {false, 0, 0};
    bool done;

    if (flags & HEADER_UNKNOWN)
        return boot_refuse(load, file->name,
                           "its Multiboot header asks for features 0x%x, "
                           "which version 1 does not define",
                           flags & HEADER_UNKNOWN);
    if (flags & HEADER_ADDRESSES) {
        done = load_addresses(load, at, &image);
    } else if (file->size >= 52 && !memcmp(file->data, "\177ELF", 4)) {
        done = boot_elf_segments(load, &image);
    } else {
        done = boot_refuse(load, file->name,
                           "its Multiboot header has no "
                           "addresses and it is not ELF");
    }
    if (!done || !add_modules(load, image.end, start))
        return false;
    load->plan->record.kind = BOOT_PROTECTED;
    load->plan->record.entry = image.entry;
    load->plan->record.sp = BOOT_STACK;
    return add_info(load, start);
}
