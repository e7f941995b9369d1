/* upper.h - the upper part of linear addresses, which address spaces share.
 *
 * Kernels map themselves alike in every address space. Roots whose guest
 * tables have the same entries for the upper half of linear addresses (32-bit
 * roots: for the last GiB) are members of one `upper`, whose banks serve
 * their supervisor accesses: a new address space knows the kernel's pages and
 * code from the start, and a page of the kernel's is dropped once.
 *
 * Invariants:
 *  - An upper stands for `entries`, a copy of the guest's, which never
 *    changes, and a role. No walk marks them: those present have A set,
 *    pages among them D, too, unless nothing may write there.
 *  - A member's table has these entries now: it is RAM, its shadow page is
 *    the root's uppermost one and names the member in `tops`, so that a store
 *    or the page's end make the member leave. For PAE the entry is in the key.
 *  - A member has no supervisor banks of its own. Those of the upper hold
 *    slots of the upper part, known to shadow pages as those of `space`, and
 *    slots of the lower part of one member, `lower`; all of these are in `low`
 *    or it has overflowed. They go when another member is entered. */
#ifndef UMBRA_MMU_UPPER_H
#define UMBRA_MMU_UPPER_H

#include "mmu/roots.h"

struct shadow_page;

static inline gva_t upper_start(const struct root *root)
{
    return root->role.levels >= 4 ? 1ull << 63 : 3ull << 30;
}

static inline bool upper_covers(const struct root *root, gva_t gva)
{
    return root->role.levels >= 4 ? gva >> 63 : gva >> 30 == 3;
}

/* Part of root->top that leads to the upper part. */
static inline unsigned upper_top(const struct root *root)
{
    return root->role.levels >= 4 ? 0 : 3;
}

/* Forget all. */
void upper_init(struct shadow *shadow);
/* `root` is entered, after `previous` (or NULL): find or make its upper. */
void upper_enter(struct shadow *shadow, struct root *root,
                 const struct root *previous);
/* The root is on its own again. */
void upper_leave(struct shadow *shadow, struct root *root);
/* The uppermost page of these roots goes. */
void upper_leave_all(struct shadow *shadow, uint64_t roots);
/* Bytes up to `end` of a table with members were stored. */
void upper_written(struct shadow *shadow, const struct shadow_page *page,
                   unsigned end);
/* The supervisor banks have a slot for a page of the lower part. */
void upper_note_low(struct upper *upper, gva_t gva, unsigned which);
/* Drop these slots. */
void upper_drop_low(struct upper *upper);
/* Does the member's table have the upper's entries? For the audit. */
bool upper_holds(struct shadow *shadow, const struct root *member);

#endif
