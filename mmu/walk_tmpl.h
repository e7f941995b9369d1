/* walk_tmpl.h - one step of the table walk, for one format of tables.
 *
 * The including file defines WALK(name), WALK_ENTRY (type of an entry) and
 * WALK_INDEX_BITS, and the functions
 *   WALK(large)(walk, entry)     a page at this level > 1?
 *   WALK(reserved)(walk, leaf)   bits that must be zero
 *   WALK(address)(walk, entry, leaf)
 *   WALK(key)(entry)             KEY_OF_PAGE
 * of the format. */

static enum walk_result WALK(step)(struct walk *walk)
{
    const unsigned shift = PAGE_SHIFT + (walk->level - 1) * WALK_INDEX_BITS;
    const uint64_t index = bits(walk->gva, shift, WALK_INDEX_BITS);
    const uint64_t in_page = bits(walk->gva, 0, shift);
    uint64_t entry, marked;
    uint32_t cause;
    bool leaf;

    walk->entry_gpa = walk->table + index * sizeof(WALK_ENTRY);
    entry = load_entry(walk, sizeof(WALK_ENTRY));
    if (!(entry & PTE_P))
        return fail(walk, 0);
    leaf = walk->level == 1 || WALK(large)(walk, entry);
    if (entry & WALK(reserved)(walk, leaf))
        return fail(walk, PF_P | PF_RSVD);

    walk->entry_rights = (entry & PTE_U ? RIGHT_U : 0) |
                         (entry & PTE_W ? RIGHT_W : 0) |
                         (entry & PTE_NX ? 0 : RIGHT_X);
    marked = entry | PTE_A;
    if (leaf) {
        unsigned key = WALK(key)((WALK_ENTRY)entry);

        cause = walk_denies(walk->role, walk->kind, walk->access,
                            (walk->rights & walk->entry_rights) | key);
        if (!walk->quiet && cause)
            return fail(walk, cause);
        walk->entry_rights |= key;
        if (walk->access == MMU_WRITE)
            marked |= PTE_D;
    }
    if (marked != entry && !walk->quiet)
        store_entry(walk, marked, sizeof(WALK_ENTRY));
    if (!leaf || marked & PTE_D)
        walk->entry_rights |= RIGHT_D;
    walk->rights &= walk->entry_rights;
    if (!leaf) {
        walk->table = WALK(address)(walk, entry, false) & walk->a20_mask;
        walk->level--;
        return WALK_TABLE;
    }
    walk->page_shift = shift;
    walk->page = (WALK(address)(walk, entry, true) | in_page) & PAGE_MASK &
                 walk->a20_mask;
    return WALK_PAGE;
}

#undef WALK
#undef WALK_ENTRY
#undef WALK_INDEX_BITS
