/* recheck.h - what somebody believes about an address, against the TLB and
 * the guest's tables as they are now (recheck.c). */
#ifndef UMBRA_MMU_RECHECK_H
#define UMBRA_MMU_RECHECK_H

#include "mmu/mmu.h"

/* May [gva, gva + size) be accessed at `host` by who is accessing now? NULL:
 * yes; otherwise why not, with *found the address it has, if it has one.
 * `walk`: the tables are asked even if the TLB knows. Changes nothing. */
const char *mmu_recheck(struct mmu *mmu, enum mmu_access access, gva_t gva,
                        unsigned size, const void *host, bool walk,
                        const void **found);

#endif
