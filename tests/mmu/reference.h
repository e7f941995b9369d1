/* reference.h - a naive MMU to compare with: memory is an array, every
 * access walks, nothing is remembered. Written from SDM volume 3, chapter 4,
 * apart from mmu/walk.c, and deliberately simple. */
#ifndef UMBRA_TESTS_MMU_REFERENCE_H
#define UMBRA_TESTS_MMU_REFERENCE_H

#include "mmu/mmu.h"

#include <stdlib.h>

/* [window.base, window.base + window.size) leads to `banks` from
 * window.offset on instead of to memory. */
struct reference {
    uint8_t *memory, *banks;
    uint64_t size;
    struct {
        uint64_t base, size, offset;
    } window;
    struct page_role role;
    uint64_t cr3, pdpte[4];
    bool a20;
};

static inline uint64_t ref_mask(const struct reference *r, uint64_t gpa)
{
    return r->a20 ? gpa : gpa & ~0x100000ull;
}

/* NULL: there is nothing. */
static inline uint8_t *ref_at(const struct reference *r, uint64_t gpa)
{
    if (gpa - r->window.base < r->window.size)
        return r->banks + r->window.offset + (gpa - r->window.base);
    return gpa < r->size ? r->memory + gpa : NULL;
}

static inline uint64_t ref_load(const struct reference *r, uint64_t gpa,
                                unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        const uint8_t *at = ref_at(r, gpa + i);

        value |= (uint64_t)(at ? *at : 0xFF) << i * 8;
    }
    return value;
}

static inline void ref_store(struct reference *r, uint64_t gpa, uint64_t value,
                             unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        if (ref_at(r, gpa + i))
            *ref_at(r, gpa + i) = (uint8_t)(value >> i * 8);
}

/* -1 = the page is *gpa, else the error code. */
static inline int ref_walk(struct reference *r, enum mmu_bank_kind kind,
                           enum mmu_access access, uint64_t gva, uint64_t *gpa)
{
    const struct page_role *role = &r->role;
    int levels = role->levels;
    bool legacy = levels == 2, user = kind == BANK_USER;
    bool may_write = true, may_user = true, may_exec = true;
    int error = (access == MMU_WRITE ? 2 : 0) | (user ? 4 : 0);
    uint64_t table = r->cr3, address_bits = (1ull << role->maxphyaddr) - 1;
    int level = levels;

    if (access == MMU_EXEC && (role->smep || (role->nxe && levels >= 3)))
        error |= 16;
    if (levels == 0) {
        *gpa = ref_mask(r, gva & 0xFFFFFFFF) & ~0xFFFull;
        return -1;
    }
    if (levels == 2)
        table = (uint32_t)table;
    table &= ~0xFFFull & address_bits;
    if (levels == 3) {
        uint64_t pdpte = r->pdpte[gva >> 30 & 3];

        if (!(pdpte & 1))
            return error;
        table = pdpte & ~0xFFFull & address_bits;
        level = 2;
    }
    for (;; level--) {
        int index_bits = legacy ? 10 : 9, size = legacy ? 4 : 8;
        int shift = 12 + (level - 1) * index_bits;
        uint64_t index = gva >> shift & ((1ull << index_bits) - 1);
        uint64_t at = ref_mask(r, table) + index * (unsigned)size;
        uint64_t entry = ref_load(r, at, (unsigned)size), page;
        bool large = false, reserved = false;

        if (!(entry & 1))
            return error;
        if (level > 1 && entry & 0x80)
            large = legacy ? role->pse : level <= 3;
        if (legacy) {
            page = entry & 0xFFFFF000;
            if (large) {
                page = (entry & 0xFFC00000) | (entry >> 13 & 0xFF) << 32;
                reserved = entry >> 21 & 1 ||
                           (role->maxphyaddr < 40 &&
                            entry >> 13 & 0xFF &
                                ~((1u << (role->maxphyaddr - 32)) - 1));
            }
        } else {
            page = entry & 0x000FFFFFFFFFF000;
            if (levels == 3) /* all bits up to 62 */
                page |= entry & 0x7FF0000000000000;
            reserved = page & ~address_bits;
            if (entry >> 63 && !role->nxe)
                reserved = true;
            if (level >= 4 && entry & 0x80)
                reserved = true;
            if (large) {
                uint64_t inside = (1ull << shift) - 1;

                reserved = reserved || page & inside & ~0x1FFFull;
                page &= ~inside;
            }
            page &= address_bits;
        }
        if (reserved)
            return error | 1 | 8;
        may_write = may_write && entry & 2;
        may_user = may_user && entry & 4;
        if (!legacy && entry >> 63)
            may_exec = false;
        if (level > 1 && !large) {
            if (!(entry & 0x20))
                ref_store(r, at, entry | 0x20, (unsigned)size);
            table = page;
            continue;
        }
        if (user) {
            if (!may_user || (access == MMU_WRITE && !may_write) ||
                (access == MMU_EXEC && !may_exec))
                return error | 1;
        } else if (access == MMU_EXEC) {
            if (!may_exec || (may_user && role->smep))
                return error | 1;
        } else {
            if (may_user && role->smap && kind != BANK_SUPER_AC)
                return error | 1;
            if (access == MMU_WRITE && !may_write && role->wp)
                return error | 1;
        }
        if ((entry & 0x20) == 0 || (access == MMU_WRITE && !(entry & 0x40)))
            ref_store(r, at, entry | 0x20 | (access == MMU_WRITE ? 0x40 : 0),
                      (unsigned)size);
        page |= gva & ((1ull << shift) - 1);
        *gpa = ref_mask(r, page & ~0xFFFull);
        return -1;
    }
}

/* One access of up to 64 bytes. -1 = done, else the error code and *bad. */
static inline int ref_access(struct reference *r, enum mmu_bank_kind kind,
                             enum mmu_access access, uint64_t gva,
                             uint8_t *data, unsigned size, uint64_t *bad)
{
    unsigned room = 4096 - (gva & 4095), first = size < room ? size : room;
    uint64_t next = gva + room, gpa[2] = {0, 0};
    int error = ref_walk(r, kind, access, gva, &gpa[0]);

    *bad = gva;
    if (r->role.levels < 4)
        next = (uint32_t)next;
    if (error < 0 && first < size) {
        error = ref_walk(r, kind, access, next, &gpa[1]);
        *bad = next;
    }
    if (error >= 0)
        return error;
    for (unsigned i = 0; i < size; i++) {
        uint64_t at =
            i < first ? gpa[0] + (gva & 4095) + i : gpa[1] + (i - first);

        if (access == MMU_WRITE)
            ref_store(r, at, data[i], 1);
        else
            data[i] = (uint8_t)ref_load(r, at, 1);
    }
    return -1;
}

#endif
