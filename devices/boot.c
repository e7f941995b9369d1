/* boot.c - direct load of kernels: plan, checks and the BIOS's record. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "devices/boot.h"
#include "devices/boot_image.h"
#include "mmu/addrspace.h"

bool boot_refuse(struct boot_load *load, const char *name, const char *fmt, ...)
{
    int n =
        snprintf(load->error, load->error_size, "%s: ", name ? name : "kernel");
    va_list ap;

    va_start(ap, fmt);
    if (n >= 0 && (size_t)n < load->error_size)
        vsnprintf(load->error + n, load->error_size - (size_t)n, fmt, ap);
    va_end(ap);
    return false;
}

void *boot_own(struct boot_load *load, size_t size)
{
    struct boot_plan *plan = load->plan;
    void *memory = NULL;

    ASSERT(plan->owners < BOOT_MAX_OWNED);
    if (size && size < SIZE_MAX / 2)
        memory = calloc(1, size);
    if (!memory)
        boot_refuse(load, load->request->kernel.name,
                    "the host has no memory for it; free some");
    else
        plan->owned[plan->owners++] = memory;
    return memory;
}

char *boot_named_cmdline(struct boot_load *load)
{
    const struct boot_request *r = load->request;
    const char *name = r->kernel.name ? r->kernel.name : "kernel";
    const char *text = r->cmdline ? r->cmdline : "";
    size_t length = strlen(name) + strlen(text) + 2;
    char *cmdline = boot_own(load, length);

    if (cmdline)
        snprintf(cmdline, length, "%s%s%s", name, *text ? " " : "", text);
    return cmdline;
}

static bool within(gpa_t gpa, uint64_t size, uint64_t start, uint64_t end)
{
    return gpa >= start && gpa <= end && size <= end - gpa;
}

static bool in_usable_ram(const struct boot_load *load, gpa_t gpa,
                          uint64_t size)
{
    uint64_t low_end = load->request->low_end;
    uint64_t top =
        low_end < BOOT_TOP_RESERVED ? 0 : low_end - BOOT_TOP_RESERVED;

    return within(gpa, size, BOOT_LOW_START, BOOT_LOW_END) ||
           within(gpa, size, BOOT_HIGH_START, top);
}

bool boot_is_free(const struct boot_load *load, gpa_t gpa, uint64_t size)
{
    if (!in_usable_ram(load, gpa, size))
        return false;
    for (unsigned i = 0; i < load->plan->pieces; i++) {
        const struct boot_piece *p = &load->plan->piece[i];
        if (gpa < p->gpa + p->size && p->gpa < gpa + size)
            return false;
    }
    return true;
}

gpa_t boot_place(const struct boot_load *load, uint64_t size, gpa_t from,
                 gpa_t to)
{
    gpa_t at = (from + PAGE_SIZE - 1) & PAGE_MASK;

    for (unsigned tries = 0; tries <= BOOT_MAX_PIECES; tries++) {
        gpa_t next = 0;
        if (size > to || at > to - size || !in_usable_ram(load, at, size))
            return 0;
        for (unsigned i = 0; i < load->plan->pieces; i++) {
            const struct boot_piece *p = &load->plan->piece[i];
            if (at < p->gpa + p->size && p->gpa < at + size &&
                p->gpa + p->size > next)
                next = p->gpa + p->size;
        }
        if (!next)
            return at;
        at = (next + PAGE_SIZE - 1) & PAGE_MASK;
    }
    return 0;
}

bool boot_add_modules(struct boot_load *load, uint64_t end,
                      uint32_t start[BOOT_MAX_MODULES])
{
    const struct boot_request *r = load->request;

    if (end < BOOT_HIGH_START)
        end = BOOT_HIGH_START;
    for (unsigned i = 0; i < r->modules; i++) {
        const struct boot_blob *m = &r->module[i];
        gpa_t gpa = boot_place(load, m->size, end, UINT32_MAX);
        if (!gpa) /* the kernel may lie at the top */
            gpa = boot_place(load, m->size, BOOT_HIGH_START, UINT32_MAX);
        if (!gpa)
            return boot_refuse(load, m->name,
                               "kernel and modules do not fit into %llu MiB "
                               "of RAM; give the PC more with -m",
                               (unsigned long long)(r->low_end >> 20));
        if (!boot_add_piece(load, m->name, gpa, m->size, m->data, m->size))
            return false;
        start[i] = (uint32_t)gpa;
    }
    return true;
}

bool boot_add_piece(struct boot_load *load, const char *name, gpa_t gpa,
                    uint64_t size, const uint8_t *data, uint64_t data_size)
{
    struct boot_plan *plan = load->plan;

    if (!size)
        return true;
    if (plan->pieces == BOOT_MAX_PIECES)
        return boot_refuse(load, name, "has more than %d parts; link it anew",
                           BOOT_MAX_PIECES);
    if (!in_usable_ram(load, gpa, size))
        return boot_refuse(load, name,
                           "%llu bytes for address 0x%llx do not fit into "
                           "RAM; give the PC more with -m",
                           (unsigned long long)size, (unsigned long long)gpa);
    if (!boot_is_free(load, gpa, size))
        return boot_refuse(load, name,
                           "parts overlap at address 0x%llx; the file is "
                           "damaged",
                           (unsigned long long)gpa);
    plan->piece[plan->pieces++] =
        (struct boot_piece){gpa, size, data, data_size};
    return true;
}

unsigned boot_memory_map(const struct boot_request *request,
                         struct boot_range range[BOOT_MAX_RANGES])
{
    uint64_t top = request->low_end - BOOT_TOP_RESERVED;
    unsigned n = 0;

    range[n++] = (struct boot_range){0, 0x9FC00, 1};
    range[n++] = (struct boot_range){0x9FC00, 0x400, 2};
    range[n++] = (struct boot_range){0xE0000, 0x20000, 2};
    if (top > BOOT_HIGH_START)
        range[n++] =
            (struct boot_range){BOOT_HIGH_START, top - BOOT_HIGH_START, 1};
    if (request->low_end > BOOT_HIGH_START)
        range[n++] = (struct boot_range){top, BOOT_TOP_RESERVED, 2};
    range[n++] = (struct boot_range){0xFEC00000, 0x1400000, 2};
    if (request->high_end > 1ull << 32)
        range[n++] = (struct boot_range){1ull << 32,
                                         request->high_end - (1ull << 32), 1};
    return n;
}

uint32_t boot_upper_kib(const struct boot_request *request)
{
    uint64_t above = BOOT_HIGH_START + BOOT_TOP_RESERVED;

    return request->low_end > above
               ? (uint32_t)((request->low_end - above) >> 10)
               : 0;
}

/* Files with addresses of their own beside a kernel. */
static bool add_raw(struct boot_load *load)
{
    const struct boot_request *r = load->request;

    for (unsigned i = 0; i < r->raws; i++) {
        const struct boot_raw *raw = &r->raw[i];
        if (!boot_add_piece(load, raw->file.name, raw->address, raw->file.size,
                            raw->file.data, raw->file.size))
            return false;
    }
    return true;
}

static bool load_kernel(struct boot_load *load)
{
    const struct boot_blob *kernel = &load->request->kernel;

    if (!kernel->data)
        return boot_raw_load(load);
    if (!add_raw(load))
        return false;
    switch (boot_image_kernel(kernel->data, kernel->size)) {
    case BOOT_IMAGE_LINUX:
        return boot_linux_load(load);
    case BOOT_IMAGE_MULTIBOOT:
        return boot_image_multiboot2(kernel->data, kernel->size) >= 0
                   ? boot_multiboot2_load(load)
                   : boot_multiboot_load(load);
    case BOOT_IMAGE_ELF:
        return boot_elf_load(load);
    case BOOT_IMAGE_EFI:
        return boot_refuse(load, kernel->name,
                           "is an EFI application and needs UEFI firmware; "
                           "name one with -bios, as OVMF.fd of the package "
                           "ovmf");
    default:
        return boot_refuse(load, kernel->name,
                           "holds no Linux, Multiboot 1 or 2, ELF or EFI "
                           "header; %s",
                           boot_image_hint(kernel->data, kernel->size));
    }
}

struct boot_plan *boot_plan_create(const struct boot_request *request,
                                   char *error, size_t error_size)
{
    struct boot_load load = {request, NULL, error, error_size};

    load.plan = calloc(1, sizeof *load.plan);
    if (!load.plan) {
        boot_refuse(&load, request->kernel.name,
                    "the host has no memory for it; free some");
        return NULL;
    }
    if (!load_kernel(&load)) {
        boot_plan_destroy(load.plan);
        return NULL;
    }
    return load.plan;
}

void boot_plan_destroy(struct boot_plan *plan)
{
    if (!plan)
        return;
    for (unsigned i = 0; i < plan->owners; i++)
        free(plan->owned[i]);
    free(plan);
}

void boot_plan_apply(const struct boot_plan *plan, struct addrspace *memory)
{
    static const uint8_t zeros[PAGE_SIZE];

    for (unsigned i = 0; i < plan->pieces; i++) {
        const struct boot_piece *p = &plan->piece[i];
        uint64_t done = min_u64(p->data_size, p->size), n;
        addrspace_write_block(memory, p->gpa, p->data, done);
        for (; done < p->size; done += n) {
            n = min_u64(p->size - done, sizeof zeros);
            addrspace_write_block(memory, p->gpa + done, zeros, n);
        }
    }
}

void boot_record_encode(const struct boot_record *record,
                        uint8_t out[BOOT_RECORD_SIZE])
{
    memset(out, 0, BOOT_RECORD_SIZE);
    store_le32(out, BOOT_RECORD_MAGIC);
    store_le32(out + 4, record->kind);
    store_le32(out + 8, record->cs);
    store_le32(out + 12, record->ip);
    store_le32(out + 16, record->seg);
    store_le32(out + 20, record->sp);
    store_le64(out + 24, record->entry);
    store_le32(out + 32, record->eax);
    store_le32(out + 36, record->ebx);
    store_le64(out + 40, record->rsi);
    store_le32(out + 48, record->table_gpa);
}
