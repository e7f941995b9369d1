/* strict.h - counts what hardware punishes or leaves undefined, but lax
 * emulators forgive (strict.c). Off: the pointer is NULL, and only slow paths
 * look at it. */
#ifndef UMBRA_MMU_STRICT_H
#define UMBRA_MMU_STRICT_H

#include "devices/core/base.h"
#include "devices/core/log.h"

/* THE list: identifier, what was seen. What the CPU found is counted where
 * it raises the exception, so the guest was punished, too. */
#define STRICT_ROWS(X)                                                         \
    X(stale_translation,                                                       \
      "page used after its table entry changed, before INVLPG or CR3 load")    \
    X(code_ahead, "store to the next 64 bytes of code: prefetched already")    \
    X(msr_unknown, "RDMSR or WRMSR of a register the model lacks: #GP")        \
    X(msr_reserved, "WRMSR with reserved bits or a wrong address: #GP")        \
    X(cr_reserved, "control register with reserved bits or combination: #GP")  \
    X(table_reserved, "page-table entry with reserved bits: #PF")              \
    X(segment, "access outside a segment's limit or type: #GP, #SS")           \
    X(noncanonical, "address that is not canonical: #GP, #SS")                 \
    X(alignment, "misaligned access under AC: #AC")                            \
    X(apic_access, "APIC register not accessed as an aligned doubleword")      \
    X(rom_write, "store to ROM: lost")                                         \
    X(undefined_opcode, "opcode that the model does not have: #UD")            \
    X(double_fault, "exception while delivering another: #DF")

enum strict_row {
#define X(id, text) STRICT_##id,
    STRICT_ROWS(X)
#undef X
        STRICT_COUNT
};

enum { STRICT_PENDING = 32 };

/* `pending`: pages whose entries changed while they were in use. */
struct strict {
    uint64_t count[STRICT_COUNT], first_rip[STRICT_COUNT];
    uint64_t pending[STRICT_PENDING];
    unsigned pendings;
    uint64_t (*rip)(void *opaque);
    void *opaque;
    struct log *log;
};

/* Count it, note where it happened first, log it. */
void strict_note(struct strict *strict, enum strict_row row);
/* A used entry of this page was changed; the page is used; the guest asks to
 * flush a page or everything. */
void strict_entry_changed(struct strict *strict, uint64_t gva);
void strict_page_used(struct strict *strict, uint64_t gva);
void strict_page_flushed(struct strict *strict, uint64_t gva);
void strict_all_flushed(struct strict *strict);
/* Name and text of a row; NULL past the last. */
const char *strict_name(unsigned row, const char **text);

#endif
