/* explain.h - why an access faults, for reports (explain.c). */
#ifndef UMBRA_MMU_EXPLAIN_H
#define UMBRA_MMU_EXPLAIN_H

#include "mmu/mmu.h"

/* One table entry on the way. `why` NULL: the entry permits the access. */
struct mmu_step {
    unsigned level; /* 1 = entry of a 4 KiB page; 3 of PAE: a PDPTE */
    gpa_t gpa;      /* of the entry; 0 for a PDPTE, which is a register */
    uint64_t entry;
    const char *why;
};
enum { MMU_MAX_STEPS = 6 };

/* Walk the tables as they are now; changes nothing. Returns the number of
 * steps; the last one has a reason or permits the access. */
unsigned mmu_explain(struct mmu *mmu, enum mmu_bank_kind kind,
                     enum mmu_access access, gva_t gva,
                     struct mmu_step step[MMU_MAX_STEPS]);

#endif
