/* pc.h - the whole board for fuzz_devices: one with disks, a CD, a floppy
 * and every part that the board can have, after a POST of a kind (PCI base
 * registers have addresses), with the CPU in HLT.
 *
 * The parts' places are not listed here: they are asked of the port map and
 * the memory map, so that a new chip is reached as soon as it is on the
 * board. */
#ifndef UMBRA_TESTS_FUZZ_PC_H
#define UMBRA_TESTS_FUZZ_PC_H

#include "devices/machine_state.h"
#include "tests/fuzz/fuzz.h"

enum {
    PC_RAM = 2 << 20,
    PC_TABLES = 0x10000, /* RAM that descriptors are put into */
    PC_MAX_PLACES = 160,
    PC_MEDIA = 7
};

/* A range of one region that answers, as the maps are now. */
struct pc_place {
    struct addrspace *space;
    const struct region *region;
    uint64_t base, size;
};

struct pc {
    struct machine *m;
    /* Only places of one part are chosen; NULL: of any. */
    const char *focus;
    uint64_t instructions; /* that the CPU may still execute */
    uint64_t ns;           /* and time that may still pass */
    uint64_t told;         /* hash of what came out of the ports */
};

struct pc *pc_create(void);
void pc_destroy(struct pc *pc);

/* RAM is no place; ROM is, where writing has an effect. */
unsigned pc_places(struct pc *pc, struct pc_place place[PC_MAX_PLACES]);
/* Choose one; false: there is none. */
bool pc_choose(struct pc *pc, unsigned n, struct pc_place *place);

void pc_out(struct pc *pc, unsigned port, uint64_t value, unsigned size);
uint64_t pc_in(struct pc *pc, unsigned port, unsigned size);
uint32_t pc_config_address(unsigned devfn, unsigned offset);
/* Reset too, when the board asks for the end of the run. Time stands still
 * once the limits are used up. */
void pc_pass(struct pc *pc, uint64_t ns);
/* A file for a drive: floppy, hard disk, CD, a few odd bytes, qcow2 with a
 * backing file, two flash chips. */
const char *pc_medium(unsigned n);

#endif
