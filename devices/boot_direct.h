/* boot_direct.h - the last steps before a kernel: code of bios/direct.S that
 * asks the BIOS for facts, puts them where the loader wants them, and enters
 * the kernel. For the loaders only. */
#ifndef UMBRA_BOOT_DIRECT_H
#define UMBRA_BOOT_DIRECT_H

#include "bios/direct.h"
#include "devices/boot.h"

/* The image that is being prepared. */
struct boot_direct {
    uint8_t *image;
    unsigned fixes;
};

bool boot_direct_begin(struct boot_load *load, struct boot_direct *direct);
/* Operation DIRECT_COPY and so on, done if the fact is there. */
void boot_direct_fix(struct boot_direct *direct, unsigned fact,
                     unsigned operation, uint32_t source, uint32_t size,
                     gpa_t to);
/* `size` bytes of the facts, FACT_... */
void boot_direct_copy(struct boot_direct *direct, unsigned fact,
                      uint32_t offset, uint32_t size, gpa_t to);
/* A mode near this one, or (width 0) any; text without `graphics`. */
void boot_direct_video(struct boot_direct *direct, bool graphics,
                       uint32_t width, uint32_t height, uint32_t depth);
/* Room for `size` bytes below 1 MiB, else above all pieces; 0: none. */
gpa_t boot_direct_place(const struct boot_load *load, uint64_t size);
/* Memory for what a kernel is told, and where it is to lie, as `what`
 * information; NULL: refused. */
uint8_t *boot_direct_info(struct boot_load *load, const char *what, size_t size,
                          gpa_t *gpa);
/* Last: entered in flat protected mode with these registers, */
bool boot_direct_enter32(struct boot_load *load, struct boot_direct *direct,
                         uint32_t entry, uint32_t eax, uint32_t ebx);
/* ... or in real mode at `entry`, below 1 MiB, with the drive in DL. */
bool boot_direct_enter16(struct boot_load *load, struct boot_direct *direct,
                         uint32_t entry, uint8_t drive);

#endif
