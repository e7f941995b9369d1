/* The real-mode part of POST: starts the option ROMs and the parts of the
 * PC, tells on the screen what is there, then boots by INT 19h. */

#include "boot.h"
#include "disk.h"
#include "shared.h"

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

void pic_unmask(uint8_t irq)
{
    if (irq < 8)
        outb(0x21, inb(0x21) & ~(1 << irq));
    else
        outb(0xA1, inb(0xA1) & ~(1 << (irq - 8)));
}

static void memory_show(void)
{
    uint32_t mib = (shared.ram_low >> 20) + (uint32_t)(shared.ram_high >> 20);

    screen_puts("Umbra BIOS, ");
    screen_decimal(mib);
    screen_puts(" MiB RAM (");
    screen_decimal(BDA->memory_kib);
    screen_puts(" KiB base)\r\n");
}

static void floppies_show(void)
{
    static const char *const names[] = {"",       "360 KB",  "1.2 MB",
                                        "720 KB", "1.44 MB", "2.88 MB"};
    uint8_t i;

    for (i = 0; i < 2; i++) {
        uint8_t type = floppy_type(i);

        if (type == 0)
            continue;
        screen_puts("  Floppy ");
        screen_putc((char)('A' + i));
        screen_puts(": ");
        screen_puts(names[type]);
        screen_puts("\r\n");
    }
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
            screen_puts(" MiB, ");
            disk_geometry_show(d);
        }
        screen_puts("\r\n");
    }
}

/* The error and what helps; the PC goes on, as it may be a server. */
static void keyboard_check(void)
{
    const char *problem = keyboard_start();

    if (!problem)
        return;
    screen_puts("Keyboard error: ");
    screen_puts(problem);
    screen_puts("\r\n");
}

static void interrupt19(void)
{
    struct regs r;

    memset(&r, 0, sizeof(r));
    int_call(0x19, &r);
}

void start16(void)
{
    debug_puts("POST: display\n");
    pmm_start();
    rom_start_display();
    screen_start();
    memory_show();
    clock_set_ticks();
    pic_unmask(0);
    debug_puts("POST: keyboard\n");
    keyboard_check();
    debug_puts("POST: floppy drives\n");
    floppy_start();
    floppies_show();
    debug_puts("POST: IDE\n");
    disk_start();
    cdrom_start();
    drives_show();
    debug_puts("POST: option ROMs\n");
    rom_start_others();
    rom_connect();
    boot_list(false);
    menu_offer();
    pmm_end();
    rom_lock();
    debug_puts("POST: done\n");
    for (;;)
        interrupt19();
}
