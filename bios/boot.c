/* The real-mode part of POST, and the choice of what to boot: direct boot,
 * then the order in CMOS 3Dh and 38h (nibbles 1 diskette, 2 hard disk, 3
 * CD-ROM, as Bochs and QEMU keep them). INT 18h goes on with the next. */

#include "disk.h"
#include "shared.h"

#define CMOS_BOOT_ORDER 0x3D
#define CMOS_BOOT_THIRD 0x38 /* high nibble; bit 0: no 55AA needed on A: */

#define BOOT_FLOPPY     1
#define BOOT_DISK       2
#define BOOT_CDROM      3

static uint8_t boot_position;

/* Writes to 0C0000-0FBFFF are refused from now on, but for EC000-EFFFF, our
 * variables. ORDER: resume in reset.S. */
static void rom_lock(void)
{
    static const uint8_t pam[8] = {0, 0x10, 0x11, 0x11, 0x11, 0x11, 0x11, 0x31};
    int i;

    for (i = 1; i < 8; i++) {
        outl(0xCF8, 0x80000058 | (i & 4));
        outb((uint16_t)(0xCFC + (i & 3)), pam[i]);
    }
}

/* ROMs sit on 2 KiB boundaries: 55 AA, length / 512, entry at 3. The video
 * BIOS at C0000 comes first, so the others can write to the screen. */
static void optroms_start(void)
{
    uint32_t i;

    for (i = 0; i < shared.optrom_count; i++)
        far_call(shared.optrom[i].segment, 3, shared.optrom[i].bdf);
}

void pic_unmask(uint8_t irq)
{
    if (irq < 8)
        outb(0x21, inb(0x21) & ~(1 << irq));
    else
        outb(0xA1, inb(0xA1) & ~(1 << (irq - 8)));
}

static void drives_show(void)
{
    int i;

    for (i = 0; i < DRIVE_MAX; i++) {
        const struct drive *d = &drives[i];

        if (d->kind == DRIVE_NONE)
            continue;
        screen_puts("  IDE ");
        screen_puts(i & 2 ? "secondary " : "primary ");
        screen_puts(i & 1 ? "slave:  " : "master: ");
        screen_puts(d->model);
        if (d->kind == DRIVE_DISK) {
            screen_puts(", ");
            screen_decimal((uint32_t)(d->sectors >> 11));
            screen_puts(" MiB");
        }
        screen_puts("\r\n");
    }
}

void start16(void)
{
    uint32_t mib = (shared.ram_low >> 20) + (uint32_t)(shared.ram_high >> 20);

    optroms_start();
    screen_start();
    screen_puts("Umbra BIOS, ");
    screen_decimal(mib);
    screen_puts(" MiB RAM\r\n");
    clock_set_ticks();
    pic_unmask(0);
    keyboard_start();
    floppy_start();
    disk_start();
    cdrom_start();
    drives_show();
    rom_lock();
    if (shared.boot.magic == BOOT_MAGIC) {
        screen_puts("Booting from the command line\r\n");
        boot_direct(&shared.boot);
    }
    boot_first();
}

/* --- boot devices
 * ---------------------------------------------------------------- */

static bool signature_needed(uint8_t device)
{
    return device != BOOT_FLOPPY || !(cmos_read(CMOS_BOOT_THIRD) & 1);
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
    }
    return r.ah == DISK_TIMEOUT ? "not ready" : "cannot read the boot sector";
}

static const char *load_sector(uint8_t device)
{
    uint8_t number = device == BOOT_FLOPPY ? 0x00 : 0x80;
    const char *problem;

    if (device == BOOT_FLOPPY ? floppy_count() == 0 : disk_count == 0)
        return "no such drive";
    problem = read_boot_sector(number);
    if (problem)
        return problem;
    if (signature_needed(device) && far_read16(0, 0x7DFE) != 0xAA55)
        return "no boot signature";
    boot_jump(0x0000, 0x7C00, number);
}

static const char *load_cdrom(void)
{
    uint16_t segment;
    uint8_t number;
    const char *problem = cdrom_load(&segment, &number);

    if (problem)
        return problem;
    if (segment == 0x07C0)
        boot_jump(0x0000, 0x7C00, number);
    boot_jump(segment, 0x0000, number);
}

static void boot_try(uint8_t device)
{
    static const char *const names[] = {
        [BOOT_FLOPPY] = "Floppy",
        [BOOT_DISK] = "Hard Disk",
        [BOOT_CDROM] = "DVD/CD",
    };
    const char *problem;

    if (device < BOOT_FLOPPY || device > BOOT_CDROM)
        return;
    screen_puts("Booting from ");
    screen_puts(names[device]);
    screen_puts("...\r\n");
    problem = device == BOOT_CDROM ? load_cdrom() : load_sector(device);
    screen_puts("  ");
    screen_puts(problem);
    screen_puts("\r\n");
}

/* The device at a position; an empty order means A, C, CD. */
static uint8_t boot_device(uint8_t position)
{
    uint8_t order = cmos_read(CMOS_BOOT_ORDER);
    uint8_t third = cmos_read(CMOS_BOOT_THIRD) >> 4;

    if (order == 0 && third == 0) {
        order = BOOT_DISK << 4 | BOOT_FLOPPY;
        third = BOOT_CDROM;
    }
    switch (position) {
    case 0:
        return order & 15;
    case 1:
        return order >> 4;
    default:
        return third;
    }
}

void boot_next(void)
{
    while (boot_position < 3)
        boot_try(boot_device(boot_position++));
    screen_puts("\r\nNo bootable device. Give Umbra a disk, floppy or CD "
                "image\r\nand restart with Ctrl-Alt-Del.\r\n");
    for (;;)
        irq_sleep();
}

void boot_first(void)
{
    boot_position = 0;
    boot_next();
}
