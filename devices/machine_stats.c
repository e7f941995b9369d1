/* machine_stats.c - counters, hash and a look at the board from outside. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "cpu/block.h"
#include "cpu/cpu.h"
#include "cpu/jit/jit.h"
#include "devices/disk.h"
#include "devices/machine_state.h"

/* ----------------------------------------------------------------- hash */

/* Pages of zeros are left out: most of RAM is never touched. */
static uint64_t hash_ram(const struct ram_block *ram, uint64_t hash)
{
    static const uint8_t zeros[PAGE_SIZE];
    uint8_t number[8];

    for (uint64_t at = 0; at < ram->size; at += PAGE_SIZE) {
        if (!memcmp(ram->host + at, zeros, PAGE_SIZE))
            continue;
        store_le64(number, at);
        hash = state_hash_bytes(number, sizeof number, hash);
        hash = state_hash_bytes(ram->host + at, PAGE_SIZE, hash);
    }
    return hash;
}

uint64_t machine_hash(struct machine *m)
{
    uint8_t icount[8];
    uint64_t hash = STATE_HASH_INIT;

    store_le64(icount, machine_instructions(m));
    hash = state_hash_bytes(icount, sizeof icount, hash);
    hash = device_hash_all(&m->devices, hash);
    return hash_ram(m->ram, hash);
}

/* ----------------------------------------------------------------- stats */

/* Like snprintf piece by piece: `need` grows, what fits is written. */
struct writer {
    char *text;
    size_t size, need;
    const char *separator;
};

PRINTF(2, 3) static void put(struct writer *w, const char *fmt, ...)
{
    bool fits = w->need < w->size;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(fits ? w->text + w->need : NULL, fits ? w->size - w->need : 0,
                  fmt, ap);
    va_end(ap);
    w->need += n > 0 ? (size_t)n : 0;
}

static void put_number(struct writer *w, const char *name, uint64_t value)
{
    put(w, "%s\"%s\": %" PRIu64, w->separator, name, value);
    w->separator = ",\n    ";
}

static void open_group(struct writer *w, const char *name)
{
    put(w, ",\n  \"%s\": {\n    ", name);
    w->separator = "";
}

static void put_cpu(struct writer *w, struct machine *m)
{
    open_group(w, "time");
    put_number(w, "instructions", machine_instructions(m));
    put_number(w, "ns", machine_now(m));
    put_number(w, "idle_ns", machine_idle_total(m));
    put(w, "\n  }");
    open_group(w, "mmu");
#define X(id, help) put_number(w, #id, m->cpu->mmu.count.id);
    MMU_COUNTERS(X)
#undef X
    put(w, "\n  }");
}

static void put_jit(struct writer *w, struct machine *m)
{
    const struct jit_counters *count;

    if (!m->cpu->jit)
        return;
    count = jit_counters(m->cpu->jit);
    open_group(w, "jit");
#define X(id, help) put_number(w, #id, count->id);
    JIT_COUNTERS(X)
#undef X
    put(w, "\n  }");
}

static void put_strict(struct writer *w, struct machine *m)
{
    const char *name, *text;

    open_group(w, "strict");
    for (unsigned n = 0; (name = strict_name(n, &text)); n++)
        put_number(w, name, m->strict.count[n]);
    put(w, "\n  }");
}

static void put_drive(struct writer *w, const char *name,
                      const struct disk *disk)
{
    const struct disk_counters *c;

    if (!disk)
        return;
    c = disk_get_counters(disk);
    open_group(w, name);
    put_number(w, "reads", c->reads);
    put_number(w, "bytes_read", c->bytes_read);
    put_number(w, "writes", c->writes);
    put_number(w, "bytes_written", c->bytes_written);
    put_number(w, "flushes", c->flushes);
    put_number(w, "errors", c->errors);
    put(w, "\n  }");
}

size_t machine_stats(struct machine *m, char *json, size_t size)
{
    static const char *const drive[MACHINE_DRIVES] = {"fda", "fdb", "hda",
                                                      "hdb", "hdc", "hdd"};
    struct writer w = {json, size, 0, ""};

    put(&w, "{\n  \"state_hash\": \"%016" PRIx64 "\"", machine_hash(m));
    put(&w, ",\n  \"ram_bytes\": %" PRIu64, m->config.ram_bytes);
    put_cpu(&w, m);
    put_jit(&w, m);
    if (m->config.strict)
        put_strict(&w, m);
    for (unsigned i = 0; i < MACHINE_DRIVES; i++)
        put_drive(&w, drive[i], m->disk[i]);
    put(&w, "\n}\n");
    return w.need;
}

/* ------------------------------------------------------------- registers */

enum register_kind { REG_GENERAL, REG_SEGMENT, REG_BASE, REG_FIELD, REG_CALL };

struct register_row {
    const char *name;
    enum register_kind kind;
    size_t where; /* index, or offset in struct cpu */
};

#define GENERAL(name, n)                                                       \
    {                                                                          \
        name, REG_GENERAL, n                                                   \
    }
#define SEGMENT(name, n)                                                       \
    {                                                                          \
        name, REG_SEGMENT, n                                                   \
    }
#define BASE(name, n)                                                          \
    {                                                                          \
        name, REG_BASE, n                                                      \
    }
#define FIELD64(name)                                                          \
    {                                                                          \
#name, REG_FIELD, offsetof(struct cpu, name)                           \
    }

static const struct register_row registers[] = {
    GENERAL("rax", RAX),
    GENERAL("rcx", RCX),
    GENERAL("rdx", RDX),
    GENERAL("rbx", RBX),
    GENERAL("rsp", RSP),
    GENERAL("rbp", RBP),
    GENERAL("rsi", RSI),
    GENERAL("rdi", RDI),
    GENERAL("r8", R8),
    GENERAL("r9", R9),
    GENERAL("r10", R10),
    GENERAL("r11", R11),
    GENERAL("r12", R12),
    GENERAL("r13", R13),
    GENERAL("r14", R14),
    GENERAL("r15", R15),
    {"rip", REG_CALL, 0},
    {"eflags", REG_CALL, 1},
    SEGMENT("es", SEG_ES),
    SEGMENT("cs", SEG_CS),
    SEGMENT("ss", SEG_SS),
    SEGMENT("ds", SEG_DS),
    SEGMENT("fs", SEG_FS),
    SEGMENT("gs", SEG_GS),
    BASE("es_base", SEG_ES),
    BASE("cs_base", SEG_CS),
    BASE("ss_base", SEG_SS),
    BASE("ds_base", SEG_DS),
    BASE("fs_base", SEG_FS),
    BASE("gs_base", SEG_GS),
    FIELD64(cr0),
    FIELD64(cr2),
    FIELD64(cr3),
    FIELD64(cr4),
    FIELD64(cr8),
    FIELD64(efer),
    FIELD64(gdtr_base),
    FIELD64(idtr_base),
};

static uint64_t register_value(const struct cpu *cpu,
                               const struct register_row *row)
{
    uint64_t value;

    switch (row->kind) {
    case REG_GENERAL:
        return cpu->reg[row->where];
    case REG_SEGMENT:
        return cpu->seg[row->where].selector;
    case REG_BASE:
        return cpu->seg[row->where].base;
    case REG_CALL:
        return row->where ? cpu_eflags(cpu) : cpu_rip(cpu);
    default:
        memcpy(&value, (const char *)cpu + row->where, sizeof value);
        return value;
    }
}

bool machine_register(const struct machine *m, const char *name,
                      uint64_t *value)
{
    for (size_t i = 0; i < ARRAY_LEN(registers); i++)
        if (!strcmp(registers[i].name, name)) {
            *value = register_value(m->cpu, &registers[i]);
            return true;
        }
    return false;
}

const char *machine_register_name(unsigned n)
{
    return n < ARRAY_LEN(registers) ? registers[n].name : NULL;
}

/* ------------------------------------------------------------ and the rest */

void machine_peek(struct machine *m, uint64_t address, void *data, size_t size)
{
    addrspace_peek(m->memory, address, data, size);
}

void machine_drop_derived(struct machine *m)
{
    block_drop_all(m->cpu);
    mmu_drop_all(&m->cpu->mmu);
}

struct shower {
    void (*put)(void *opaque, const char *id, const char *description,
                const char *line);
    void *opaque;
    const struct device *device;
};

static void show_line(void *opaque, const char *line)
{
    const struct shower *s = opaque;

    s->put(s->opaque, s->device->id, s->device->ops->description, line);
}

void machine_each_device(struct machine *m,
                         void (*put)(void *opaque, const char *id,
                                     const char *description, const char *line),
                         void *opaque)
{
    struct shower shower = {put, opaque, NULL};

    for (struct device *d = m->devices.first; d; d = d->next) {
        shower.device = d;
        if (d->ops->fields)
            state_show(d->ops->fields, d, show_line, &shower);
    }
}
