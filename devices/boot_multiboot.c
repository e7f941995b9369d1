/* boot_multiboot.c - loads Multiboot 1 kernels (Multiboot Specification
 * 0.6.96), ELF or with addresses in the header (the "a.out kludge").
 *
 * The information structure has memory, command line, modules, ELF sections,
 * memory map, loader's name; disks, configuration table, APM, VBE and
 * framebuffer as the BIOS tells them (boot_direct.c). There is no boot
 * device, since the kernel comes from none. Not modelled: symbols of a.out
 * files. */
#include "devices/boot_direct.h"
#include "devices/boot_image.h"

enum {
    /* The kernel's header. */
    HEADER_PAGE_ALIGN = 1 << 0,
    HEADER_MEMORY = 1 << 1,
    HEADER_VIDEO = 1 << 2,
    HEADER_ADDRESSES = 1 << 16,
    HEADER_UNKNOWN = 0xFFF8, /* required features that nobody defined */
    HEADER_VIDEO_AT = 32,    /* text or graphics, width, height, depth */

    /* The information structure. */
    INFO_MEMORY = 1 << 0,
    INFO_CMDLINE = 1 << 2,
    INFO_MODULES = 1 << 3,
    INFO_SECTIONS = 1 << 5,
    INFO_MEMORY_MAP = 1 << 6,
    INFO_DRIVES = 1 << 7,
    INFO_CONFIG = 1 << 8,
    INFO_LOADER = 1 << 9,
    INFO_APM = 1 << 10,
    INFO_VBE = 1 << 11,
    INFO_SCREEN = 1 << 12,
    AT_FLAGS = 0,
    AT_MEM_LOWER = 4,
    AT_MEM_UPPER = 8,
    AT_CMDLINE = 16,
    AT_MODS_COUNT = 20,
    AT_MODS_ADDR = 24,
    AT_SECTIONS = 28, /* number, size, address, string table's index */
    AT_MMAP_LENGTH = 44,
    AT_MMAP_ADDR = 48,
    AT_DRIVES = 52, /* length, address */
    AT_CONFIG = 60,
    AT_LOADER = 64,
    AT_APM = 68,
    AT_VBE = 72, /* control, mode, mode's number and interface */
    AT_SCREEN = 88,
    SCREEN_SIZE = 28,
    MODULE_SIZE = 16,
    MMAP_ENTRY_SIZE = 24,

    /* Fixed places behind the structure, then texts. */
    APM_AT = 120,
    DRIVES_AT = APM_AT + 20,
    CONTROL_AT = DRIVES_AT + 40,
    MODE_AT = CONTROL_AT + 512,
    MMAP_AT = MODE_AT + 256,
    MODULES_AT = MMAP_AT + BOOT_MAX_RANGES * MMAP_ENTRY_SIZE,
    TEXT_AT = MODULES_AT + BOOT_MAX_MODULES * MODULE_SIZE
};
#define BOOTLOADER_MAGIC 0x2BADB002u

/* The information block is built at its final address. */
struct info {
    uint8_t *data;
    size_t size, used;
    gpa_t gpa;
    uint32_t flags;
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

static void fill_modules(const struct boot_request *r, struct info *info,
                         const uint32_t start[BOOT_MAX_MODULES])
{
    for (unsigned i = 0; i < r->modules; i++) {
        const struct boot_blob *m = &r->module[i];
        uint8_t *entry = info->data + MODULES_AT + i * MODULE_SIZE;
        store_le32(entry, start[i]);
        store_le32(entry + 4, start[i] + (uint32_t)m->size);
        store_le32(entry + 8, info_text(info, m->cmdline ? m->cmdline : ""));
    }
    store_le32(info->data + AT_MODS_COUNT, r->modules);
    store_le32(info->data + AT_MODS_ADDR, (uint32_t)(info->gpa + MODULES_AT));
    info->flags |= INFO_MODULES;
}

static void fill_memory(const struct boot_request *r, struct info *info)
{
    struct boot_range range[BOOT_MAX_RANGES];
    unsigned n = boot_memory_map(r, range);

    for (unsigned i = 0; i < n; i++) {
        uint8_t *entry = info->data + MMAP_AT + i * MMAP_ENTRY_SIZE;
        store_le32(entry, MMAP_ENTRY_SIZE - 4);
        store_le64(entry + 4, range[i].base);
        store_le64(entry + 12, range[i].size);
        store_le32(entry + 20, range[i].type);
    }
    store_le32(info->data + AT_MEM_LOWER, 0x9FC00 >> 10);
    store_le32(info->data + AT_MEM_UPPER, boot_upper_kib(r));
    store_le32(info->data + AT_MMAP_ADDR, (uint32_t)(info->gpa + MMAP_AT));
    store_le32(info->data + AT_MMAP_LENGTH, n * MMAP_ENTRY_SIZE);
    info->flags |= INFO_MEMORY | INFO_MEMORY_MAP;
}

static bool fill_sections(struct boot_load *load, struct info *info)
{
    const struct boot_blob *file = &load->request->kernel;
    struct boot_sections s;
    uint32_t size;
    gpa_t gpa;

    if (!boot_elf_sections(load, &s))
        return false;
    size = s.count * s.entry_size;
    gpa = size ? boot_place(load, size, BOOT_HIGH_START, UINT32_MAX) : 0;
    if (!gpa)
        return true;
    store_le32(info->data + AT_SECTIONS, s.count);
    store_le32(info->data + AT_SECTIONS + 4, s.entry_size);
    store_le32(info->data + AT_SECTIONS + 8, (uint32_t)gpa);
    store_le32(info->data + AT_SECTIONS + 12, s.names);
    info->flags |= INFO_SECTIONS;
    return boot_add_piece(load, file->name, gpa, size, s.table, size);
}

/* What the BIOS tells just before the kernel is entered. */
static void ask_bios(struct info *info, struct boot_direct *direct)
{
    gpa_t gpa = info->gpa, flags = gpa + AT_FLAGS;

    store_le32(info->data + AT_DRIVES + 4, (uint32_t)gpa + DRIVES_AT);
    store_le32(info->data + AT_APM, (uint32_t)gpa + APM_AT);
    store_le32(info->data + AT_VBE, (uint32_t)gpa + CONTROL_AT);
    store_le32(info->data + AT_VBE + 4, (uint32_t)gpa + MODE_AT);
    boot_direct_copy(direct, DIRECT_DRIVES, FACT_DRIVES_LENGTH, 4,
                     gpa + AT_DRIVES);
    boot_direct_copy(direct, DIRECT_DRIVES, FACT_DRIVES, 40, gpa + DRIVES_AT);
    boot_direct_copy(direct, DIRECT_CONFIG, FACT_CONFIG, 4, gpa + AT_CONFIG);
    boot_direct_copy(direct, DIRECT_APM, FACT_APM, 20, gpa + APM_AT);
    boot_direct_copy(direct, DIRECT_VBE, FACT_CONTROL, 512, gpa + CONTROL_AT);
    boot_direct_copy(direct, DIRECT_VBE, FACT_MODE, 256, gpa + MODE_AT);
    boot_direct_copy(direct, DIRECT_VBE, FACT_VBE, 8, gpa + AT_VBE + 8);
    boot_direct_copy(direct, DIRECT_SCREEN, FACT_SCREEN, SCREEN_SIZE,
                     gpa + AT_SCREEN);
    boot_direct_fix(direct, DIRECT_DRIVES, DIRECT_OR, INFO_DRIVES, 0, flags);
    boot_direct_fix(direct, DIRECT_CONFIG, DIRECT_OR, INFO_CONFIG, 0, flags);
    boot_direct_fix(direct, DIRECT_APM, DIRECT_OR, INFO_APM, 0, flags);
    boot_direct_fix(direct, DIRECT_VBE, DIRECT_OR, INFO_VBE, 0, flags);
    boot_direct_fix(direct, DIRECT_SCREEN, DIRECT_OR, INFO_SCREEN, 0, flags);
}

static size_t info_room(const struct boot_request *r, const char *cmdline)
{
    size_t room = TEXT_AT + strlen(cmdline) + 1 + sizeof "Umbra";

    for (unsigned i = 0; i < r->modules; i++)
        room += 1 + (r->module[i].cmdline ? strlen(r->module[i].cmdline) : 0);
    return room;
}

static bool add_info(struct boot_load *load, struct boot_direct *direct,
                     const uint32_t start[BOOT_MAX_MODULES], struct info *info)
{
    const struct boot_request *r = load->request;
    char *cmdline = boot_named_cmdline(load);

    if (!cmdline)
        return false;
    info->size = info_room(r, cmdline);
    info->used = TEXT_AT;
    info->data = boot_direct_info(load, "boot", info->size, &info->gpa);
    if (!info->data)
        return false;
    fill_memory(r, info);
    if (r->modules)
        fill_modules(r, info, start);
    store_le32(info->data + AT_CMDLINE, info_text(info, cmdline));
    store_le32(info->data + AT_LOADER, info_text(info, "Umbra"));
    info->flags |= INFO_CMDLINE | INFO_LOADER;
    ask_bios(info, direct);
    return boot_add_piece(load, r->kernel.name, info->gpa, info->size,
                          info->data, info->size) &&
           fill_sections(load, info);
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

static void ask_video(struct boot_direct *direct, const uint8_t *header,
                      uint64_t left, uint32_t flags)
{
    const uint8_t *video = header + HEADER_VIDEO_AT;

    if (!(flags & HEADER_VIDEO) || left < HEADER_VIDEO_AT + 16)
        return;
    boot_direct_video(direct, load_le32(video) == 0, load_le32(video + 4),
                      load_le32(video + 8), load_le32(video + 12));
}

bool boot_multiboot_load(struct boot_load *load)
{
    const struct boot_blob *file = &load->request->kernel;
    uint64_t at = (uint64_t)boot_image_multiboot(file->data, file->size);
    uint32_t flags = load_le32(file->data + at + 4);
    uint32_t start[BOOT_MAX_MODULES] = {0};
    struct boot_elf image = {false, 0, 0, 0};
    struct boot_direct direct;
    struct info info = {0};
    bool done;

    if (flags & HEADER_UNKNOWN)
        return boot_refuse(load, file->name,
                           "its Multiboot header asks for features 0x%x, "
                           "which version 1 does not define",
                           flags & HEADER_UNKNOWN);
    if (flags & HEADER_ADDRESSES) {
        done = load_addresses(load, at, &image);
    } else if (file->size >= 52 && !memcmp(file->data, "\177ELF", 4)) {
        done = boot_elf_segments(load, 0, &image);
    } else {
        done = boot_refuse(load, file->name,
                           "its Multiboot header has no "
                           "addresses and it is not ELF; link it anew");
    }
    if (!done || !boot_add_modules(load, image.end, start) ||
        !boot_direct_begin(load, &direct) ||
        !add_info(load, &direct, start, &info))
        return false;
    store_le32(info.data + AT_FLAGS, info.flags);
    ask_video(&direct, file->data + at, file->size - at, flags);
    return boot_direct_enter32(load, &direct, (uint32_t)image.entry,
                               BOOTLOADER_MAGIC, (uint32_t)info.gpa);
}
