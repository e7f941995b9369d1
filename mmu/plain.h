/* plain.h - MMU_POLICY_FLUSH: a plain TLB without shadow pages, for
 * comparison. Nothing is coherent: a CR3 load empties the banks, INVLPG
 * drops a page, as the manual demands of hardware. */
#ifndef UMBRA_MMU_PLAIN_H
#define UMBRA_MMU_PLAIN_H

#include "mmu/shadow.h"

/* As shadow_resolve. */
bool plain_resolve(struct shadow *shadow, struct mmu_request *request,
                   struct mmu_page *page);
void plain_flush(struct shadow *shadow);
void plain_invlpg(struct shadow *shadow, gva_t gva);
/* A frame of RAM got its first reason for tracking. */
void plain_protect(struct shadow *shadow, const uint8_t *host);

#endif
