/* What the parts of booting share: option ROMs, devices to boot from, the
 * menu. */
#ifndef BOOT_H
#define BOOT_H

#include "code16.h"

/* Something to boot from. ORDER: boot_kinds in boot.c. */
enum boot_kind { BOOT_KERNEL, BOOT_FLOPPY, BOOT_DISK, BOOT_CDROM, BOOT_ROM };

#define BOOT_TARGETS 16

struct boot_target {
    uint8_t kind;
    uint8_t index;       /* disk, CD-ROM drive, or entry of rom_boots[] */
    uint8_t image;       /* CD-ROM: which image of its boot catalog */
    const char *problem; /* of the last try; NULL: not tried */
};

extern struct boot_target boot_targets[BOOT_TARGETS];
extern uint8_t boot_target_count;

/* boot.c: lists what is there in the order to try; with every image of every
 * disc when the user is to choose. */
void boot_list(bool each_image);
/* full: with model and size. */
void boot_name_show(const struct boot_target *t, bool full);

/* menu.c: asks the user, if wanted; the choice becomes the first target. */
void menu_offer(void);

/* rom.c: option ROMs. A boot entry vector of a PnP option ROM: */
struct rom_boot {
    uint16_t segment, vector;
    uint16_t name; /* offset in segment, 0 = none */
    uint16_t bdf;
};
#define ROM_BOOTS 8
extern struct rom_boot rom_boots[ROM_BOOTS];
extern uint8_t rom_boot_count;

void rom_start_display(void);
void rom_start_others(void);
/* Boot connection vectors: ROMs' own disks, after ours. */
void rom_connect(void);
/* Returns when the ROM does. */
void rom_boot(uint8_t index);
void rom_boot_name(uint8_t index);

/* pmm.c: memory for option ROMs, until booting begins. */
void pmm_start(void);
void pmm_end(void);

/* eltorito.c */
int cdrom_images(uint8_t drive);
const char *cdrom_load(uint8_t drive, uint8_t image, uint16_t *segment,
                       uint8_t *number);
void cdrom_name_show(uint8_t drive, uint8_t image);

#endif
