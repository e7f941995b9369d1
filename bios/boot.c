/* The choice of what to boot. The order is in CMOS 3Dh and 38h (nibbles 1
 * diskette, 2 hard disk, 3 CD-ROM, 4 option ROM, as Bochs and QEMU keep
 * them); what is there but not named comes after. A kernel that the emulator
 * has put into memory is first. INT 19h begins, INT 18h goes on with the
 * next. Source: BIOS Boot Specification 1.01, chapter 6. */

#include "boot.h"
#include "cdrom.h"
#include "fwcfg.h"
#include "shared.h"

#define CMOS_BOOT_ORDER 0x3D
#define CMOS_BOOT_THIRD 0x38 /* high nibble; bit 0: no 55AA needed on A: */

struct boot_target boot_targets[BOOT_TARGETS];
uint8_t boot_target_count;

static uint8_t boot_position;

/* --- the list --------------------------------------------------------------
 */

static void list_add(enum boot_kind kind, uint8_t index, uint8_t image)
{
    struct boot_target *t = &boot_targets[boot_target_count];

    if (boot_target_count >= BOOT_TARGETS)
        return;
    t->kind = (uint8_t)kind;
    t->index = index;
    t->image = image;
    t->problem = NULL;
    boot_target_count++;
}

static bool listed(enum boot_kind kind)
{
    uint8_t i;

    for (i = 0; i < boot_target_count; i++)
        if (boot_targets[i].kind == kind)
            return true;
    return false;
}

static void list_cdroms(bool each_image)
{
    uint8_t i;
    int image;

    for (i = 0; i < cdrom_count; i++) {
        list_add(BOOT_CDROM, i, 0);
        for (image = 1; each_image && image < cdrom_images(i); image++)
            list_add(BOOT_CDROM, i, (uint8_t)image);
    }
}

/* All of one kind, once. Of the hard disks only the first is tried without
 * being chosen, as its number is 80h. */
static void list_kind(enum boot_kind kind, bool all)
{
    uint8_t i;

    if (listed(kind))
        return;
    switch (kind) {
    case BOOT_KERNEL:
        if (shared.boot.magic == BOOT_MAGIC)
            list_add(kind, 0, 0);
        break;
    case BOOT_FLOPPY:
        if (floppy_count() > 0)
            list_add(kind, 0, 0);
        break;
    case BOOT_DISK:
        for (i = 0; i < disk_count && (all || i == 0); i++)
            list_add(kind, i, 0);
        break;
    case BOOT_CDROM:
        list_cdroms(all);
        break;
    case BOOT_ROM:
        for (i = 0; i < rom_boot_count; i++)
            list_add(kind, i, 0);
        break;
    }
}

/* Nibbles of the order, the first in bits 0-3. */
static uint16_t boot_order(void)
{
    return (uint16_t)(cmos_read(CMOS_BOOT_ORDER) |
                      (cmos_read(CMOS_BOOT_THIRD) & 0xF0) << 4);
}

void boot_list(bool each_image)
{
    static const uint8_t rest[] = {BOOT_FLOPPY, BOOT_DISK, BOOT_CDROM,
                                   BOOT_ROM};
    uint16_t order = boot_order();
    unsigned int i;

    boot_target_count = 0;
    list_kind(BOOT_KERNEL, each_image);
    for (; order != 0; order >>= 4)
        if ((order & 15) >= 1 && (order & 15) <= 4)
            list_kind((enum boot_kind)(order & 15), each_image);
    for (i = 0; i < ARRAY_LEN(rest); i++)
        list_kind((enum boot_kind)rest[i], each_image);
}

void boot_name_show(const struct boot_target *t, bool full)
{
    switch (t->kind) {
    case BOOT_KERNEL:
        screen_puts("Kernel from the command line");
        break;
    case BOOT_FLOPPY:
        screen_puts("Floppy A");
        break;
    case BOOT_DISK:
        screen_puts("Hard Disk ");
        screen_decimal(t->index + 1u);
        if (full) {
            screen_puts(", ");
            disk_name_show(t->index);
        }
        break;
    case BOOT_CDROM:
        cdrom_name_show(t->index, t->image);
        break;
    case BOOT_ROM:
        screen_puts("Network or option ROM: ");
        rom_boot_name(t->index);
        break;
    }
}

/* --- one target ------------------------------------------------------------
 */

static bool signature_needed(uint8_t kind)
{
    return kind != BOOT_FLOPPY || !(cmos_read(CMOS_BOOT_THIRD) & 1);
}

static const char *status_text(uint8_t status)
{
    switch (status) {
    case DISK_TIMEOUT:
    case 0x31:
        return "no disk in the drive";
    case 0x02:
    case 0x04:
        return "the first sector is not found; is the image whole?";
    case 0x10:
        return "the first sector cannot be read (CRC)";
    }
    return "cannot read the boot sector";
}

/* Through INT 13h, as programs see the drives. */
static const char *read_boot_sector(uint8_t number)
{
    struct regs r;
    int tries;

    for (tries = 0; tries < 3; tries++) {
        memset(&r, 0, sizeof(r));
        r.ax = 0x0201;
        r.cx = 0x0001;
        r.dx = number;
        r.bx = 0x7C00;
        int_call(0x13, &r);
        if (!(r.flags & FLAG_CF))
            return NULL;
        if (tries < 2 && r.ah != DISK_TIMEOUT) {
            r.ax = 0;
            r.dx = number;
            int_call(0x13, &r);
        }
    }
    return status_text(r.ah);
}

static const char *load_sector(const struct boot_target *t)
{
    uint8_t number = t->kind == BOOT_FLOPPY ? 0x00 : 0x80;
    const char *problem;

    if (t->kind == BOOT_DISK)
        disk_promote(t->index);
    problem = read_boot_sector(number);
    if (problem)
        return problem;
    if (signature_needed(t->kind) && far_read16(0, 0x7DFE) != 0xAA55)
        return "no boot signature (55AA) in the first sector";
    boot_jump(0x0000, 0x7C00, number);
}

static const char *load_cdrom(const struct boot_target *t)
{
    uint16_t segment;
    uint8_t number;
    const char *problem = cdrom_load(t->index, t->image, &segment, &number);

    if (problem)
        return problem;
    if (segment == 0x07C0)
        boot_jump(0x0000, 0x7C00, number);
    boot_jump(segment, 0x0000, number);
}

/* The kernel's pieces are in memory once. */
static const char *start_kernel(void)
{
    struct boot_record record = shared.boot;

    if (record.magic != BOOT_MAGIC)
        return "is gone from memory";
    shared.boot.magic = 0;
    boot_direct(&record);
}

static void boot_try(struct boot_target *t)
{
    screen_puts("Booting from ");
    boot_name_show(t, false);
    screen_puts("...\r\n");
    switch (t->kind) {
    case BOOT_KERNEL:
        t->problem = start_kernel();
        break;
    case BOOT_FLOPPY:
    case BOOT_DISK:
        t->problem = load_sector(t);
        break;
    case BOOT_CDROM:
        t->problem = load_cdrom(t);
        break;
    case BOOT_ROM:
        t->problem = "the ROM gave up";
        rom_boot(t->index);
        break;
    }
    screen_puts("  ");
    screen_puts(t->problem);
    screen_puts("\r\n");
}

/* --- all of them -----------------------------------------------------------
 */

/* fw_cfg etc/boot-fail-wait: milliseconds until a new start, -1 = never
 * (-boot reboot-timeout=). */
static void restart_wait(void)
{
    uint32_t ms = 0xFFFFFFFF, start = timer_now(), left;

    if (fwcfg_present())
        fwcfg_read_file("etc/boot-fail-wait", &ms, sizeof(ms));
    if ((int32_t)ms < 0)
        return;
    screen_puts("Restart in ");
    screen_decimal(ms / 1000);
    screen_puts(" s.\r\n");
    for (left = ms; left > 0; start = timer_now()) {
        uint32_t step = left < 1000 ? left : 1000;

        while (!timer_expired(start, step))
            irq_sleep();
        left -= step;
    }
    outb(0xCF9, 0x02);
    outb(0xCF9, 0x06);
}

/* What was tried, for the boot sectors may have cleared the screen. */
static void give_up(void)
{
    uint8_t i;

    screen_puts("\r\nNo bootable device.");
    if (boot_target_count > 0)
        screen_puts(" Tried:");
    screen_puts("\r\n");
    for (i = 0; i < boot_target_count; i++) {
        screen_puts("  ");
        boot_name_show(&boot_targets[i], false);
        screen_puts(": ");
        screen_puts(boot_targets[i].problem ? boot_targets[i].problem
                                            : "it gave up");
        screen_puts("\r\n");
    }
    screen_puts("Give Umbra a disk, floppy or CD image (-hda, -fda, -cdrom) "
                "that an operating\r\nsystem is on, and restart with "
                "Ctrl-Alt-Del.\r\n");
    restart_wait();
}

/* A boot sector that was started ended with INT 18h. */
void boot_next(void)
{
    struct boot_target *t;

    if (boot_position > 0) {
        t = &boot_targets[boot_position - 1];
        if (!t->problem) {
            t->problem = "started, but gave up (INT 18h)";
            screen_puts("\r\n  started, but gave up (INT 18h)\r\n");
        }
    }
    emulation_end();
    while (boot_position < boot_target_count)
        boot_try(&boot_targets[boot_position++]);
    give_up();
    for (;;)
        irq_sleep();
}

void boot_first(void)
{
    uint8_t i;

    for (i = 0; i < boot_target_count; i++)
        boot_targets[i].problem = NULL;
    boot_position = 0;
    boot_next();
}
