/* SMBIOS 2.7: who made the PC and what is in it, for programs that make lists.
 * Source: DMTF DSP0134 2.7.1. Structures 0 BIOS, 1 system, 2 board, 3 case,
 * 4 processors, 16, 17, 19 memory, 32 boot, 127 end.
 * Not here: caches, slots and ports (7, 8, 9). */

#include "post.h"

#define DIMM_MIB_MAX 16384
#define DIMMS_MAX    8
#define HANDLE_NONE  0xFFFF
#define HANDLE_BOARD 0x0200
#define HANDLE_CASE  0x0300
#define HANDLE_ARRAY 0x1000

struct smbios_entry {
    char signature[4];
    uint8_t checksum, length, major, minor;
    uint16_t largest;
    uint8_t revision, formatted[5];
    char dmi[5];
    uint8_t dmi_checksum;
    uint16_t table_length;
    uint32_t table;
    uint16_t count;
    uint8_t bcd;
} PACKED;

struct head {
    uint8_t type, length;
    uint16_t handle;
} PACKED;

struct type_bios {
    struct head head;
    uint8_t vendor, version;
    uint16_t segment;
    uint8_t date, size;
    uint64_t characteristics;
    uint8_t extension[2], major, minor, ec_major, ec_minor;
} PACKED;

struct type_system {
    struct head head;
    uint8_t maker, product, version, serial, uuid[16], wake, sku, family;
} PACKED;

struct type_board {
    struct head head;
    uint8_t maker, product, version, serial, asset, features, location;
    uint16_t chassis;
    uint8_t kind, children;
} PACKED;

struct type_case {
    struct head head;
    uint8_t maker, kind, version, serial, asset;
    uint8_t state, power, thermal, security;
    uint32_t oem;
    uint8_t height, cords, parts, part_size, sku;
} PACKED;

struct type_processor {
    struct head head;
    uint8_t socket, kind, family, maker;
    uint32_t signature, features;
    uint8_t version, voltage;
    uint16_t clock, max_mhz, mhz;
    uint8_t status, upgrade;
    uint16_t cache[3];
    uint8_t serial, asset, part, cores, enabled, threads;
    uint16_t characteristics, family2;
} PACKED;

struct type_array {
    struct head head;
    uint8_t location, use, correction;
    uint32_t capacity_kib;
    uint16_t error, devices;
    uint64_t capacity;
} PACKED;

struct type_device {
    struct head head;
    uint16_t array, error, total_width, width, size_mib;
    uint8_t form, set, locator, bank, kind;
    uint16_t detail, speed;
    uint8_t maker, serial, asset, part, attributes;
    uint32_t extended_mib;
    uint16_t configured;
} PACKED;

struct type_range {
    struct head head;
    uint32_t start_kib, end_kib;
    uint16_t array;
    uint8_t width;
    uint64_t start, end;
} PACKED;

struct type_boot {
    struct head head;
    uint8_t reserved[6], status;
} PACKED;

_Static_assert(sizeof(struct type_bios) == 0x18, "DSP0134 7.1");
_Static_assert(sizeof(struct type_system) == 0x1B, "DSP0134 7.2");
_Static_assert(sizeof(struct type_board) == 0x0F, "DSP0134 7.3");
_Static_assert(sizeof(struct type_case) == 0x16, "DSP0134 7.4");
_Static_assert(sizeof(struct type_processor) == 0x2A, "DSP0134 7.5");
_Static_assert(sizeof(struct type_array) == 0x17, "DSP0134 7.17");
_Static_assert(sizeof(struct type_device) == 0x22, "DSP0134 7.18");
_Static_assert(sizeof(struct type_range) == 0x1F, "DSP0134 7.20");

static uint8_t *place;
static uint16_t count, largest;

/* --- structures ------------------------------------------------------------
 */

static uint8_t *begun; /* the structure that strings are added to */

/* Its bytes; strings follow, numbered from 1. */
static void begin(void *data, uint8_t type, uint8_t size, uint16_t handle)
{
    struct head *h = data;

    h->type = type;
    h->length = size;
    h->handle = handle;
    begun = place;
    memcpy(place, data, size);
    place += size;
}

static void string(const char *text)
{
    if (!*text)
        text = "Umbra"; /* an empty one would end the set */
    while (*text)
        *place++ = (uint8_t)*text++;
    *place++ = 0;
}

/* Two zeros end a structure without strings, one more a set of them. */
static void end(bool strings)
{
    *place++ = 0;
    if (!strings)
        *place++ = 0;
    if (place - begun > largest)
        largest = (uint16_t)(place - begun);
    count++;
}

static void put_firmware(void)
{
    struct type_bios t = {
        .vendor = 1,
        .version = 2,
        .segment = 0xE000,
        .date = 3,
        .size = 1, /* 128 KiB */
        /* ISA, PCI, PnP, APM, shadowing, boot from CD, boot choice, EDD,
         * floppies 360 KB to 2.88 MB, print screen, 8042, serial,
         * printer, video */
        .characteristics = 0x7FC99690,
        .extension = {0x01, 0x01}, /* ACPI; BIOS boot specification */
        .ec_major = 0xFF,
        .ec_minor = 0xFF,
    };

    begin(&t, 0, sizeof(t), 0);
    string("Umbra");
    string("1");
    string("01/15/2026");
    end(true);
}

static void put_system(void)
{
    struct type_system t = {.maker = 1, .product = 2, .version = 3, .wake = 6};

    begin(&t, 1, sizeof(t), 0x0100);
    string("Umbra");
    string("Umbra PC (i440FX + PIIX3)");
    string("1");
    end(true);
}

static void put_board(void)
{
    struct type_board t = {
        .maker = 1,
        .product = 2,
        .features = 0x01, /* hosting */
        .chassis = HANDLE_CASE,
        .kind = 0x0A, /* motherboard */
    };

    begin(&t, 2, sizeof(t), HANDLE_BOARD);
    string("Umbra");
    string("440FX");
    end(true);
}

static void put_case(void)
{
    struct type_case t = {
        .maker = 1,
        .kind = 3, /* desktop */
        .state = 3,
        .power = 3,
        .thermal = 3,
        .security = 3, /* none */
    };

    begin(&t, 3, sizeof(t), HANDLE_CASE);
    string("Umbra");
    end(true);
}

static void put_processor(unsigned int number)
{
    char vendor[13], brand[49], socket[] = "CPU 0";
    uint32_t signature, features;
    struct type_processor t = {
        .socket = 1,
        .kind = 3,
        .family = 2, /* unknown */
        .maker = 2,
        .version = 3,
        .voltage = 0x80 | 15,
        .max_mhz = 1000,
        .mhz = 1000,
        .status = 0x41, /* there, enabled */
        .upgrade = 1,
        .cache = {HANDLE_NONE, HANDLE_NONE, HANDLE_NONE},
        .cores = 1,
        .enabled = 1,
        .threads = 1,
        .family2 = 2,
    };

    cpu_names(vendor, brand);
    cpu_signature(&signature, &features);
    t.signature = signature;
    t.features = features;
    socket[4] = (char)('0' + number);
    begin(&t, 4, sizeof(t), (uint16_t)(0x0400 + number));
    string(socket);
    string(vendor);
    string(brand);
    end(true);
}

/* --- memory ----------------------------------------------------------------
 */

static uint32_t ram_mib(void)
{
    return (SHARED->ram_low >> 20) + (uint32_t)(SHARED->ram_high >> 20);
}

static unsigned int dimm_count(void)
{
    uint32_t n = (ram_mib() + DIMM_MIB_MAX - 1) / DIMM_MIB_MAX;

    return n > DIMMS_MAX ? DIMMS_MAX : n;
}

static void put_array(void)
{
    struct type_array t = {
        .location = 3, /* motherboard */
        .use = 3,      /* system memory */
        .correction = 3,
        .capacity_kib = 0x80000000, /* see below */
        .error = 0xFFFE,
        .devices = (uint16_t)dimm_count(),
        .capacity = (uint64_t)ram_mib() << 20,
    };

    if (ram_mib() < 0x200000) {
        t.capacity_kib = ram_mib() << 10;
        t.capacity = 0;
    }
    begin(&t, 16, sizeof(t), HANDLE_ARRAY);
    end(false);
}

static void put_dimm(unsigned int number, uint32_t mib)
{
    char locator[] = "DIMM 0";
    struct type_device t = {
        .array = HANDLE_ARRAY,
        .error = 0xFFFE,
        .total_width = 64,
        .width = 64,
        .size_mib = mib < 0x7FFF ? (uint16_t)mib : 0x7FFF,
        .form = 9, /* DIMM */
        .locator = 1,
        .kind = 0x0F,     /* SDRAM */
        .detail = 0x0080, /* synchronous */
        .extended_mib = mib < 0x7FFF ? 0 : mib,
    };

    locator[5] = (char)('0' + number);
    begin(&t, 17, sizeof(t), (uint16_t)(0x1100 + number));
    string(locator);
    end(true);
}

/* All but the last are full; the last has the rest. */
static void put_dimms(void)
{
    unsigned int n = dimm_count(), i;
    uint32_t left = ram_mib();

    for (i = 0; i < n; i++) {
        uint32_t mib = i + 1 < n && left > DIMM_MIB_MAX ? DIMM_MIB_MAX : left;

        put_dimm(i, mib);
        left -= mib;
    }
}

static void put_range(uint16_t handle, uint64_t start, uint64_t bytes)
{
    uint64_t last = start + bytes - 1;
    struct type_range t = {.array = HANDLE_ARRAY, .width = 1};

    if (last >> 10 < 0xFFFFFFFF) {
        t.start_kib = (uint32_t)(start >> 10);
        t.end_kib = (uint32_t)(last >> 10);
    } else {
        t.start_kib = t.end_kib = 0xFFFFFFFF;
        t.start = start;
        t.end = last;
    }
    begin(&t, 19, sizeof(t), handle);
    end(false);
}

static void put_memory(void)
{
    put_array();
    put_dimms();
    put_range(0x1300, 0, SHARED->ram_low);
    if (SHARED->ram_high)
        put_range(0x1301, 0x100000000ull, SHARED->ram_high);
}

/* --- the whole -------------------------------------------------------------
 */

static void put_all(void)
{
    struct type_boot boot = {.status = 0};
    struct head last;
    unsigned int i;

    put_firmware();
    put_system();
    put_board();
    put_case();
    for (i = 0; i < cpu_count() && i < 8; i++)
        put_processor(i);
    put_memory();
    begin(&boot, 32, sizeof(boot), 0x2000);
    end(false);
    begin(&last, 127, sizeof(last), 0x7F00);
    end(false);
}

uint8_t *smbios_build(uint8_t *at)
{
    struct smbios_entry *e = (struct smbios_entry *)at;
    uint8_t *table = (uint8_t *)(((uint32_t)at + sizeof(*e) + 15) & ~15u);

    place = table;
    count = largest = 0;
    put_all();
    memset(e, 0, sizeof(*e));
    memcpy(e->signature, "_SM_", 4);
    e->length = sizeof(*e);
    e->major = 2;
    e->minor = 7;
    e->largest = largest;
    memcpy(e->dmi, "_DMI_", 5);
    e->table = (uint32_t)table;
    e->table_length = (uint16_t)(place - table);
    e->count = count;
    e->bcd = 0x27;
    e->dmi_checksum = table_sum(e->dmi, 15);
    e->checksum = table_sum(e, sizeof(*e));
    return place;
}
