/* mmu.h - facade of the memory system for the CPU.
 *
 * The CPU pushes a role, a root and who is accessing; it gets host pointers
 * or a fault. The MMU never sees cpu.h. Coherence is eager: stores to guest
 * page tables are trapped (track.h) and the shadow always says what the
 * guest tables say now, so INVLPG and CR3 loads have nothing to throw away
 * (unless policy is MMU_POLICY_FLUSH, a plain TLB for comparison). */
#ifndef UMBRA_MMU_MMU_H
#define UMBRA_MMU_MMU_H

#include "devices/core/base.h"
#include "devices/core/log.h"
#include "mmu/tlb.h"

struct addrspace;
struct ram_frame;
struct shadow;
struct strict;
struct track;

/* Whatever changes the meaning of a guest page-table entry. */
struct page_role {
    uint8_t levels;     /* 0 paging off, 2 legacy, 3 PAE, 4 long, 5 LA57 */
    bool pse;           /* CR4.PSE: 4 MiB pages (legacy only) */
    bool wp;            /* CR0.WP */
    bool nxe;           /* EFER.NXE */
    bool smep;          /* CR4.SMEP */
    bool smap;          /* CR4.SMAP */
    bool pge;           /* CR4.PGE: matters under MMU_POLICY_FLUSH only */
    uint8_t maxphyaddr; /* bits above are reserved */
    bool no_1g;         /* 1 GiB pages are reserved */
    bool no_pse36;      /* 4 MiB pages lie below 4 GiB */
    uint32_t pkru;      /* 0 unless CR4.PKE and 4 or 5 levels */
};

/* Page-fault error code, SDM volume 3 section 4.7. */
enum {
    PF_P = 1 << 0,
    PF_W = 1 << 1,
    PF_U = 1 << 2,
    PF_RSVD = 1 << 3,
    PF_I = 1 << 4,
    PF_PK = 1 << 5,
};

struct mmu_fault {
    gva_t gva;      /* first failing byte, for CR2 */
    uint32_t error; /* PF_ bits */
};

/* The page that holds code. `host` is the page's first byte, NULL when code
 * lies in MMIO or nowhere (or its tables do): fetch it with mmu_read_code. */
struct mmu_code {
    gpa_t gpa; /* of the page */
    uint8_t *host;
    struct ram_frame *frame; /* NULL with host NULL */
};

/* Told by the MMU. `code_written`: bytes [offset, offset + size) of a page
 * with TRACK_CODE changed (already stored), at least one touched granule
 * holds code. The receiver drops blocks and clears
 * granules and, when none is left, calls mmu_untrack_code. */
struct mmu_client {
    void (*code_written)(void *opaque, const struct mmu_code *page,
                         unsigned offset, unsigned size);
    void *opaque;
};

enum mmu_policy { MMU_POLICY_CACHED, MMU_POLICY_FLUSH };

/* THE list of counters; counted in slow paths only. */
#define MMU_COUNTERS(X)                                                        \
    X(fill, "TLB fills")                                                       \
    X(fill_shadow_hit, "TLB fills served by an existing shadow entry")         \
    X(walk, "guest table walks")                                               \
    X(fault, "page faults found")                                              \
    X(spte_made, "shadow entries made")                                        \
    X(page_made, "shadow pages made")                                          \
    X(page_reused, "shadow pages reused")                                      \
    X(page_zapped, "shadow pages zapped")                                      \
    X(page_recycled, "shadow pages recycled for room")                         \
    X(root_made, "roots made")                                                 \
    X(root_reused, "CR3 loads that found their root")                          \
    X(root_recycled, "roots recycled for room")                                \
    X(upper_made, "upper parts found alike in two roots")                      \
    X(upper_joined, "roots that joined such a part")                           \
    X(upper_left, "roots that left it again")                                  \
    X(table_write, "trapped stores to guest page tables")                      \
    X(table_sync, "shadow entries synced or dropped by such stores")           \
    X(flood, "table pages zapped because of a flood of stores")                \
    X(code_write, "stores to code granules")                                   \
    X(code_beside, "stores beside code in a code frame")                       \
    X(dirty_write, "first stores to frames watched for changes")               \
    X(mmio_read, "MMIO reads")                                                 \
    X(mmio_write, "MMIO writes")                                               \
    X(cross, "accesses that crossed a page")                                   \
    X(invlpg, "INVLPG executed")                                               \
    X(flush, "flushes requested by the guest")                                 \
    X(drop_all, "all derived state dropped")                                   \
    X(drop_jumps, "jump caches emptied of blocks whose memory was wanted")     \
    X(remap, "changes of the map below 1 MiB")                                 \
    X(tlb_grown, "TLB arrays grown")                                           \
    X(bytes, "bytes of derived state now")

struct mmu_counters {
#define X(id, help) uint64_t id;
    MMU_COUNTERS(X)
#undef X
};

/* Embedded in struct cpu. The first fields are what fast paths read. */
struct mmu {
    struct tlb_bank now; /* copy of *bank[kind] of the current root */
    struct tlb_bank *bank[MMU_BANKS]; /* banks of the current root */
    enum mmu_bank_kind kind;
    struct page_role role;
    uint64_t cr3;
    uint64_t pdpte[4]; /* PAE: as loaded by mmu_load_pdptes */
    bool a20;
    enum mmu_policy policy;
    struct addrspace *memory;
    struct shadow *shadow; /* everything derived */
    struct track *track;
    struct tlb_near near;
    struct mmu_client client;
    struct mmu_counters count;
    struct strict *strict; /* --strict-report; else NULL */
    struct log *log;
};

/* Set up with paging off, A20 on. False when the host has no memory.
 * `track` is the board's (it must be the one given to ram_create). */
bool mmu_init(struct mmu *mmu, struct addrspace *memory, struct track *track,
              const struct mmu_client *client, enum mmu_policy policy,
              struct log *log);
void mmu_free(struct mmu *mmu);

/* ---- what the CPU pushes */
/* New role and root together (CR0, CR3, CR4, EFER writes; task switch). */
void mmu_set_paging(struct mmu *mmu, const struct page_role *role,
                    uint64_t cr3);
/* Read the four PDPTEs of a PAE CR3. False: reserved bits set (#GP), nothing
 * changed. Call before mmu_set_paging. */
bool mmu_load_pdptes(struct mmu *mmu, uint64_t cr3, uint8_t maxphyaddr);
/* MOV CR3 with an unchanged role: the guest asks to flush non-global
 * translations. */
void mmu_set_cr3(struct mmu *mmu, uint64_t cr3);
/* Only the rights of the protection keys changed. */
void mmu_set_pkru(struct mmu *mmu, uint32_t pkru);
static inline void mmu_set_bank(struct mmu *mmu, enum mmu_bank_kind kind)
{
    if ((mmu->kind == BANK_SUPER_AC) != (kind == BANK_SUPER_AC))
        tlb_near_change_ac(&mmu->near, kind == BANK_SUPER_AC);
    mmu->kind = kind;
    mmu->now = *mmu->bank[kind];
}
void mmu_set_a20(struct mmu *mmu, bool on);
void mmu_invlpg(struct mmu *mmu, gva_t gva);
/* CR4.PGE toggled and the like: flush global translations too. */
void mmu_flush_all(struct mmu *mmu);
/* Throw away everything derived (tests do this at random moments). */
void mmu_drop_all(struct mmu *mmu);
/* Empty the jump slots whose blocks lie from `low` to below `high`. */
void mmu_drop_jumps(struct mmu *mmu, const void *low, const void *high);

/* ---- slow paths; size 1..64. All return true when done, false with *fault
 * set and nothing changed (A/D bits of tables on the way excepted, as the
 * manual allows). `kind` is usually mmu->kind; implicit supervisor accesses
 * (descriptor tables, TSS, IDT, pushes of an inner ring) pass BANK_SUPER.
 * Reads of MMIO have side effects. Data is in guest (little-endian) order. */
bool mmu_read(struct mmu *mmu, enum mmu_bank_kind kind, gva_t gva, void *data,
              unsigned size, struct mmu_fault *fault);
bool mmu_write(struct mmu *mmu, enum mmu_bank_kind kind, gva_t gva,
               const void *data, unsigned size, struct mmu_fault *fault);
/* Check that [gva, gva + size) can be accessed, fill the TLB, set A/D as the
 * access would. `size` up to PAGE_SIZE. */
bool mmu_probe(struct mmu *mmu, enum mmu_bank_kind kind, enum mmu_access,
               gva_t gva, unsigned size, struct mmu_fault *fault);
/* Fill the TLB and give the host pointer of the page at gva for direct
 * access up to the page's end, or NULL with *fault unset meaning "must go
 * through mmu_read/mmu_write" (MMIO, tracked). False = fault. */
bool mmu_host_page(struct mmu *mmu, enum mmu_bank_kind kind,
                   enum mmu_access access, gva_t gva, void **host,
                   struct mmu_fault *fault);

/* ---- code */
bool mmu_code_page(struct mmu *mmu, gva_t gva, struct mmu_code *code,
                   struct mmu_fault *fault);
/* Bytes of code outside RAM and ROM, one page at most. */
bool mmu_read_code(struct mmu *mmu, gva_t gva, void *data, unsigned size,
                   struct mmu_fault *fault);
/* Code was decoded from [offset, offset + size) of this frame: trap stores
 * to it (its write TLB entries go). */
void mmu_track_code(struct mmu *mmu, struct ram_frame *frame, gpa_t gpa,
                    unsigned offset, unsigned size);
void mmu_untrack_code(struct ram_frame *frame);

/* ---- debugger and tools: no side effects, no A/D bits, current root */
bool mmu_translate(struct mmu *mmu, gva_t gva, gpa_t *gpa);
bool mmu_peek(struct mmu *mmu, gva_t gva, void *data, unsigned size);

/* ---- audit.c: check every invariant; NULL = all hold, else what does not */
const char *mmu_audit(struct mmu *mmu);

#endif
