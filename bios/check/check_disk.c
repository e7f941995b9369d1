/* INT 13h: the boot diskette (1.44 MB, written to) and, if there is one, the
 * first hard disk (its last sectors are written to). */

#include "check.h"

static uint8_t sector[1024], other[1024];

static void pattern(uint8_t seed)
{
    int i;

    for (i = 0; i < 1024; i++)
        sector[i] = (uint8_t)(i * 3 + seed + (i >> 8));
    memset(other, 0, sizeof(other));
}

void check_floppy(void)
{
    struct regs r = call(0x13, 0x0800, 0, 0, 0);

    CHECK(!carry(&r) && r.ah == 0);
    EQUAL(r.bl, 4);
    EQUAL(r.ch, 79);
    EQUAL(r.cl, 18);
    EQUAL(r.dh, 1);
    CHECK(peek8(r.es, r.di + 3) == 2);
    r = call(0x13, 0x1500, 0, 0, 0);
    EQUAL(r.ah, 2);
    r = call(0x13, 0x1600, 0, 0, 0);
    CHECK(!carry(&r));
    pattern(0x11);
    r = call(0x13, 0x0302, OFFSET(sector), 0x4E11, 0x0100);
    CHECK(!carry(&r));
    EQUAL(r.ax, 0x0002);
    r = call(0x13, 0x0202, OFFSET(other), 0x4E11, 0x0100);
    CHECK(!carry(&r));
    CHECK(memcmp(sector, other, 1024) == 0);
    r = call(0x13, 0x0412, OFFSET(other), 0x4E01, 0x0100);
    CHECK(!carry(&r));
    r = call(0x13, 0x0201, OFFSET(other), 0x0013, 0x0000);
    CHECK(carry(&r) && r.ah == 0x04); /* sector 19 */
    EQUAL(call(0x13, 0x0100, 0, 0, 0).ah, 0x04);
    r = call(0x13, 0x0000, 0, 0, 0);
    CHECK(!carry(&r));
    r = call(0x13, 0x0201, OFFSET(other), 0x0001, 0x0000);
    CHECK(!carry(&r) && other[510] == 0x55);
    memset(&r, 0, sizeof(r));
    r.ax = 0x0201;
    r.cx = 1;
    r.es = 0x2FF0; /* crosses 30000 */
    r.bx = 0x0001;
    int_call(0x13, &r);
    CHECK(carry(&r) && r.ah == 0x09);
    r = call(0x13, 0x1800, 0, 0x4F12, 0);
    CHECK(!carry(&r));
    r = call(0x13, 0x7700, 0, 0, 0);
    CHECK(carry(&r) && r.ah == 0x01);
    r = call(0x13, 0x0500 | 0, OFFSET(sector), 0x4F01, 0x0200);
    CHECK(carry(&r)); /* head 2 */
}

static struct {
    uint8_t size, reserved;
    uint16_t count, offset, segment;
    uint32_t lba, lba_high;
} packet = {16, 0, 1, 0, SEG_CHECK, 0, 0};

static struct regs edd(uint8_t function, uint32_t lba, void *memory)
{
    struct regs r;

    memset(&r, 0, sizeof(r));
    packet.count = 2;
    packet.offset = OFFSET(memory);
    packet.lba = lba;
    packet.lba_high = 0;
    r.ah = function;
    r.dl = 0x80;
    r.ds = SEG_CHECK;
    r.si = OFFSET(&packet);
    int_call(0x13, &r);
    return r;
}

/* The sector that CHS of the BIOS's geometry and LBA both name. */
static void check_geometry(uint16_t cx, uint8_t heads, uint32_t total)
{
    uint16_t cylinders = (uint16_t)((cx >> 8 | (cx & 0xC0) << 2) + 1);
    uint8_t spt = cx & 0x3F;
    uint32_t lba = ((cylinders - 1u) * heads + heads - 1) * spt;
    struct regs r;

    CHECK((uint32_t)cylinders * heads * spt <= total);
    pattern(0x77);
    r = edd(0x43, lba, sector);
    CHECK(!carry(&r));
    r = call(0x13, 0x0201, OFFSET(other), (uint16_t)((cx & 0xFFC0) | 1),
             (uint16_t)((heads - 1) << 8 | 0x80));
    CHECK(!carry(&r));
    EQUAL(r.al, 1);
    CHECK(memcmp(sector, other, 512) == 0);
}

void check_disk(void)
{
    static uint8_t info[66];
    struct regs r;
    uint32_t total;

    r = call(0x13, 0x0800, 0, 0, 0x0087);
    CHECK(carry(&r));
    if (BDA->hd_count == 0)
        return;
    r = call(0x13, 0x4100, 0x55AA, 0, 0x0080);
    CHECK(!carry(&r) && r.bx == 0xAA55 && (r.cx & 5) == 5);
    info[0] = sizeof(info);
    memset(&r, 0, sizeof(r));
    r.ah = 0x48;
    r.dl = 0x80;
    r.ds = SEG_CHECK;
    r.si = OFFSET(info);
    int_call(0x13, &r);
    CHECK(!carry(&r) && info[0] == 66);
    memcpy(&total, info + 16, 4);
    pattern(0x33);
    r = edd(0x43, total - 2, sector);
    CHECK(!carry(&r));
    r = edd(0x42, total - 2, other);
    CHECK(!carry(&r) && packet.count == 2);
    CHECK(memcmp(sector, other, 1024) == 0);
    r = edd(0x44, total - 2, NULL);
    CHECK(!carry(&r));
    r = edd(0x42, total - 1, other);
    CHECK(carry(&r));
    r = call(0x13, 0x1500, 0, 0, 0x0080);
    CHECK(!carry(&r) && r.ah == 3);
    r = call(0x13, 0x0800, 0, 0, 0x0080);
    CHECK(!carry(&r));
    EQUAL(r.dl, BDA->hd_count);
    check_geometry(r.cx, (uint8_t)(r.dh + 1), total);
    r = call(0x13, 0x0000, 0, 0, 0x0080);
    CHECK(!carry(&r));
    r = call(0x13, 0x0200, OFFSET(other), 1, 0x0080);
    CHECK(carry(&r) && r.ah == 1);
}
