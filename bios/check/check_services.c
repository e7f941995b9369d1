/* Every service, one line each: "ok 15/88 ..." or "differs 15/88 ...". What
 * differs counts as a failure only on our own BIOS (F000:E05B jumps there in
 * three bytes and the date is ours); on another one it is a list to read. */

#include "check.h"

static uint8_t area[1024];
static uint8_t line_count;
static bool ours;

static void tell(bool ok, const char *name)
{
    line_count++;
    debug_puts(ok ? "ok      " : "differs ");
    debug_puts(name);
    debug_puts("\n");
    if (!ok && ours)
        check_that(false, name, line_count);
}

#define IS(name, condition) tell(condition, name)

static bool good(struct regs r)
{
    return !carry(&r);
}

static bool good_zero(struct regs r)
{
    return !carry(&r) && r.ah == 0;
}

/* Refused with this status. */
static bool refused(struct regs r, uint8_t ah)
{
    return carry(&r) && r.ah == ah;
}

static uint32_t vector(uint8_t number)
{
    return peek32(0, (uint16_t)(number * 4));
}

static bool same_bytes(uint16_t segment, uint16_t offset, const char *text,
                       uint16_t count)
{
    uint16_t i;

    for (i = 0; i < count; i++)
        if (peek8(segment, offset + i) != (uint8_t)text[i])
            return false;
    return true;
}

/* --- fixed addresses -------------------------------------------------------
 */

/* Where programs of the first PCs jumped to and looked. */
static void fixed_addresses(void)
{
    IS("FFFF:0 reset: far jump", peek8(0xFFFF, 0) == 0xEA);
    IS("F000:FFF5 date MM/DD/YY",
       peek8(0xF000, 0xFFF7) == '/' && peek8(0xF000, 0xFFFA) == '/');
    IS("F000:FFFE model FC", peek8(0xF000, 0xFFFE) == 0xFC);
    IS("F000:E05B POST: a jump", peek8(0xF000, 0xE05B) == 0xE9 ||
                                     peek8(0xF000, 0xE05B) == 0xEB ||
                                     peek8(0xF000, 0xE05B) == 0xEA);
    IS("F000:E2C3 NMI", vector(0x02) == 0xF000E2C3);
    IS("F000:E6F2 INT 19h", vector(0x19) == 0xF000E6F2);
    IS("F000:E6F5 configuration table", peek16(0xF000, 0xE6F5) >= 8);
    IS("F000:E729 baud rates",
       peek16(0xF000, 0xE729) == 0x0417 && peek16(0xF000, 0xE737) == 0x000C);
    IS("F000:E739 INT 14h", vector(0x14) == 0xF000E739);
    IS("F000:E82E INT 16h", vector(0x16) == 0xF000E82E);
    IS("F000:E987 INT 09h", vector(0x09) == 0xF000E987);
    IS("F000:EC59 INT 40h", vector(0x40) == 0xF000EC59);
    IS("F000:EF57 INT 0Eh", vector(0x0E) == 0xF000EF57);
    IS("F000:EFC7 INT 1Eh diskette table",
       vector(0x1E) == 0xF000EFC7 && peek8(0xF000, 0xEFCA) == 2);
    IS("F000:EFD2 INT 17h", vector(0x17) == 0xF000EFD2);
    IS("F000:F841 INT 12h", vector(0x12) == 0xF000F841);
    IS("F000:F84D INT 11h", vector(0x11) == 0xF000F84D);
    IS("F000:F859 INT 15h", vector(0x15) == 0xF000F859);
    IS("F000:FA6E font 8x8", peek8(0xF000, 0xFA6E + 'A' * 8) == 0x30 ||
                                 peek8(0xF000, 0xFA6E + 'A' * 8) != 0);
    IS("F000:FE6E INT 1Ah", vector(0x1A) == 0xF000FE6E);
    IS("F000:FEA5 INT 08h", vector(0x08) == 0xF000FEA5);
    IS("F000:FF53 IRET", peek8(0xF000, 0xFF53) == 0xCF);
    IS("F000:FF54 INT 05h", vector(0x05) == 0xF000FF54);
    IS("E000:0 taken, for memory managers",
       peek16(0xE000, 0) == 0xAA55 && peek8(0xE000, 2) == 0x80);
    IS("vector 1Ch: IRET",
       peek8((uint16_t)(vector(0x1C) >> 16), (uint16_t)vector(0x1C)) == 0xCF);
    IS("vectors 60h-67h: empty", vector(0x60) == 0 && vector(0x67) == 0);
}

static void data_area(void)
{
    uint16_t ebda = BDA->ebda_segment;

    IS("40:0E EBDA, its size in KiB first",
       ebda >= 0x9000 && peek8(ebda, 0) == 640 - BDA->memory_kib);
    IS("40:10 equipment as INT 11h",
       BDA->equipment == call(0x11, 0, 0, 0, 0).ax);
    IS("40:13 memory as INT 12h", BDA->memory_kib == call(0x12, 0, 0, 0, 0).ax);
    IS("40:1A keyboard ring 1E-3E",
       BDA->kbd_buffer_start == 0x1E && BDA->kbd_buffer_end == 0x3E);
    IS("40:63 CRTC 3D4h", BDA->crtc_port == 0x3D4);
    IS("40:6C ticks run", BDA->ticks < 0x1800B0);
    IS("40:75 disks as INT 13h 08h",
       BDA->hd_count == 0 ||
           BDA->hd_count == call(0x13, 0x0800, 0, 0, 0x80).dl);
    IS("40:78 time-outs of LPT and COM",
       BDA->lpt_timeout[0] != 0 && BDA->com_timeout[0] != 0);
    IS("40:84 rows - 1", BDA->video_rows_minus1 == 24);
    IS("40:96 101 keys", (BDA->kbd_flags2 & 0x10) != 0);
}

/* --- INT 13h ---------------------------------------------------------------
 */

static struct regs floppy_buffer(uint16_t ax, uint16_t cx, uint16_t dx)
{
    return call(0x13, ax, OFFSET(area), cx, dx);
}

static void floppy(void)
{
    struct regs r;

    IS("13/00 floppy reset", good_zero(call(0x13, 0x0000, 0, 0, 0)));
    IS("13/02 floppy read", good_zero(floppy_buffer(0x0201, 0x0001, 0)));
    IS("13/01 floppy status: good",
       (call(0x13, 0x0100, 0, 0, 0).ax & 0xFF00) == 0);
    IS("13/04 floppy verify", good_zero(floppy_buffer(0x0402, 0x0101, 0)));
    IS("13/02 sector 63: not found (04)",
       refused(floppy_buffer(0x0201, 0x003F, 0), 0x04));
    IS("13/01 floppy status: 04", call(0x13, 0x0100, 0, 0, 0).ah == 0x04);
    call(0x13, 0, 0, 0, 0);
    r = call(0x13, 0x0800, 0, 0, 0);
    IS("13/08 floppy parameters, table at ES:DI",
       good_zero(r) && r.dl >= 1 && r.dh == 1 && r.bl == 4 &&
           peek8(r.es, r.di + 3) == 2 && peek8(r.es, r.di + 4) == r.cl);
    IS("13/15 floppy with change line (02)",
       call(0x13, 0x1500, 0, 0, 0).ah == 2);
    r = call(0x13, 0x1600, 0, 0, 0);
    IS("13/16 change line: not changed", good_zero(r));
    IS("13/17 DASD type 4 (1.44 MB drive, 720 KB)",
       good_zero(call(0x13, 0x1704, 0, 0, 0)));
    r = call(0x13, 0x1800, 0, 0x4F12, 0);
    IS("13/18 media type 80 x 18", good_zero(r) && r.es != 0);
    r = call(0x13, 0x1800, 0, 0x4F09, 0);
    IS("13/18 media type 80 x 9, table with 9 sectors",
       good_zero(r) && peek8(r.es, r.di + 4) == 9);
    call(0x13, 0x1800, 0, 0x4F12, 0);
    IS("13/18 media type 80 x 27: unknown (0C)",
       refused(call(0x13, 0x1800, 0, 0x4F1B, 0), 0x0C));
    IS("13/08 drive 7Fh: none", call(0x13, 0x0800, 0, 0, 0x7F).cx == 0);
    IS("40/08 the same", good_zero(call(0x40, 0x0800, 0, 0, 0)));
}

static bool is_disk(void)
{
    return BDA->hd_count != 0;
}

static void disk(void)
{
    uint16_t at = (uint16_t)vector(0x41), in = (uint16_t)(vector(0x41) >> 16);
    struct regs r = call(0x13, 0x0800, 0, 0, 0x80);
    uint16_t cylinders = (uint16_t)((r.ch | (r.cl & 0xC0) << 2) + 1);

    IS("13/08 disk parameters", good_zero(r) && r.dl == BDA->hd_count);
    IS("41h table: heads and sectors as 13/08",
       peek8(in, at + 2) == r.dh + 1 && peek8(in, at + 14) == (r.cl & 0x3F));
    IS("41h table: cylinders as 13/08",
       peek16(in, at) == cylinders || peek16(in, at) == cylinders + 1);
    IS("13/00 disk reset", good_zero(call(0x13, 0x0000, 0, 0, 0x80)));
    IS("13/02 disk read", good_zero(floppy_buffer(0x0201, 0x0001, 0x80)));
    IS("13/01 disk status", call(0x13, 0x0100, 0, 0, 0x80).ah == 0);
    IS("13/04 disk verify", good_zero(floppy_buffer(0x0401, 0x0001, 0x80)));
    IS("13/09 initialise table", good_zero(call(0x13, 0x0900, 0, 0, 0x80)));
    IS("13/0C seek", good_zero(call(0x13, 0x0C00, 0, 0x0001, 0x80)));
    IS("13/0D reset", good_zero(call(0x13, 0x0D00, 0, 0, 0x80)));
    IS("13/10 ready", good_zero(call(0x13, 0x1000, 0, 0, 0x80)));
    IS("13/11 recalibrate", good_zero(call(0x13, 0x1100, 0, 0, 0x80)));
    IS("13/14 diagnostic", good_zero(call(0x13, 0x1400, 0, 0, 0x80)));
    IS("13/15 disk (03)", call(0x13, 0x1500, 0, 0, 0x80).ah == 3);
    IS("13/15 drive 8Fh: none", call(0x13, 0x1500, 0, 0, 0x8F).ah != 3);
    IS("13/02 0 sectors: refused (01)",
       refused(floppy_buffer(0x0200, 0x0001, 0x80), 0x01));
}

static struct regs with_packet(uint16_t ax, const void *packet, uint8_t drive)
{
    struct regs r;

    memset(&r, 0, sizeof(r));
    r.ax = ax;
    r.bx = 0x55AA;
    r.dl = drive;
    r.ds = SEG_CHECK;
    r.si = OFFSET(packet);
    int_call(0x13, &r);
    return r;
}

static void edd(void)
{
    static struct {
        uint8_t size, reserved;
        uint16_t count, offset, segment;
        uint32_t lba, lba_high, flat, flat_high;
    } p = {16, 0, 1, 0, SEG_CHECK, 0, 0, 0, 0};
    struct regs r = with_packet(0x4100, &p, 0x80);

    IS("13/41 EDD 3.0: packets, parameters",
       good(r) && r.bx == 0xAA55 && r.ah >= 0x30 && (r.cx & 5) == 5);
    p.offset = OFFSET(area);
    IS("13/42 read by LBA", good_zero(with_packet(0x4200, &p, 0x80)));
    IS("13/44 verify by LBA", good_zero(with_packet(0x4400, &p, 0x80)));
    IS("13/47 seek by LBA", good_zero(with_packet(0x4700, &p, 0x80)));
    p.lba = 0xFFFFFFF0;
    IS("13/42 beyond the end: refused",
       !good(with_packet(0x4200, &p, 0x80)) && p.count == 0);
    p.lba = 0;
    p.count = 1;
    p.size = 24;
    p.offset = p.segment = 0xFFFF;
    p.flat = 0x180000;
    call(0x15, 0x2401, 0, 0, 0);
    IS("13/42 flat 64-bit buffer", good_zero(with_packet(0x4200, &p, 0x80)));
    area[0] = 26;
    area[1] = 0;
    r = with_packet(0x4800, area, 0x80);
    IS("13/48 parameters, 26 bytes",
       good_zero(r) && area[0] == 26 && area[24] == 0 && area[25] == 2);
    area[0] = 30;
    IS("13/48 with DPTE, 30 bytes",
       good_zero(with_packet(0x4800, area, 0x80)) && area[0] == 30);
    IS("13/4E 06 default DMA", good_zero(with_packet(0x4E06, area, 0x80)));
}

/* --- INT 15h ---------------------------------------------------------------
 */

static void system_services(void)
{
    struct regs r = call(0x15, 0xC000, 0, 0, 0);

    IS("15/C0 configuration: FC, EBDA, 2nd 8259, RTC, 4F hook",
       good_zero(r) && peek8(r.es, r.bx + 2) == 0xFC &&
           (peek8(r.es, r.bx + 5) & 0x74) == 0x74);
    r = call(0x15, 0xC100, 0, 0, 0);
    IS("15/C1 EBDA segment", good(r) && r.es == BDA->ebda_segment);
    IS("15/2402 A20 status", good_zero(call(0x15, 0x2402, 0, 0, 0)));
    r = call(0x15, 0x2403, 0, 0, 0);
    IS("15/2403 A20 ways: 8042 and port 92h", good_zero(r) && r.bx == 3);
    r = call(0x15, 0x4F1E, 0, 0, 0);
    IS("15/4F key kept", carry(&r) && r.al == 0x1E);
    IS("15/52 media may be ejected", good_zero(call(0x15, 0x5200, 0, 0, 0)));
    IS("15/80 device open", good_zero(call(0x15, 0x8000, 0, 0, 0)));
    IS("15/81 device close", good_zero(call(0x15, 0x8100, 0, 0, 0)));
    IS("15/82 program end", good_zero(call(0x15, 0x8200, 0, 0, 0)));
    IS("15/85 SysRq", good_zero(call(0x15, 0x8500, 0, 0, 0)));
    IS("15/86 wait", good(call(0x15, 0x8600, 0, 0, 2000)));
    r = call(0x15, 0x8800, 0, 0, 0);
    IS("15/88 extended memory", good(r) && r.ax >= 1024);
    r = call(0x15, 0x8A00, 0, 0, 0);
    IS("15/8A extended memory, 32 bits of KiB",
       good(r) && ((uint32_t)r.dx << 16 | r.ax) >= 1024);
    IS("15/90 device busy", good_zero(call(0x15, 0x9000, 0, 0, 0)));
    IS("15/91 device ready", good_zero(call(0x15, 0x9100, 0, 0, 0)));
    r = call(0x15, 0xE801, 0, 0, 0);
    IS("15/E801 memory to and above 16 MiB",
       good(r) && r.ax == r.cx && r.bx == r.dx && r.ax >= 1024);
    r = call(0x15, 0xE881, 0, 0, 0);
    IS("15/E881 the same in 32 bits", good(r) && r.eax >= 1024);
    IS("15/D8 EISA: refused (86)", refused(call(0x15, 0xD800, 0, 0, 0), 0x86));
    IS("15/E9 unknown: refused (86)",
       refused(call(0x15, 0xE980, 0, 0, 0), 0x86));
    IS("15/EC00 operating mode", good_zero(call(0x15, 0xEC00, 2, 0, 0)));
    IS("15/00 cassette: refused (86)",
       refused(call(0x15, 0x0000, 0, 0, 0), 0x86));
}

static void apm(void)
{
    struct regs r = call(0x15, 0x5300, 0, 0, 0);

    IS("15/5300 APM 1.2 with 16 and 32 bits",
       good(r) && r.ax == 0x0102 && r.bx == 0x504D && (r.cx & 3) == 3);
    call(0x15, 0x5304, 0, 0, 0);
    IS("15/5301 connect", good(call(0x15, 0x5301, 0, 0, 0)));
    IS("15/5301 again: already connected (02)",
       refused(call(0x15, 0x5301, 0, 0, 0), 0x02));
    r = call(0x15, 0x530E, 0, 0x0102, 0);
    IS("15/530E driver version", good(r) && r.ax == 0x0102);
    IS("15/5308 enable", good(call(0x15, 0x5308, 1, 1, 0)));
    IS("15/530F engage", good(call(0x15, 0x530F, 1, 1, 0)));
    r = call(0x15, 0x530A, 1, 0, 0);
    IS("15/530A power: AC, no battery",
       good(r) && r.bh == 1 && (r.ch & 0x80) != 0);
    IS("15/530B no event (80)", refused(call(0x15, 0x530B, 0, 0, 0), 0x80));
    IS("15/5305 idle", good(call(0x15, 0x5305, 0, 0, 0)));
    IS("15/5306 busy", good(call(0x15, 0x5306, 0, 0, 0)));
    IS("15/5307 device 7777h: unknown (09)",
       refused(call(0x15, 0x5307, 0x7777, 3, 0), 0x09));
    IS("15/5307 suspend: cannot (60)",
       refused(call(0x15, 0x5307, 1, 2, 0), 0x60));
    r = call(0x15, 0x530C, 1, 0, 0);
    IS("15/530C state: on", good(r) && r.cx == 0);
    IS("15/5310 capabilities", good(call(0x15, 0x5310, 1, 0, 0)));
    IS("15/5304 disconnect", good(call(0x15, 0x5304, 0, 0, 0)));
    IS("15/5304 again: not connected (03)",
       refused(call(0x15, 0x5304, 0, 0, 0), 0x03));
}

/* --- INT 16h, 1Ah ----------------------------------------------------------
 */

static void keyboard(void)
{
    struct regs r;

    while (!(call(0x16, 0x1100, 0, 0, 0).flags & FLAG_ZF))
        call(0x16, 0x1000, 0, 0, 0);
    IS("16/01 no key", (call(0x16, 0x0100, 0, 0, 0).flags & FLAG_ZF) != 0);
    IS("16/05 key in", call(0x16, 0x0500, 0, 0x1E61, 0).al == 0);
    r = call(0x16, 0x0100, 0, 0, 0);
    IS("16/01 key there", !(r.flags & FLAG_ZF) && r.ax == 0x1E61);
    IS("16/00 key out", call(0x16, 0x0000, 0, 0, 0).ax == 0x1E61);
    call(0x16, 0x0500, 0, 0x8500, 0);
    IS("16/11 F11 there", call(0x16, 0x1100, 0, 0, 0).ax == 0x8500);
    IS("16/01 F11 hidden", (call(0x16, 0x0100, 0, 0, 0).flags & FLAG_ZF) != 0);
    call(0x16, 0x0500, 0, 0x48E0, 0);
    IS("16/10 grey key E0", call(0x16, 0x1000, 0, 0, 0).ax == 0x48E0);
    IS("16/02 shift states", (call(0x16, 0x0200, 0, 0, 0).al & 0x8F) == 0);
    IS("16/12 extended shift states",
       (call(0x16, 0x1200, 0, 0, 0).ax & 0x0F0F) == 0);
    call(0x16, 0x0305, 0x0000, 0, 0);
    IS("16/03 typematic rate", true);
    IS("16/09 capabilities: 05, 0A, 10-12",
       (call(0x16, 0x0900, 0, 0, 0).al & 0x30) == 0x30);
    IS("16/0A keyboard AB41", call(0x16, 0x0A00, 0, 0, 0).bx == 0x41AB);
    IS("16/92 keyb: 10-12 are there", call(0x16, 0x9200, 0, 0, 0).ah <= 0x80);
}

static void clock_services(void)
{
    struct regs r = call(0x1A, 0x0000, 0, 0, 0);

    IS("1A/00 ticks", (r.cx & 0xFF00) == 0);
    r = call(0x1A, 0x0200, 0, 0, 0);
    IS("1A/02 time", good(r) && r.ch < 0x24 && r.cl < 0x60);
    IS("1A/03 time set", good(call(0x1A, 0x0300, 0, r.cx, r.dx)));
    r = call(0x1A, 0x0400, 0, 0, 0);
    IS("1A/04 date", good(r) && (r.ch == 0x19 || r.ch == 0x20));
    IS("1A/05 date set", good(call(0x1A, 0x0500, 0, r.cx, r.dx)));
    call(0x1A, 0x0700, 0, 0, 0);
    IS("1A/06 alarm", good(call(0x1A, 0x0600, 0, 0x2359, 0x5900)));
    r = call(0x1A, 0x0600, 0, 0x2359, 0x5900);
    IS("1A/06 again: refused", carry(&r));
    IS("1A/07 alarm off", good(call(0x1A, 0x0700, 0, 0, 0)));
    IS("1A/B101 PCI BIOS 2.1", good_zero(call(0x1A, 0xB101, 0, 0, 0)) &&
                                   call(0x1A, 0xB101, 0, 0, 0).bx == 0x0210);
    r = call(0x1A, 0xB102, 0, 0x1237, 0x8086);
    IS("1A/B102 find device", good_zero(r) && r.bx == 0);
    IS("1A/B102 not there (86)",
       refused(call(0x1A, 0xB102, 0, 0x7777, 0x8086), 0x86));
    IS("1A/B102 vendor FFFF (83)",
       refused(call(0x1A, 0xB102, 0, 0x7777, 0xFFFF), 0x83));
    r = call(0x1A, 0xB109, 0, 0, 0);
    IS("1A/B109 read word", good_zero(r) && r.cx == 0x8086);
    IS("1A/B155 unknown (81)", refused(call(0x1A, 0xB155, 0, 0, 0), 0x81));
}

void check_services(void)
{
    ours = same_bytes(0xF000, 0xFFF5, "01/15/26", 8);
    line_count = 0;
    fixed_addresses();
    data_area();
    floppy();
    if (is_disk()) {
        disk();
        edd();
    }
    system_services();
    apm();
    keyboard();
    clock_services();
}
