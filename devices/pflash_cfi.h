/* pflash_cfi.h - parallel flash memory with the CFI and Intel's commands. */
#ifndef UMBRA_PFLASH_CFI_H
#define UMBRA_PFLASH_CFI_H

#include "devices/core/device.h"
#include "devices/core/sched.h"
#include "mmu/addrspace.h"

struct disk;
struct ram_block;
struct pflash;

enum { PFLASH_BLOCK = 4096, PFLASH_BUFFER = 32 };

struct pflash_config {
    const char *id; /* "pflash0" */
    struct addrspace *memory;
    uint64_t base;
    /* The array; the caller's, who has filled it from `disk`. Its size is
     * the chip's. */
    struct ram_block *array;
    struct disk *disk; /* takes what is programmed; read-only: WP# is low */
    struct sched *sched;
    struct log *log;
};

struct pflash *pflash_create(const struct pflash_config *config);
struct device *pflash_device(struct pflash *flash);
/* What is programmed goes to the disk now. 0 or a negative errno. */
int pflash_write_back(struct pflash *flash);

#endif
