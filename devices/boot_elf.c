/* boot_elf.c - loads ELF executables (System V ABI, chapters 4 and 5, i386
 * and AMD64 supplements) by the physical addresses of their segments.
 *
 * A file with the note of Xen's PVH protocol is entered by that
 * (boot_pvh.c). Any other ELF32 file is entered in flat protected mode:
 * paging off, interrupts off, flat segments, a stack below 7C00; ELF64 in
 * long mode: an identity map of 4 GiB in 2 MiB pages, interrupts off, flat
 * segments, the same stack; other registers are 0. Not modelled: relocation
 * entries, interpreters. */
#include "devices/boot.h"

enum {
    PT_LOAD = 1,
    PT_NOTE = 4,
    NOTE_PHYS32_ENTRY = 18, /* XEN_ELFNOTE_PHYS32_ENTRY */
    SHT_NOBITS = 8,
    SHF_ALLOC = 2,
    PAGE_TABLES = 0x30000,
    SPARE_PIECES = BOOT_MAX_MODULES + 8
};

/* One program header, either class. */
struct segment {
    uint32_t type;
    uint64_t offset, vaddr, paddr, file_size, memory_size;
};

static void read_segment(const uint8_t *p, bool is_64, struct segment *s)
{
    s->type = load_le32(p);
    if (is_64) {
        s->offset = load_le64(p + 8);
        s->vaddr = load_le64(p + 16);
        s->paddr = load_le64(p + 24);
        s->file_size = load_le64(p + 32);
        s->memory_size = load_le64(p + 40);
    } else {
        s->offset = load_le32(p + 4);
        s->vaddr = load_le32(p + 8);
        s->paddr = load_le32(p + 12);
        s->file_size = load_le32(p + 16);
        s->memory_size = load_le32(p + 20);
    }
}

static bool add_segment(struct boot_load *load, const struct segment *s,
                        uint64_t delta)
{
    const struct boot_blob *file = &load->request->kernel;

    if (s->offset > file->size || s->file_size > file->size - s->offset)
        return boot_refuse(load, file->name,
                           "a segment lies beyond the end; the file is cut "
                           "short, fetch it again");
    if (s->file_size > s->memory_size)
        return boot_refuse(load, file->name,
                           "a segment is larger in the file than in memory; "
                           "the file is damaged");
    return boot_add_piece(load, file->name, s->paddr + delta, s->memory_size,
                          file->data + s->offset, s->file_size);
}

/* The program headers as they lie in the file. */
struct headers {
    const uint8_t *table;
    uint64_t count, size, entry;
    bool is_64;
};

static bool read_headers(const uint8_t *data, uint64_t file_size,
                         struct headers *h)
{
    uint64_t at;

    h->is_64 = data[4] == 2;
    if (file_size < (h->is_64 ? 64 : 52))
        return false;
    h->entry = h->is_64 ? load_le64(data + 24) : load_le32(data + 24);
    at = h->is_64 ? load_le64(data + 32) : load_le32(data + 28);
    h->size = load_le16(data + (h->is_64 ? 54 : 42));
    h->count = load_le16(data + (h->is_64 ? 56 : 44));
    if (h->size < (h->is_64 ? 56 : 32) || at > file_size ||
        h->count * h->size > file_size - at)
        return false;
    h->table = data + at;
    return true;
}

/* The entry is a linear address of a map that is not there yet: where a
 * segment holds it, its physical address counts. */
static void measure(const struct headers *h, struct boot_elf *elf)
{
    struct segment s;

    *elf = (struct boot_elf){h->is_64, h->entry, UINT64_MAX, 0};
    for (uint64_t i = 0; i < h->count; i++) {
        read_segment(h->table + i * h->size, h->is_64, &s);
        if (s.type != PT_LOAD || !s.memory_size)
            continue;
        if (s.paddr < elf->start)
            elf->start = s.paddr;
        if (s.paddr + s.memory_size > elf->end)
            elf->end = s.paddr + s.memory_size;
        if (h->entry >= s.vaddr && h->entry - s.vaddr < s.memory_size)
            elf->entry = s.paddr + (h->entry - s.vaddr);
    }
}

bool boot_elf_measure(struct boot_load *load, struct boot_elf *elf)
{
    const struct boot_blob *file = &load->request->kernel;
    struct headers h;

    if (!read_headers(file->data, file->size, &h))
        return boot_refuse(load, file->name,
                           "its ELF header or program headers lie beyond the "
                           "end; fetch the file again");
    measure(&h, elf);
    if (!elf->end)
        return boot_refuse(load, file->name,
                           "has nothing to load; link it as an executable");
    return true;
}

bool boot_elf_segments(struct boot_load *load, uint64_t delta,
                       struct boot_elf *elf)
{
    const struct boot_blob *file = &load->request->kernel;
    struct headers h;
    struct segment s;

    if (!boot_elf_measure(load, elf) ||
        !read_headers(file->data, file->size, &h))
        return false;
    for (uint64_t i = 0; i < h.count; i++) {
        read_segment(h.table + i * h.size, h.is_64, &s);
        if (s.type == PT_LOAD && s.memory_size && !add_segment(load, &s, delta))
            return false;
    }
    elf->entry += delta;
    elf->start += delta;
    elf->end += delta;
    return true;
}

/* --------------------------------------------------------------- sections */

static void place_section(struct boot_load *load, uint8_t *header, bool is_64,
                          gpa_t from)
{
    const struct boot_blob *file = &load->request->kernel;
    uint64_t offset = is_64 ? load_le64(header + 24) : load_le32(header + 16);
    uint64_t size = is_64 ? load_le64(header + 32) : load_le32(header + 20);
    uint64_t address = is_64 ? load_le64(header + 16) : load_le32(header + 12);
    uint32_t type = load_le32(header + 4), flags = load_le32(header + 8);
    gpa_t gpa;

    if (address || !size || !type || type == SHT_NOBITS || flags & SHF_ALLOC ||
        offset > file->size || size > file->size - offset ||
        load->plan->pieces + SPARE_PIECES > BOOT_MAX_PIECES)
        return;
    gpa = boot_place(load, size, from, UINT32_MAX);
    if (!gpa ||
        !boot_add_piece(load, file->name, gpa, size, file->data + offset, size))
        return;
    store_le(header + (is_64 ? 16 : 12), gpa, is_64 ? 8 : 4);
}

bool boot_elf_sections(struct boot_load *load, struct boot_sections *sections)
{
    const struct boot_blob *file = &load->request->kernel;
    const uint8_t *data = file->data;
    struct headers h;
    struct boot_elf elf;
    uint32_t size, count;
    uint64_t at;

    *sections = (struct boot_sections){NULL, 0, 0, 0};
    if (file->size < 52 || memcmp(data, "\177ELF", 4) != 0 ||
        !read_headers(data, file->size, &h))
        return true;
    measure(&h, &elf);
    at = h.is_64 ? load_le64(data + 40) : load_le32(data + 32);
    size = load_le16(data + (h.is_64 ? 58 : 46));
    count = load_le16(data + (h.is_64 ? 60 : 48));
    if (!at || !count || size < (h.is_64 ? 64 : 40) || at > file->size ||
        (uint64_t)count * size > file->size - at)
        return true;
    sections->table = boot_own(load, (size_t)count * size);
    if (!sections->table)
        return false;
    memcpy(sections->table, data + at, (size_t)count * size);
    for (uint32_t i = 0; i < count; i++)
        place_section(load, sections->table + (size_t)i * size, h.is_64,
                      elf.end > BOOT_HIGH_START ? elf.end : BOOT_HIGH_START);
    sections->count = count;
    sections->entry_size = size;
    sections->names = load_le16(data + (h.is_64 ? 62 : 50));
    return true;
}

/* ------------------------------------------------------------------ notes */

/* Name and description are padded to 4 bytes each. */
static bool find_note(const uint8_t *note, uint64_t size, uint32_t *entry)
{
    while (size >= 12) {
        uint64_t name = (load_le32(note) + 3ull) & ~3ull;
        uint64_t length = load_le32(note + 4);
        uint64_t padded = (length + 3) & ~3ull;
        if (12 + name + length > size)
            return false;
        if (load_le32(note + 8) == NOTE_PHYS32_ENTRY && length >= 4 &&
            load_le32(note) == 4 && !memcmp(note + 12, "Xen", 4)) {
            *entry = load_le32(note + 12 + name);
            return true;
        }
        if (12 + name + padded > size)
            return false;
        note += 12 + name + padded;
        size -= 12 + name + padded;
    }
    return false;
}

bool boot_elf_pvh(const uint8_t *data, uint64_t size, uint32_t *entry)
{
    struct headers h;
    struct segment s;

    if (!read_headers(data, size, &h))
        return false;
    for (uint64_t i = 0; i < h.count; i++) {
        read_segment(h.table + i * h.size, h.is_64, &s);
        if (s.type == PT_NOTE && s.offset <= size &&
            s.file_size <= size - s.offset &&
            find_note(data + s.offset, s.file_size, entry))
            return true;
    }
    return false;
}

bool boot_elf_load(struct boot_load *load)
{
    const struct boot_request *r = load->request;
    struct boot_elf elf;
    uint32_t entry;

    if (boot_elf_pvh(r->kernel.data, r->kernel.size, &entry))
        return boot_pvh_load(load);
    if (r->modules)
        return boot_refuse(load, r->module[0].name,
                           "a plain ELF file takes no modules; leave -initrd "
                           "out");
    if (r->cmdline)
        return boot_refuse(load, "-append",
                           "a plain ELF file, without a Multiboot header or "
                           "the note of PVH, takes no text; leave it out");
    if (!boot_elf_segments(load, 0, &elf))
        return false;
    if (elf.is_64 && !boot_is_free(load, PAGE_TABLES, 6 * PAGE_SIZE))
        return boot_refuse(load, r->kernel.name,
                           "a segment covers address 0x%x, where page tables "
                           "go; link it to 1 MiB or above",
                           PAGE_TABLES);
    load->plan->record = (struct boot_record){
        .kind = elf.is_64 ? BOOT_LONG_MODE : BOOT_PROTECTED,
        .entry = elf.entry,
        .sp = BOOT_STACK,
        .table_gpa = PAGE_TABLES,
    };
    return true;
}
