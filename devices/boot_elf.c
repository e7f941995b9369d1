/* boot_elf.c - loads ELF executables (System V ABI, chapters 4 and 5, i386
 * and AMD64 supplements) by the physical addresses of their segments.
 *
 * A plain ELF32 file is entered in flat protected mode, an ELF64 file in
 * long mode with an identity map. Not modelled: relocation, interpreters. */
#include "devices/boot.h"

enum { PT_LOAD = 1, PAGE_TABLES = 0x30000 };

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
                        uint64_t entry, struct boot_elf *elf)
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
    if (!boot_add_piece(load, file->name, s->paddr, s->memory_size,
                        file->data + s->offset, s->file_size))
        return false;
    if (s->paddr + s->memory_size > elf->end)
        elf->end = s->paddr + s->memory_size;
    /* The entry is a linear address of a map that is not there yet. */
    if (entry >= s->vaddr && entry - s->vaddr < s->memory_size)
        elf->entry = s->paddr + (entry - s->vaddr);
    return true;
}

bool boot_elf_segments(struct boot_load *load, struct boot_elf *elf)
{
    const struct boot_blob *file = &load->request->kernel;
    const uint8_t *data = file->data;
    uint64_t entry, table, count, size, least;
    struct segment segment;

    elf->is_64 = data[4] == 2;
    if (file->size < (elf->is_64 ? 64 : 52))
        return boot_refuse(load, file->name,
                           "ends within its ELF header; "
                           "fetch the file again");
    entry = elf->is_64 ? load_le64(data + 24) : load_le32(data + 24);
    table = elf->is_64 ? load_le64(data + 32) : load_le32(data + 28);
    size = load_le16(data + (elf->is_64 ? 54 : 42));
    count = load_le16(data + (elf->is_64 ? 56 : 44));
    least = elf->is_64 ? 56 : 32;
    elf->entry = entry;
    elf->end = 0;
    if (size < least || table > file->size || count * size > file->size - table)
        return boot_refuse(load, file->name,
                           "its program headers lie beyond "
                           "the end; fetch the file again");
    for (uint64_t i = 0; i < count; i++) {
        read_segment(data + table + i * size, elf->is_64, &segment);
        if (segment.type == PT_LOAD && segment.memory_size &&
            !add_segment(load, &segment, entry, elf))
            return false;
    }
    if (!elf->end)
        return boot_refuse(load, file->name,
                           "has nothing to load; link it "
                           "as an executable");
    return true;
}

bool boot_elf_load(struct boot_load *load)
{
    const struct boot_request *r = load->request;
    struct boot_elf elf;

    if (r->modules)
        return boot_refuse(load, r->module[0].name,
                           "a plain ELF file takes no modules; leave -initrd "
                           "out");
    if (!boot_elf_segments(load, &elf))
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
