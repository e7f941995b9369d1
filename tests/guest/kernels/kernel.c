/* kernel.c - a test kernel that tells over COM1 what its loader told it, and
 * ends the run by port F4h: exit code 1 + 2 * (what it found wrong). */

typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;

static unsigned wrong;

static void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void put(const char *text)
{
    for (; *text; text++) {
        while (!(in8(0x3FD) & 0x20))
            ;
        out8(0x3F8, (uint8_t)*text);
    }
}

static void put_number(const char *name, uint32_t value)
{
    char digits[12], *p = digits + 11;

    *p = 0;
    do
        *--p = (char)('0' + value % 10);
    while (value /= 10);
    put(name);
    put(p);
}

/* Words of the loader, without its path. */
static void put_text(const char *name, const char *text)
{
    const char *word = text;

    for (const char *p = text; *p && *p != ' '; p++)
        if (*p == '/')
            word = p + 1;
    put(name);
    put(word);
}

static void check(int good, const char *what)
{
    if (good)
        return;
    wrong++;
    put(" WRONG:");
    put(what);
}

static const void *pointer(uint64_t address)
{
    return (const void *)(unsigned long)address;
}

static uint8_t sum(const void *data, unsigned size)
{
    const uint8_t *p = data;
    uint8_t total = 0;

    while (size-- > 0)
        total = (uint8_t)(total + *p++);
    return total;
}

/* A framebuffer is there when what is written stays. */
static void check_screen(uint64_t address, uint32_t pitch, uint32_t width,
                         uint32_t height, uint32_t depth, uint32_t type)
{
    volatile uint32_t *last =
        (volatile uint32_t *)(unsigned long)(address +
                                             (uint64_t)pitch * (height - 1));

    put_number(" screen=", width);
    put_number("x", height);
    put_number("x", depth);
    put_number("/", type);
    if (type != 1)
        return;
    *last = 0x00ABCDEF;
    check(*last == 0x00ABCDEF, "framebuffer");
}

/* ----------------------------------------------------------- Multiboot 1 */

static void multiboot1(const uint32_t *info)
{
    uint32_t flags = info[0], ram = 0;
    const uint32_t *modules = pointer(info[6]);

    put("MB1");
    put_text(" cmdline=", pointer(info[4]));
    put_text(" loader=", pointer(info[16]));
    put_number(" flags=", flags);
    check(info[1] == 639, "lower memory");
    for (uint32_t at = 0; at < info[11];
         at += *(const uint32_t *)pointer(info[12] + at) + 4) {
        const uint32_t *entry = pointer(info[12] + at);
        if (entry[5] == 1 && entry[1] == 0x100000 && !entry[2])
            ram = entry[3] >> 10;
    }
    check(ram == info[2], "memory map");
    put_number(" modules=", flags & 8 ? info[5] : 0);
    for (uint32_t i = 0; flags & 8 && i < info[5]; i++) {
        put_text(" ", pointer(modules[4 * i + 2]));
        put_number(":", modules[4 * i + 1] - modules[4 * i]);
        check(!(modules[4 * i] & 0xFFF), "alignment");
    }
    check(!(flags & 32) || info[7] > 2, "sections");
    check(!(flags & 1 << 10) || *(const uint16_t *)pointer(info[17]) >= 0x100,
          "APM");
    check(!(flags & 1 << 11) ||
              *(const uint32_t *)pointer(info[18]) == 0x41534556,
          "VBE");
    if (flags & 1 << 12)
        check_screen(info[22], info[24], info[25], info[26], info[27] & 0xFF,
                     info[27] >> 8 & 0xFF);
}

/* ----------------------------------------------------------- Multiboot 2 */

static void tag2(const uint32_t *tag)
{
    const uint8_t *bytes = (const uint8_t *)tag;

    switch (tag[0]) {
    case 1:
        put_text(" cmdline=", (const char *)bytes + 8);
        break;
    case 2:
        put_text(" loader=", (const char *)bytes + 8);
        break;
    case 3:
        put_text(" module=", (const char *)bytes + 16);
        put_number(":", tag[3] - tag[2]);
        break;
    case 7:
        check(tag[4] == 0x41534556, "VBE");
        break;
    case 8:
        check_screen(tag[2], tag[4], tag[5], tag[6], bytes[28], bytes[29]);
        break;
    case 13:
        check(bytes[8] == 2 && bytes[16 + 1] >= 4, "SMBIOS");
        break;
    case 14:
        check(!sum(bytes + 8, 20), "RSDP");
        break;
    case 15:
        check(!sum(bytes + 8, 36), "RSDP of ACPI 2.0");
        break;
    default:
        break;
    }
}

static void multiboot2(const uint32_t *info)
{
    uint32_t seen = 0;

    put("MB2");
    for (uint32_t at = 8; at < info[0];) {
        const uint32_t *tag = info + at / 4;
        if (tag[0] < 32)
            seen |= 1u << tag[0];
        tag2(tag);
        at += (tag[1] + 7) & ~7u;
    }
    put_number(" tags=", seen);
}

/* ------------------------------------------------------------------- PVH */

static void pvh(const uint32_t *info)
{
    const uint64_t *modules = pointer(info[4]);
    const uint64_t *map = pointer(info[10]);
    uint64_t ram = 0;

    put("PVH");
    put_text(" cmdline=", pointer(info[6]));
    put_number(" modules=", info[3]);
    for (uint32_t i = 0; i < info[3]; i++)
        put_number(":", (uint32_t)modules[4 * i + 1]);
    check(info[8] && !sum(pointer(info[8]), 20), "RSDP");
    for (uint32_t i = 0; i < info[12]; i++)
        if ((uint32_t)map[3 * i + 2] == 1)
            ram += map[3 * i + 1];
    put_number(" ram=", (uint32_t)(ram >> 20));
}

void kernel_main(uint32_t magic, uint32_t info)
{
    out8(0x3FB, 3); /* 8 bits, no parity */
    if (magic == 0x2BADB002)
        multiboot1(pointer(info));
    else if (magic == 0x36D76289)
        multiboot2(pointer(info));
    else if (info && *(const uint32_t *)pointer(info) == 0x336EC578)
        pvh(pointer(info));
    else if (magic == 64)
        put_number("ELF64 stack=", info);
    else
        put("ELF32");
    put(wrong ? " BAD\n" : " GOOD\n");
    while ((in8(0x3FD) & 0x40) == 0) /* all has been sent */
        ;
    out8(0xF4, (uint8_t)wrong);
}
