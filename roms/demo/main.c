/* main.c - the demo's menu: what machine this is, and pages to look at.
 * Text and keys also go over COM1, for a PC without a screen. */
#include "roms/demo/demo.h"

enum { TITLE_ROW = 1, TITLE_COLUMN = 2, TITLE_WIDTH = 34 };

/* ------------------------------------------------------------ the machine */

static void put_processor(void)
{
    uint32_t a, name[4] = {0};

    __asm__ volatile("cpuid"
                     : "=a"(a), "=b"(name[0]), "=d"(name[1]), "=c"(name[2])
                     : "a"(0));
    put((const char *)name);
    __asm__ volatile("cpuid" : "=a"(a) : "a"(1) : "ebx", "ecx", "edx");
    put(", family ");
    put_number(a >> 8 & 15);
    put(", model ");
    put_number((a >> 4 & 15) | (a >> 12 & 0xF0));
    __asm__ volatile("cpuid" : "=a"(a) : "a"(0x80000000) : "ebx", "ecx", "edx");
    if (a >= 0x80000001) {
        __asm__ volatile("cpuid" : "=d"(a) : "a"(0x80000001) : "ebx", "ecx");
        put(a >> 29 & 1 ? ", 64 bits" : ", 32 bits");
    }
}

static void put_memory(void)
{
    uint32_t a = 0xE801, b = 0, c = 0, d = 0;
    uint8_t failed;

    __asm__ volatile("int $0x15"
                     : "+a"(a), "+b"(b), "+c"(c), "+d"(d), "=@ccc"(failed)
                     :
                     : "memory");
    put_number(*(volatile uint16_t *)0x413);
    put(" KB below 1 MB, ");
    put_number(failed ? 0 : (uint16_t)c + (d & 0xFFFF) * 64);
    put(" KB above");
}

static unsigned bcd(uint32_t value)
{
    return (value >> 4 & 15) * 10 + (value & 15);
}

static void put_time(void)
{
    uint32_t a = 0x0400, c = 0, d = 0;

    __asm__ volatile("int $0x1A" : "+a"(a), "+c"(c), "+d"(d) : : "memory");
    put_two(bcd(c >> 8));
    put_two(bcd(c));
    put("-");
    put_two(bcd(d >> 8));
    put("-");
    put_two(bcd(d));
    a = 0x0200;
    __asm__ volatile("int $0x1A" : "+a"(a), "+c"(c), "+d"(d) : : "memory");
    put(" ");
    put_two(bcd(c >> 8));
    put(":");
    put_two(bcd(c));
    put(":");
    put_two(bcd(d >> 8));
}

/* -------------------------------------------------------------- the pages */

static void show_menu(unsigned drive)
{
    set_mode(3);
    put("\n  UMBRA DEMO - a PC inside your computer\n\n"
        "  This floppy needs no operating system; its source is in "
        "roms/demo.\n\n"
        "  Processor  ");
    put_processor();
    put("\n  Memory     ");
    put_memory();
    put("\n  Clock      ");
    put_time();
    put("\n  Booted     from drive ");
    put_number(drive);
    put("\n\n  Press\n"
        "    1    eclipse (320 x 200, 256 colours)\n"
        "    2    plasma\n"
        "    3    a tune for the PC speaker\n"
        "    Esc  to turn this PC off\n\n  ? ");
}

/* Light runs along the title. */
static void animate_title(void)
{
    static const uint8_t colours[] = {8, 1, 9, 3, 11, 15, 11, 3, 9, 1};
    unsigned at = (unsigned)(ticks() % (TITLE_WIDTH + sizeof colours));

    for (unsigned i = 0; i < TITLE_WIDTH; i++) {
        unsigned lag = at - i;
        colour_row(TITLE_ROW, TITLE_COLUMN + i, 1,
                   lag < sizeof colours ? colours[lag] : 7);
    }
}

/* Until a key or the next tick. */
static int wait_tick(void)
{
    uint32_t now = ticks();
    int key = KEY_NONE;

    while (ticks() == now && !(key = get_key()))
        __asm__ volatile("hlt");
    return key;
}

static int tune(void)
{
    /* hertz, ticks */
    static const uint16_t notes[][2] = {{330, 3}, {294, 3}, {262, 6}, {330, 3},
                                        {294, 3}, {262, 6}, {392, 4}, {349, 2},
                                        {349, 2}, {330, 4}, {262, 8}};
    int key = KEY_NONE;

    put("playing ...");
    for (unsigned i = 0; i < sizeof notes / sizeof notes[0] && !key; i++) {
        uint16_t divisor = (uint16_t)(1193182 / notes[i][0]);
        outb(0x43, 0xB6);
        outb(0x42, (uint8_t)divisor);
        outb(0x42, (uint8_t)(divisor >> 8));
        outb(0x61, inb(0x61) | 3);
        for (unsigned t = 0; t < notes[i][1] && !key; t++)
            key = wait_tick();
        outb(0x61, (uint8_t)(inb(0x61) & ~3));
        wait_tick();
    }
    return key;
}

/* APM 1.2: connect, say which version is wanted, off. */
static void power_off(void)
{
    static const uint16_t calls[][3] = {
        {0x5301, 0, 0}, {0x530E, 0, 0x0102}, {0x5307, 1, 3}};

    put("good bye\n");
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        uint32_t a = calls[i][0], b = calls[i][1], c = calls[i][2];
        __asm__ volatile("int $0x15"
                         : "+a"(a), "+b"(b), "+c"(c)
                         :
                         : "edx", "esi", "edi", "memory", "cc");
    }
    put("\n  This PC cannot turn itself off; it is safe to do so now.\n");
    for (;;)
        __asm__ volatile("hlt");
}

/* Show what `key` asks for; the key that ended it. */
static int show_page(int key)
{
    if (key == '3')
        return tune();
    put("now on the screen, until a key\n");
    return key == '1' ? eclipse() : plasma();
}

__attribute__((noreturn)) void demo_main(unsigned drive);

void demo_main(unsigned drive)
{
    int key = KEY_NONE;

    open_serial();
    show_menu(drive);
    for (;;) {
        if (!key)
            key = wait_tick();
        animate_title();
        if (key == KEY_ESC || key == 'q') {
            power_off();
        } else if (key >= '1' && key <= '3') {
            key = show_page(key);
            show_menu(drive);
        } else {
            key = KEY_NONE;
        }
    }
}
