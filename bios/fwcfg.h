/* The firmware configuration device; fwcfg.c, for code16 and code32. */
#ifndef FWCFG_H
#define FWCFG_H

#include "bios.h"

#define FWCFG_DATA      0x511
#define FWCFG_CPUS      0x05
#define FWCFG_BOOT_MENU 0x0E
#define FWCFG_NAME_SIZE 56

struct fwcfg_file {
    uint32_t size;
    uint16_t key;
};

bool fwcfg_present(void);
void fwcfg_select(uint16_t key);
uint16_t fwcfg_read16(uint16_t key);
/* The next bytes of the selected item; NULL drops them. */
void fwcfg_bytes(void *to, uint32_t count);
/* The n-th file whose name begins with prefix; its name goes to name[], if
 * that is not NULL. False if there are not so many. */
bool fwcfg_find(const char *prefix, uint32_t n, struct fwcfg_file *file,
                char name[FWCFG_NAME_SIZE]);
/* Reads at most size bytes of a file; false if there is none. */
bool fwcfg_read_file(const char *name, void *to, uint32_t size);

#endif
