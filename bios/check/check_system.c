/* Memory map, time, keyboard, mouse, tables, PCI BIOS. */

#include "check.h"

static uint8_t buffer[512];

void check_memory(void)
{
    struct {
        uint64_t base, length;
        uint32_t type;
    } PACKED e;
    struct regs r;
    uint64_t end = 0;
    uint32_t next = 0, ram = 0, n = 0;

    EQUAL(call(0x12, 0, 0, 0, 0).ax, 639);
    do {
        memset(&r, 0, sizeof(r));
        r.eax = 0xE820;
        r.edx = 0x534D4150;
        r.ebx = next;
        r.ecx = 20;
        r.es = SEG_CHECK;
        r.di = OFFSET(&e);
        int_call(0x15, &r);
        EQUAL(r.eax, 0x534D4150);
        CHECK(!carry(&r));
        CHECK(e.base >= end && e.length > 0);
        end = e.base + e.length;
        if (e.type == 1 && e.base == 0x100000)
            ram = (uint32_t)e.length;
        next = r.ebx;
    } while (next != 0 && ++n < 32);
    CHECK(ram != 0);
    r = call(0x15, 0xE801, 0, 0, 0);
    EQUAL(r.cx * 1024u + r.dx * 65536u, ram);
    EQUAL(call(0x15, 0x8800, 0, 0, 0).ax,
          ram >> 10 > 0xFC00 ? 0xFC00 : ram >> 10);
    r = call(0x15, 0xE899, 0, 0, 0);
    CHECK(carry(&r) && r.ah == 0x86);
}

static bool bcd_below(uint8_t value, uint8_t limit)
{
    return (value & 15) < 10 && (value >> 4) * 10 + (value & 15) < limit;
}

void check_time(void)
{
    static volatile uint8_t flag;
    struct regs r = call(0x1A, 0x0000, 0, 0, 0);
    uint32_t before = (uint32_t)r.cx << 16 | r.dx, after;
    int i;

    call(0x15, 0x8600, 0, 0x0003, 0x0D40); /* 200000 us */
    r = call(0x1A, 0x0000, 0, 0, 0);
    after = (uint32_t)r.cx << 16 | r.dx;
    CHECK(after - before >= 2 && after - before <= 8);
    r = call(0x1A, 0x0200, 0, 0, 0);
    CHECK(!carry(&r) && bcd_below(r.ch, 24) && bcd_below(r.cl, 60) &&
          bcd_below(r.dh, 60));
    r = call(0x1A, 0x0400, 0, 0, 0);
    CHECK(!carry(&r) && bcd_below(r.dl, 32) && bcd_below(r.dh, 13));
    CHECK(r.ch == 0x19 || r.ch == 0x20);
    flag = 0;
    r = call(0x15, 0x8300, OFFSET(&flag), 0, 50000);
    CHECK(!carry(&r));
    r = call(0x15, 0x8300, OFFSET(&flag), 0, 50000);
    CHECK(carry(&r));
    for (i = 0; i < 100 && !(flag & 0x80); i++)
        call(0x15, 0x8600, 0, 0, 20000);
    CHECK(flag & 0x80);
    before = BDA->ticks;
    call(0x1A, 0x0100, 0, 0x0012, 0x3456);
    r = call(0x1A, 0x0000, 0, 0, 0);
    EQUAL(r.cx, 0x0012);
    CHECK(r.dx - 0x3456u < 5);
    BDA->ticks = before;
    r = call(0x1A, 0x0800, 0, 0, 0);
    CHECK(carry(&r));
}

/* --- keyboard ------------------------------------------------------------- */

/* 8042 command D2h puts a byte into its output buffer as if typed. */
static void type(uint8_t code)
{
    int i;

    while (inb(0x64) & 0x02)
        ;
    outb(0x64, 0xD2);
    while (inb(0x64) & 0x02)
        ;
    outb(0x60, code);
    for (i = 0; i < 2000; i++)
        inb(0x64);
}

static void type_all(const char *codes, int count)
{
    while (count-- > 0)
        type((uint8_t)*codes++);
}

#define TYPE(codes) type_all(codes, sizeof(codes) - 1)

static uint16_t key(uint8_t function)
{
    struct regs r = call(0x16, (uint16_t)((function + 1) << 8), 0, 0, 0);

    if (r.flags & FLAG_ZF)
        return 0;
    return call(0x16, (uint16_t)(function << 8), 0, 0, 0).ax;
}

static void check_scan_codes(void)
{
    TYPE("\x1E\x9E");
    EQUAL(key(0x00), 0x1E61);
    TYPE("\x2A\x1E\x9E\xAA");
    EQUAL(key(0x00), 0x1E41);
    TYPE("\x1D\x2E\xAE\x9D");
    EQUAL(key(0x00), 0x2E03);
    TYPE("\x38\x2D\xAD\xB8");
    EQUAL(key(0x00), 0x2D00);
    TYPE("\x3B\xBB\x57\xD7\x58\xD8");
    EQUAL(key(0x10), 0x3B00);
    EQUAL(key(0x10), 0x8500);
    EQUAL(key(0x00), 0); /* F12: not for AH=00h */
    TYPE("\xE0\x48\xE0\xC8\xE0\x1C\xE0\x9C");
    EQUAL(key(0x10), 0x48E0);
    EQUAL(key(0x00), 0x1C0D);
    TYPE("\xE0\x48\xE0\xC8");
    EQUAL(key(0x00), 0x4800);
    TYPE("\x38\x4D\xCD\x4C\xCC\xB8"); /* Alt-6-5: 'A' */
    EQUAL(key(0x00), 0x0041);
    TYPE("\x3A\xBA\x1E\x9E\x2A\x1E\x9E\xAA\x3A\xBA");
    EQUAL(key(0x00), 0x1E41); /* Caps Lock */
    EQUAL(key(0x00), 0x1E61);
    TYPE("\x45\xC5\x47\xC7\x45\xC5\x47\xC7");
    EQUAL(key(0x00), 0x4737); /* Num Lock */
    EQUAL(key(0x00), 0x4700);
    EQUAL(key(0x00), 0);
}

void check_keyboard(void)
{
    struct regs r;

    while (key(0x10))
        ;
    EQUAL(call(0x16, 0x0500, 0, 0x1234, 0).al, 0);
    EQUAL(key(0x00), 0x1234);
    EQUAL(call(0x16, 0x0A00, 0, 0, 0).bx, 0x41AB);
    check_scan_codes();
    TYPE("\x2A");
    CHECK(call(0x16, 0x0200, 0, 0, 0).al & 0x02);
    TYPE("\xAA");
    CHECK(!(call(0x16, 0x0200, 0, 0, 0).al & 0x03));
    TYPE("\x1D\x38");
    r = call(0x16, 0x1200, 0, 0, 0);
    EQUAL(r.ah & 0x0F, 0x03);
    EQUAL(r.al & 0x0C, 0x0C);
    TYPE("\xB8\x9D");
    EQUAL(call(0x16, 0x1200, 0, 0, 0).ah & 0x0F, 0);
}

/* --- mouse ------------------------------------------------------------------
 */

static void mouse_move(uint8_t byte)
{
    int i;

    while (inb(0x64) & 0x02)
        ;
    outb(0x64, 0xD3);
    while (inb(0x64) & 0x02)
        ;
    outb(0x60, byte);
    for (i = 0; i < 2000; i++)
        inb(0x64);
}

void check_mouse(void)
{
    struct regs r = call(0x15, 0xC205, 0x0300, 0, 0);

    CHECK(!carry(&r));
    EQUAL(r.bx, 0x00AA);
    r = call(0x15, 0xC204, 0, 0, 0);
    CHECK(!carry(&r) && r.bh == 0);
    r = call(0x15, 0xC202, 0x0500, 0, 0);
    CHECK(!carry(&r));
    r = call(0x15, 0xC203, 0x0300, 0, 0);
    CHECK(!carry(&r));
    r = call(0x15, 0xC206, 0x0000, 0, 0);
    CHECK(!carry(&r));
    EQUAL(r.cl, 3);
    EQUAL(r.dl, 100);
    r = call(0x15, 0xC200, 0x0100, 0, 0);
    CHECK(carry(&r) && r.ah == 5); /* no handler yet */
    r = call(0x15, 0xC207, OFFSET(mouse_handler), 0, 0);
    CHECK(!carry(&r));
    r = call(0x15, 0xC200, 0x0100, 0, 0);
    CHECK(!carry(&r));
    mouse_move(0x19);
    mouse_move(0xFE);
    mouse_move(0x05);
    EQUAL(mouse_calls, 1);
    EQUAL(mouse_status, 0x19);
    EQUAL(mouse_x, 0xFE);
    EQUAL(mouse_y, 0x05);
    r = call(0x15, 0xC200, 0x0000, 0, 0);
    CHECK(!carry(&r));
    r = call(0x15, 0xC207, 0, 0, 0);
    r = call(0x15, 0xC209, 0, 0, 0);
    CHECK(carry(&r) && r.ah == 1);
}

/* --- system ------------------------------------------------------------------
 */

uint8_t sum_far(uint16_t segment, uint16_t offset, uint16_t count)
{
    uint8_t sum = 0;

    while (count-- > 0)
        sum += peek8(segment, offset++);
    return sum;
}

/* On a 16-byte boundary of segment F000; 0 if it is not there. */
uint16_t find_table(const char *signature, uint16_t length)
{
    uint32_t at;
    uint16_t i;

    for (at = 0; at < 0x10000; at += 16) {
        for (i = 0; i < length; i++)
            if (peek8(0xF000, (uint16_t)at + i) != (uint8_t)signature[i])
                break;
        if (i == length)
            return (uint16_t)at;
    }
    return 0;
}

static void check_tables(void)
{
    uint16_t at = find_table("$PIR", 4);

    CHECK(at && sum_far(0xF000, at, peek16(0xF000, at + 6)) == 0);
    at = find_table("_32_", 4);
    CHECK(at && sum_far(0xF000, at, 16) == 0);
    at = find_table("_SM_", 4);
    CHECK(at && sum_far(0xF000, at, peek8(0xF000, at + 5)) == 0);
    CHECK(sum_far(0xF000, at + 16, 15) == 0);
    at = find_table("RSD PTR ", 8);
    CHECK(at && sum_far(0xF000, at, 20) == 0);
    CHECK(sum_far(0xF000, at, 36) == 0);
    at = find_table("_MP_", 4);
    if (at) {
        uint16_t table = peek16(0xF000, at + 4);

        CHECK(sum_far(0xF000, at, 16) == 0);
        CHECK(sum_far(0xF000, table, peek16(0xF000, table + 4)) == 0);
    }
    EQUAL(peek8(0xF000, 0xFFFE), 0xFC);
    EQUAL(peek8(0xF000, 0xFFF7), '/');
}

/* A byte at 1 MiB + 500h and the one it wraps to. */
static void check_a20(void)
{
    struct regs r = call(0x15, 0x2402, 0, 0, 0);
    uint8_t low;

    CHECK(!carry(&r));
    EQUAL(r.al, 1);
    low = peek8(0, 0x500);
    poke8(0xFFFF, 0x0510, (uint8_t)~low);
    EQUAL(peek8(0, 0x500), low);
    call(0x15, 0x2400, 0, 0, 0);
    EQUAL(call(0x15, 0x2402, 0, 0, 0).al, 0);
    poke8(0xFFFF, 0x0510, 0x5A);
    EQUAL(peek8(0, 0x500), 0x5A);
    poke8(0, 0x500, low);
    call(0x15, 0x2401, 0, 0, 0);
    EQUAL(peek8(0xFFFF, 0x0510), (uint8_t)~low);
    EQUAL(call(0x15, 0x2403, 0, 0, 0).bx, 3);
}

static void set_descriptor(uint8_t *d, uint32_t base)
{
    d[0] = d[1] = 0xFF;
    d[2] = (uint8_t)base;
    d[3] = (uint8_t)(base >> 8);
    d[4] = (uint8_t)(base >> 16);
    d[5] = 0x93;
    d[7] = (uint8_t)(base >> 24);
}

static void check_move(void)
{
    static uint8_t gdt[48];
    struct regs r;
    int i;

    for (i = 0; i < 256; i++)
        buffer[i] = (uint8_t)(i * 7 + 1);
    memset(gdt, 0, sizeof(gdt));
    set_descriptor(gdt + 16, SEG_CHECK * 16 + (uint32_t)buffer);
    set_descriptor(gdt + 24, 0x180000);
    memset(&r, 0, sizeof(r));
    r.ah = 0x87;
    r.cx = 128;
    r.es = SEG_CHECK;
    r.si = OFFSET(gdt);
    int_call(0x15, &r);
    CHECK(!carry(&r) && r.ah == 0);
    memset(buffer, 0, 256);
    set_descriptor(gdt + 16, 0x180000);
    set_descriptor(gdt + 24, SEG_CHECK * 16 + (uint32_t)buffer);
    r.ah = 0x87;
    r.cx = 128;
    int_call(0x15, &r);
    CHECK(!carry(&r));
    for (i = 0; i < 256 && buffer[i] == (uint8_t)(i * 7 + 1); i++)
        ;
    EQUAL((uint32_t)i, 256);
}

void check_system(void)
{
    struct regs r = call(0x15, 0xC000, 0, 0, 0);

    CHECK(!carry(&r) && r.ah == 0);
    EQUAL(peek8(r.es, r.bx + 2), 0xFC);
    r = call(0x15, 0xC100, 0, 0, 0);
    EQUAL(r.es, BDA->ebda_segment);
    EQUAL(call(0x11, 0, 0, 0, 0).ax & 0x37, 0x27);
    r = call(0x15, 0x4F1E, 0, 0, 0);
    r = call(0x15, 0x5300, 0, 0, 0);
    CHECK(!carry(&r));
    EQUAL(r.bx, 0x504D);
    r = call(0x15, 0x5303, 0, 0, 0);
    CHECK(!carry(&r) && r.ax == 0xF000);
    r = call(0x15, 0x5302, 0, 0, 0);
    CHECK(carry(&r));
    r = call(0x15, 0x7777, 0, 0, 0);
    CHECK(carry(&r) && r.ah == 0x86);
    r = call(0x14, 0x03E3, 0, 0, 0);
    r = call(0x14, 0x00E3, 0, 0, 0);
    CHECK(BDA->com_port[0] == 0 || (r.ah & 0x60) == 0x60);
    check_tables();
    check_a20();
    check_move();
    EQUAL((uint32_t)protected_trip(), 1);
}

void check_pci(void)
{
    struct regs r = call(0x1A, 0xB101, 0, 0, 0);
    uint16_t display;

    CHECK(!carry(&r) && r.ah == 0);
    EQUAL(r.edx, 0x20494350);
    r = call(0x1A, 0xB102, 0, 0x1237, 0x8086); /* SI = 0 */
    CHECK(!carry(&r));
    EQUAL(r.bx, 0);
    r = call(0x1A, 0xB102, 0, 0x7777, 0x8086);
    CHECK(carry(&r) && r.ah == 0x86);
    memset(&r, 0, sizeof(r));
    r.ax = 0xB103;
    r.ecx = 0x030000;
    int_call(0x1A, &r);
    CHECK(!carry(&r));
    display = r.bx;
    memset(&r, 0, sizeof(r));
    r.ax = 0xB10A;
    r.bx = display;
    int_call(0x1A, &r);
    EQUAL(r.ecx, 0x11111234);
    memset(&r, 0, sizeof(r));
    r.ax = 0xB108;
    r.bx = display;
    r.di = 1;
    int_call(0x1A, &r);
    EQUAL(r.cl, 0x12);
    r.ax = 0xB10A;
    int_call(0x1A, &r);
    CHECK(carry(&r) && r.ah == 0x87);
    memset(buffer, 0, sizeof(buffer));
    memset(&r, 0, sizeof(r));
    r.ax = 0xB10E;
    r.es = r.ds = SEG_CHECK;
    r.di = OFFSET(buffer);
    int_call(0x1A, &r);
    CHECK(carry(&r) && r.ah == 0x89);
    EQUAL(buffer[0] | buffer[1] << 8, 31 * 16);
    r = call(0x1A, 0xB155, 0, 0, 0);
    CHECK(carry(&r) && r.ah == 0x81);
}

/* Serial and parallel ports as the data area lists them, joysticks. */
void check_ports(void)
{
    uint16_t equipment = call(0x11, 0, 0, 0, 0).ax, n;
    struct regs r;

    for (n = 0; n < (equipment >> 9 & 7); n++) {
        EQUAL(call(0x14, 0x00E3, 0, 0, n).ah & 0x60, 0x60);
        EQUAL(call(0x14, 0x0300, 0, 0, n).ah & 0x60, 0x60);
        call(0x14, 0x0501, 0x0003, 0, n);
        EQUAL(call(0x14, 0x0500, 0, 0, n).bx & 0x1F, 0x03);
    }
    EQUAL(call(0x14, 0x03AA, 0, 0, 4).ax, 0x03AA);
    for (n = 0; n < equipment >> 14; n++)
        EQUAL(call(0x17, 0x0200, 0, 0, n).ah & 0x07, 0);
    EQUAL(call(0x17, 0x0200, 0, 0, 3).ah, 0x01);
    r = call(0x15, 0x8400, 0, 0, 0);
    CHECK(!carry(&r) && (r.al & 0x0F) == 0);
    r = call(0x15, 0x8400, 0, 0, 1);
    CHECK(!carry(&r));
    r = call(0x15, 0x8400, 0, 0, 2);
    CHECK(carry(&r) && r.ah == 0x86);
}
