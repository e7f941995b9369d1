/* boot_multiboot2.c - loads Multiboot 2 kernels (Multiboot2 Specification
 * 2.0), ELF or with addresses in the header.
 *
 * Header tags: information request, addresses, entry, console, framebuffer,
 * alignment of modules, relocatable; those for EFI count for nothing here.
 * Information tags: command line, loader, modules, memory, memory map, ELF
 * sections, load base; VBE, framebuffer, APM, SMBIOS and RSDP as the BIOS
 * tells them (boot_direct.c): a tag whose fact is missing has a type that
 * nobody knows. Not modelled: boot device (there is none), EFI tags, network.
 */
#include "devices/boot_direct.h"
#include "devices/boot_image.h"

enum {
    /* Tags of the kernel's header: type, flags (16 bits each), size. */
    HEADER_END = 0,
    HEADER_REQUEST = 1,
    HEADER_ADDRESS = 2,
    HEADER_ENTRY = 3,
    HEADER_CONSOLE = 4,
    HEADER_SCREEN = 5,
    HEADER_MODULE_ALIGN = 6,
    HEADER_EFI_BOOT_SERVICES = 7,
    HEADER_ENTRY_EFI32 = 8,
    HEADER_ENTRY_EFI64 = 9,
    HEADER_RELOCATABLE = 10,
    HEADER_OPTIONAL = 1 << 0,
    HEADER_FIRST_TAG = 16,
    CONSOLE_REQUIRED = 1 << 0,
    CONSOLE_TEXT = 1 << 1,
    PREFER_HIGH = 2,

    /* Tags of the information. */
    TAG_END = 0,
    TAG_CMDLINE = 1,
    TAG_LOADER = 2,
    TAG_MODULE = 3,
    TAG_MEMORY = 4,
    TAG_BOOT_DEVICE = 5,
    TAG_MEMORY_MAP = 6,
    TAG_VBE = 7,
    TAG_SCREEN = 8,
    TAG_SECTIONS = 9,
    TAG_APM = 10,
    TAG_SMBIOS = 13,
    TAG_RSDP = 14,
    TAG_RSDP2 = 15,
    TAG_NETWORK = 16,
    TAG_LOAD_BASE = 21,
    TAG_UNKNOWN = 0x7FFF0000, /* plus the type that it may get */

    INFO_FIXED = 8192, /* all but texts, modules' texts and sections */
    SMBIOS_ROOM = 2048,
    MMAP_ENTRY_SIZE = 24
};
#define BOOTLOADER_MAGIC 0x36D76289u

/* What the header asks for. */
struct wishes {
    bool addresses, entry, screen, text, relocatable;
    uint32_t header_addr, load_addr, load_end, bss_end;
    uint32_t entry_addr;
    uint32_t width, height, depth;
    uint32_t min, max, align, preference;
};

struct info {
    uint8_t *data;
    size_t size, used;
    gpa_t gpa;
};

/* ------------------------------------------------------------- the header */

static bool check_request(struct boot_load *load, const uint8_t *tag,
                          uint32_t size)
{
    for (uint32_t at = 8; at + 4 <= size; at += 4) {
        uint32_t type = load_le32(tag + at);
        if (type <= TAG_RSDP2 || type == TAG_LOAD_BASE)
            continue;
        return boot_refuse(load, load->request->kernel.name,
                           "its Multiboot 2 header asks for information %u, "
                           "which only %s has; start it with %s",
                           type, type == TAG_NETWORK ? "a network" : "EFI",
                           "a boot loader there");
    }
    return true;
}

/* One tag; false when it must be obeyed and cannot be. */
static bool take_tag(struct boot_load *load, const uint8_t *tag, uint32_t size,
                     struct wishes *w)
{
    static const uint8_t least[] = {8, 8, 24, 12, 12, 20, 8, 8, 12, 12, 24};
    unsigned type = load_le16(tag), flags = load_le16(tag + 2);
    bool optional = flags & HEADER_OPTIONAL;

    if (type < ARRAY_LEN(least) && size < least[type])
        return boot_refuse(load, load->request->kernel.name,
                           "tag %u of its Multiboot 2 header is too short; "
                           "build it anew",
                           type);
    switch (type) {
    case HEADER_REQUEST:
        return optional || check_request(load, tag, size);
    case HEADER_ADDRESS:
        w->addresses = true;
        w->header_addr = load_le32(tag + 8);
        w->load_addr = load_le32(tag + 12);
        w->load_end = load_le32(tag + 16);
        w->bss_end = load_le32(tag + 20);
        break;
    case HEADER_ENTRY:
        w->entry = true;
        w->entry_addr = load_le32(tag + 8);
        break;
    case HEADER_CONSOLE:
        w->text = load_le32(tag + 8) & CONSOLE_TEXT;
        w->screen |= load_le32(tag + 8) & CONSOLE_REQUIRED && !w->text;
        break;
    case HEADER_SCREEN:
        w->screen = true;
        w->width = load_le32(tag + 8);
        w->height = load_le32(tag + 12);
        w->depth = load_le32(tag + 16);
        break;
    case HEADER_RELOCATABLE:
        w->relocatable = true;
        w->min = load_le32(tag + 8);
        w->max = load_le32(tag + 12);
        w->align = load_le32(tag + 16);
        w->preference = load_le32(tag + 20);
        break;
    case HEADER_MODULE_ALIGN: /* they always are */
    case HEADER_EFI_BOOT_SERVICES:
    case HEADER_ENTRY_EFI32:
    case HEADER_ENTRY_EFI64:
        break;
    default:
        return optional ||
               boot_refuse(load, load->request->kernel.name,
                           "its Multiboot 2 header has the tag %u, which "
                           "version 2.0 does not define; make it optional",
                           type);
    }
    return true;
}

static bool read_header(struct boot_load *load, const uint8_t *header,
                        uint64_t left, struct wishes *w)
{
    uint32_t length = load_le32(header + 8), size;
    uint64_t at = HEADER_FIRST_TAG;

    if (length > left)
        return boot_refuse(load, load->request->kernel.name,
                           "ends within its Multiboot 2 header; fetch it "
                           "again");
    while (at + 8 <= length) {
        size = load_le32(header + at + 4);
        if (load_le16(header + at) == HEADER_END)
            return true;
        if (size < 8 || size > length - at)
            return boot_refuse(load, load->request->kernel.name,
                               "a tag of its Multiboot 2 header has the size "
                               "%u; build it anew",
                               size);
        if (!take_tag(load, header + at, size, w))
            return false;
        at += (size + 7ull) & ~7ull;
    }
    return true;
}

/* -------------------------------------------------------------- the kernel */

static bool load_addresses(struct boot_load *load, uint64_t at,
                           const struct wishes *w, struct boot_elf *image)
{
    const struct boot_blob *file = &load->request->kernel;
    uint64_t offset, size;
    uint32_t end = w->load_end;
    bool whole = w->load_addr == UINT32_MAX;
    uint32_t start = whole ? w->header_addr - (uint32_t)at : w->load_addr;

    if (w->header_addr < start || w->header_addr - start > at)
        return boot_refuse(load, file->name,
                           "the addresses in its Multiboot 2 header make no "
                           "sense; build it anew");
    offset = at - (w->header_addr - start);
    if (!end)
        end = start + (uint32_t)(file->size - offset);
    size = end - start;
    if (end < start || size > file->size - offset ||
        (w->bss_end && w->bss_end < end))
        return boot_refuse(load, file->name,
                           "is shorter than its Multiboot 2 header says; "
                           "fetch it again");
    image->start = start;
    image->end = w->bss_end > end ? w->bss_end : end;
    return boot_add_piece(load, file->name, start, image->end - start,
                          file->data + offset, size);
}

/* How far to move the kernel: not at all, if it may stay. */
static bool choose_base(struct boot_load *load, const struct wishes *w,
                        uint64_t *delta)
{
    uint64_t align = w->align ? w->align : 1, size, base = 0;
    uint64_t step = (PAGE_SIZE + align - 1) / align * align;
    struct boot_elf elf;

    *delta = 0;
    if (!w->relocatable)
        return true;
    if (!boot_elf_measure(load, &elf))
        return false;
    size = elf.end - elf.start;
    if (elf.start >= w->min && elf.end <= w->max && elf.start % align == 0 &&
        w->preference != PREFER_HIGH && boot_is_free(load, elf.start, size))
        return true;
    for (uint64_t at = (w->min + align - 1) / align * align;
         at + size <= w->max && at + size <= load->request->low_end;
         at += step) {
        if (!boot_is_free(load, at, size))
            continue;
        base = at;
        if (w->preference != PREFER_HIGH)
            break;
    }
    if (!base)
        return boot_refuse(load, load->request->kernel.name,
                           "no place for it from 0x%x to 0x%x; give the PC "
                           "more RAM with -m",
                           w->min, w->max);
    *delta = base - elf.start;
    return true;
}

static bool load_image(struct boot_load *load, uint64_t at, struct wishes *w,
                       struct boot_elf *image)
{
    const struct boot_blob *file = &load->request->kernel;
    uint64_t delta;

    if (w->addresses) {
        if (!w->entry)
            return boot_refuse(load, file->name,
                               "its Multiboot 2 header has addresses and no "
                               "entry; build it anew");
        image->entry = w->entry_addr;
        return load_addresses(load, at, w, image);
    }
    if (file->size < 52 || memcmp(file->data, "\177ELF", 4) != 0)
        return boot_refuse(load, file->name,
                           "its Multiboot 2 header has no addresses and it is "
                           "not ELF; link it anew");
    if (!choose_base(load, w, &delta) || !boot_elf_segments(load, delta, image))
        return false;
    if (w->entry)
        image->entry = w->entry_addr + delta;
    return true;
}

/* --------------------------------------------------------- the information */

/* A tag of `size` bytes with its head; tags begin on 8 bytes. */
static uint8_t *put_tag(struct info *info, uint32_t type, size_t size)
{
    uint8_t *tag;

    info->used = (info->used + 7) & ~(size_t)7;
    ASSERT(info->used + size <= info->size);
    tag = info->data + info->used;
    store_le32(tag, type);
    store_le32(tag + 4, (uint32_t)size);
    info->used += size;
    return tag;
}

static gpa_t tag_gpa(const struct info *info, const uint8_t *tag)
{
    return info->gpa + (gpa_t)(tag - info->data);
}

static void put_text(struct info *info, uint32_t type, const char *text)
{
    size_t length = strlen(text) + 1;

    memcpy(put_tag(info, type, 8 + length) + 8, text, length);
}

static void put_modules(struct info *info, const struct boot_request *r,
                        const uint32_t start[BOOT_MAX_MODULES])
{
    for (unsigned i = 0; i < r->modules; i++) {
        const struct boot_blob *m = &r->module[i];
        const char *text = m->cmdline ? m->cmdline : "";
        size_t length = strlen(text) + 1;
        uint8_t *tag = put_tag(info, TAG_MODULE, 16 + length);
        store_le32(tag + 8, start[i]);
        store_le32(tag + 12, start[i] + (uint32_t)m->size);
        memcpy(tag + 16, text, length);
    }
}

static void put_memory(struct info *info, const struct boot_request *r)
{
    struct boot_range range[BOOT_MAX_RANGES];
    unsigned n = boot_memory_map(r, range);
    uint8_t *tag = put_tag(info, TAG_MEMORY, 16);

    store_le32(tag + 8, 0x9FC00 >> 10);
    store_le32(tag + 12, boot_upper_kib(r));
    tag = put_tag(info, TAG_MEMORY_MAP, 16 + n * MMAP_ENTRY_SIZE);
    store_le32(tag + 8, MMAP_ENTRY_SIZE);
    for (unsigned i = 0; i < n; i++) {
        uint8_t *entry = tag + 16 + i * MMAP_ENTRY_SIZE;
        store_le64(entry, range[i].base);
        store_le64(entry + 8, range[i].size);
        store_le32(entry + 16, range[i].type);
    }
}

static void put_sections(struct info *info, const struct boot_sections *s)
{
    uint32_t size = s->count * s->entry_size;
    uint8_t *tag;

    if (!size)
        return;
    tag = put_tag(info, TAG_SECTIONS, 20 + size);
    store_le32(tag + 8, s->count);
    store_le32(tag + 12, s->entry_size);
    store_le32(tag + 16, s->names);
    memcpy(tag + 20, s->table, size);
}

/* A tag that gets its type when the BIOS has the fact. */
static gpa_t put_fact(struct info *info, struct boot_direct *direct,
                      unsigned fact, uint32_t type, size_t size)
{
    uint8_t *tag = put_tag(info, TAG_UNKNOWN + type, size);
    gpa_t gpa = tag_gpa(info, tag);

    boot_direct_fix(direct, fact, DIRECT_STORE, type, 0, gpa);
    return gpa;
}

static void ask_bios(struct info *info, struct boot_direct *direct)
{
    gpa_t gpa = put_fact(info, direct, DIRECT_VBE, TAG_VBE, 784);

    boot_direct_copy(direct, DIRECT_VBE, FACT_VBE, 8, gpa + 8);
    boot_direct_copy(direct, DIRECT_VBE, FACT_CONTROL, 512, gpa + 16);
    boot_direct_copy(direct, DIRECT_VBE, FACT_MODE, 256, gpa + 528);
    gpa = put_fact(info, direct, DIRECT_SCREEN, TAG_SCREEN, 38);
    boot_direct_copy(direct, DIRECT_SCREEN, FACT_SCREEN, 22, gpa + 8);
    boot_direct_copy(direct, DIRECT_SCREEN, FACT_COLOURS, 6, gpa + 32);
    gpa = put_fact(info, direct, DIRECT_APM, TAG_APM, 28);
    boot_direct_copy(direct, DIRECT_APM, FACT_APM, 20, gpa + 8);
    gpa = put_fact(info, direct, DIRECT_RSDP, TAG_RSDP, 28);
    boot_direct_copy(direct, DIRECT_RSDP, FACT_RSDP, 20, gpa + 8);
    gpa = put_fact(info, direct, DIRECT_RSDP2, TAG_RSDP2, 44);
    boot_direct_copy(direct, DIRECT_RSDP2, FACT_RSDP, 36, gpa + 8);
    gpa = put_fact(info, direct, DIRECT_SMBIOS, TAG_SMBIOS, 16 + SMBIOS_ROOM);
    boot_direct_copy(direct, DIRECT_SMBIOS, FACT_SMBIOS_VERSION, 2, gpa + 8);
    boot_direct_fix(direct, DIRECT_SMBIOS, DIRECT_COPY_TABLE, FACT_SMBIOS,
                    SMBIOS_ROOM, gpa + 16);
}

static size_t info_room(const struct boot_request *r,
                        const struct boot_sections *s, const char *cmdline)
{
    size_t room = INFO_FIXED + (size_t)s->count * s->entry_size;

    room += strlen(cmdline);
    for (unsigned i = 0; i < r->modules; i++)
        room += 32 + (r->module[i].cmdline ? strlen(r->module[i].cmdline) : 0);
    return room;
}

static bool add_info(struct boot_load *load, struct boot_direct *direct,
                     const uint32_t start[BOOT_MAX_MODULES],
                     const struct boot_elf *image, struct info *info)
{
    const struct boot_request *r = load->request;
    struct boot_sections sections = {0};
    const char *cmdline = boot_named_cmdline(load);

    if (!cmdline)
        return false;
    if (!boot_elf_sections(load, &sections))
        return false;
    info->size = info_room(r, &sections, cmdline);
    info->data = boot_direct_info(load, "boot", info->size, &info->gpa);
    if (!info->data)
        return false;
    info->used = 8; /* total size, reserved */
    put_text(info, TAG_CMDLINE, cmdline);
    put_text(info, TAG_LOADER, "Umbra");
    put_modules(info, r, start);
    put_memory(info, r);
    put_sections(info, &sections);
    store_le32(put_tag(info, TAG_LOAD_BASE, 12) + 8, (uint32_t)image->start);
    ask_bios(info, direct);
    put_tag(info, TAG_END, 8);
    store_le32(info->data, (uint32_t)info->used);
    return boot_add_piece(load, r->kernel.name, info->gpa, info->size,
                          info->data, info->size);
}

bool boot_multiboot2_load(struct boot_load *load)
{
    const struct boot_blob *file = &load->request->kernel;
    uint64_t at = (uint64_t)boot_image_multiboot2(file->data, file->size);
    uint32_t start[BOOT_MAX_MODULES] = {0};
    struct boot_elf image = {false, 0, 0, 0};
    struct wishes w = {.text = true};
    struct boot_direct direct;
    struct info info = {0};

    if (!read_header(load, file->data + at, file->size - at, &w) ||
        !load_image(load, at, &w, &image) ||
        !boot_add_modules(load, image.end, start) ||
        !boot_direct_begin(load, &direct) ||
        !add_info(load, &direct, start, &image, &info))
        return false;
    boot_direct_video(&direct, w.screen, w.width, w.height, w.depth);
    return boot_direct_enter32(load, &direct, (uint32_t)image.entry,
                               BOOTLOADER_MAGIC, (uint32_t)info.gpa);
}
