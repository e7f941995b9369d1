/* direct.c - facts that only the BIOS knows, for kernels loaded directly:
 * RSDP, SMBIOS, APM, disks, video modes. 16-bit code, see direct.S.
 *
 * VBE 2.0 functions 4F00-4F02 and 4F0A; APM 1.2; ACPI 5.2.5.1 and DSP0134
 * 5.2.1 for the searches. */

#include "direct.h"

typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;

struct registers {
    uint32_t eax, ebx, ecx, edx, esi, edi;
    uint16_t es, unused;
    uint8_t carry;
};

__attribute__((regparm(3))) void direct_int(uint32_t number,
                                            struct registers *r);

#define AT(type, offset) (*(volatile type *)(uint32_t)(offset))
#define FACT(type, fact) AT(type, DIRECT_FACTS + (fact))
#define FACTS(fact)      ((uint8_t *)(uint32_t)(DIRECT_FACTS + (fact)))

static uint8_t mode_info[256];

static uint16_t segment(void)
{
    uint16_t value;

    __asm__("movw %%ds, %0" : "=r"(value));
    return value;
}

static uint8_t far8(uint16_t seg, uint16_t offset)
{
    uint8_t value;

    __asm__ volatile("movw %1, %%fs; movb %%fs:(%2), %0"
                     : "=q"(value)
                     : "r"(seg), "r"((uint32_t)offset));
    return value;
}

static uint16_t far16(uint16_t seg, uint16_t offset)
{
    return (uint16_t)(far8(seg, offset) | far8(seg, (uint16_t)(offset + 1))
                                              << 8);
}

static void far_copy(uint8_t *to, uint16_t seg, uint16_t offset, uint32_t size)
{
    while (size-- > 0)
        *to++ = far8(seg, offset++);
}

static void copy(uint8_t *to, const uint8_t *from, uint32_t size)
{
    while (size-- > 0)
        *to++ = *from++;
}

static void found(uint32_t fact)
{
    AT(uint32_t, DIRECT_PRESENT) |= 1u << fact;
}

/* ----------------------------------------------------------------- tables */

/* A structure on 16 bytes whose first `sum` bytes add up to 0. */
static uint16_t search(uint16_t from, uint16_t paragraphs, const char *magic,
                       uint32_t length, uint32_t sum)
{
    uint32_t i, n;
    uint8_t total;

    for (n = 0; n < paragraphs; n++) {
        uint16_t seg = (uint16_t)(from + n);
        for (i = 0; i < length; i++)
            if (far8(seg, (uint16_t)i) != (uint8_t)magic[i])
                break;
        if (i < length)
            continue;
        for (i = 0, total = 0; i < sum; i++)
            total = (uint8_t)(total + far8(seg, (uint16_t)i));
        if (total == 0)
            return seg;
    }
    return 0;
}

static void find_rsdp(void)
{
    uint16_t seg = search(far16(0x40, 0x0E), 64, "RSD PTR ", 8, 20);

    if (!seg)
        seg = search(0xE000, 0x2000, "RSD PTR ", 8, 20);
    if (!seg)
        return;
    far_copy(FACTS(FACT_RSDP), seg, 0, 36);
    FACT(uint32_t, FACT_RSDP_ADDRESS) = (uint32_t)seg << 4;
    found(DIRECT_RSDP);
    if (FACT(uint8_t, FACT_RSDP + 15) >= 2)
        found(DIRECT_RSDP2);
}

static void find_smbios(void)
{
    uint16_t seg = search(0xF000, 0x1000, "_SM_", 4, 31);

    if (!seg)
        return;
    far_copy(FACTS(FACT_SMBIOS), seg, 0x18, 4);
    FACT(uint32_t, FACT_SMBIOS + 4) = far16(seg, 0x16);
    far_copy(FACTS(FACT_SMBIOS_VERSION), seg, 6, 2);
    found(DIRECT_SMBIOS);
}

static void find_config(void)
{
    struct registers r = {.eax = 0xC000};

    direct_int(0x15, &r);
    if (r.carry)
        return;
    FACT(uint32_t, FACT_CONFIG) = ((uint32_t)r.es << 4) + (r.ebx & 0xFFFF);
    found(DIRECT_CONFIG);
}

/* Version, 32-bit segment and entry, 16-bit segment, data segment, flags,
 * sizes of the three; the connection stays. */
static void find_apm(void)
{
    struct registers r = {.eax = 0x5300};
    uint16_t version, flags;

    direct_int(0x15, &r);
    if (r.carry || (r.ebx & 0xFFFF) != 0x504D)
        return;
    version = (uint16_t)r.eax;
    flags = (uint16_t)r.ecx;
    r = (struct registers){.eax = 0x5304};
    direct_int(0x15, &r);
    r = (struct registers){.eax = 0x5303};
    direct_int(0x15, &r);
    if (r.carry)
        return;
    FACT(uint16_t, FACT_APM) = version;
    FACT(uint16_t, FACT_APM + 2) = (uint16_t)r.eax;
    FACT(uint32_t, FACT_APM + 4) = r.ebx;
    FACT(uint16_t, FACT_APM + 8) = (uint16_t)r.ecx;
    FACT(uint16_t, FACT_APM + 10) = (uint16_t)r.edx;
    FACT(uint16_t, FACT_APM + 12) = flags;
    FACT(uint16_t, FACT_APM + 14) = (uint16_t)r.esi;
    FACT(uint16_t, FACT_APM + 16) = (uint16_t)(r.esi >> 16);
    FACT(uint16_t, FACT_APM + 18) = (uint16_t)r.edi;
    found(DIRECT_APM);
}

/* Size of the entry, number, mode (1 LBA), cylinders, heads, sectors; no
 * ports. */
static void find_drives(void)
{
    uint32_t length = 0;
    uint8_t number;

    for (number = 0x80; number < 0x84; number++) {
        uint32_t at = FACT_DRIVES + length;
        struct registers r = {.eax = 0x0800, .edx = number};
        direct_int(0x13, &r);
        if (r.carry || (number & 0x7F) >= (r.edx & 0xFF))
            break;
        FACT(uint32_t, at) = 10;
        FACT(uint8_t, at + 4) = number;
        FACT(uint8_t, at + 6) = (uint8_t)((r.ecx >> 8) + 1);
        FACT(uint8_t, at + 7) =
            (uint8_t)((((r.ecx >> 8 & 0xFF) | (r.ecx << 2 & 0x300)) + 1) >> 8);
        FACT(uint8_t, at + 8) = (uint8_t)((r.edx >> 8) + 1);
        FACT(uint8_t, at + 9) = (uint8_t)(r.ecx & 63);
        r = (struct registers){.eax = 0x4100, .ebx = 0x55AA, .edx = number};
        direct_int(0x13, &r);
        FACT(uint8_t, at + 5) = !r.carry && (r.ecx & 1);
        length += 10;
    }
    FACT(uint32_t, FACT_DRIVES_LENGTH) = length;
    if (length)
        found(DIRECT_DRIVES);
}

/* 9600 baud, 8 bits, no parity: kernels take it for granted. */
static void set_serial_ports(void)
{
    uint32_t port;

    for (port = 0; port < 4; port++) {
        struct registers r = {.eax = 0xE3, .edx = port};
        if (far16(0x40, (uint16_t)(2 * port)))
            direct_int(0x14, &r);
    }
}

/* ------------------------------------------------------------------ video */

static int vbe(uint32_t function, uint32_t ebx, uint32_t ecx, void *buffer,
               struct registers *out)
{
    struct registers r = {
        .eax = 0x4F00 | function,
        .ebx = ebx,
        .ecx = ecx,
        .edi = (uint32_t)buffer,
        .es = segment(),
    };

    direct_int(0x10, &r);
    if (out)
        *out = r;
    return (r.eax & 0xFFFF) == 0x004F;
}

static uint32_t apart(uint32_t a, uint32_t b)
{
    return a < b ? b - a : a - b;
}

static uint16_t info16(uint32_t at)
{
    return (uint16_t)(mode_info[at] | mode_info[at + 1] << 8);
}

/* How far the mode in mode_info is from the wish; large when it has no
 * linear picture with direct colours. */
static uint32_t distance(void)
{
    uint32_t depth = mode_info[25];

    if ((info16(0) & 0x91) != 0x91 || mode_info[27] != 6 || depth < 15)
        return 0xFFFFFFFF;
    return (apart(info16(18), AT(uint16_t, DIRECT_WIDTH)) +
            apart(info16(20), AT(uint16_t, DIRECT_HEIGHT))) *
               64 +
           apart(depth, AT(uint16_t, DIRECT_DEPTH));
}

static uint16_t choose_mode(void)
{
    uint16_t offset = FACT(uint16_t, FACT_CONTROL + 14);
    uint16_t seg = FACT(uint16_t, FACT_CONTROL + 16);
    uint16_t mode, best = 0xFFFF;
    uint32_t least = 0xFFFFFFFF, n, d;

    for (n = 0; n < 512; n++, offset += 2) {
        mode = far16(seg, offset);
        if (mode == 0xFFFF)
            break;
        if (!vbe(1, 0, mode, mode_info, 0))
            continue;
        d = distance();
        if (d < least) {
            least = d;
            best = mode;
        }
    }
    return best;
}

static void screen(uint32_t address, uint32_t pitch, uint32_t width,
                   uint32_t height, uint8_t depth, uint8_t type)
{
    FACT(uint32_t, FACT_SCREEN) = address;
    FACT(uint32_t, FACT_SCREEN + 8) = pitch;
    FACT(uint32_t, FACT_SCREEN + 12) = width;
    FACT(uint32_t, FACT_SCREEN + 16) = height;
    FACT(uint8_t, FACT_SCREEN + 20) = depth;
    FACT(uint8_t, FACT_SCREEN + 21) = type;
    found(DIRECT_SCREEN);
}

static void set_graphics(void)
{
    struct registers r;
    uint16_t mode;
    uint32_t i;

    copy(FACTS(FACT_CONTROL), (const uint8_t *)"VBE2", 4);
    if (!vbe(0, 0, 0, FACTS(FACT_CONTROL), 0))
        return;
    mode = choose_mode();
    if (mode == 0xFFFF || !vbe(2, mode | 0x4000u, 0, 0, 0) ||
        !vbe(1, 0, mode, mode_info, 0))
        return;
    copy(FACTS(FACT_MODE), mode_info, 256);
    FACT(uint16_t, FACT_VBE) = mode | 0x4000;
    if (vbe(0x0A, 0, 0, 0, &r)) {
        FACT(uint16_t, FACT_VBE + 2) = r.es;
        FACT(uint16_t, FACT_VBE + 4) = (uint16_t)r.edi;
        FACT(uint16_t, FACT_VBE + 6) = (uint16_t)r.ecx;
    }
    found(DIRECT_VBE);
    screen(info16(40) | (uint32_t)info16(42) << 16, info16(16), info16(18),
           info16(20), mode_info[25], 1);
    for (i = 0; i < 3; i++) {
        FACT(uint8_t, FACT_COLOURS + 2 * i) = mode_info[32 + 2 * i];
        FACT(uint8_t, FACT_COLOURS + 2 * i + 1) = mode_info[31 + 2 * i];
    }
}

/* Not static, so that it comes before the constants. */
void direct_find(void)
{
    found(DIRECT_ALWAYS);
    find_rsdp();
    find_smbios();
    find_config();
    find_apm();
    find_drives();
    set_serial_ports();
    if (AT(uint16_t, DIRECT_VIDEO) == DIRECT_GRAPHICS)
        set_graphics();
    if (AT(uint16_t, DIRECT_VIDEO) &&
        !(AT(uint32_t, DIRECT_PRESENT) >> DIRECT_SCREEN & 1))
        screen(0xB8000, 160, 80, 25, 16, 2);
}
