/* smbios.c - SMBIOS structures of the board, for firmware that is not ours.
 *
 * DMTF DSP0134, version 2.8: entry point (5.2.1) and the structures (7)
 * system, enclosure, processor, memory array, memory device, mapped
 * addresses, boot status, end. Not modelled: the BIOS's structure, which
 * firmware adds itself; caches, slots, ports. */
#include "devices/smbios.h"

#include <stdio.h>

enum {
    TYPE_SYSTEM = 1,
    TYPE_ENCLOSURE = 3,
    TYPE_PROCESSOR = 4,
    TYPE_MEMORY_ARRAY = 16,
    TYPE_MEMORY_DEVICE = 17,
    TYPE_MAPPED_ADDRESS = 19,
    TYPE_BOOT_STATUS = 32,
    TYPE_END = 127,

    HANDLE_ARRAY = 0x1000,
    NO_HANDLE = 0xFFFF,
    NO_ERROR_HANDLE = 0xFFFE,
    STATE_SAFE = 3,
    UNKNOWN = 2,
    DESKTOP = 3,
    FORM_DIMM = 9,
    MEMORY_RAM = 7,
    CPU_ENABLED = 0x41,

    SIZE_EXTENDED = 0x7FFF, /* MiB: the real one is in a longer field */
    STRING_MAX = 64         /* 3.1.3: of older versions, which some check */
};
#define KIB_EXTENDED 0x80000000u

/* Adds a structure with its strings: bytes, then texts that end with a NUL
 * each; one more NUL ends the list. */
static void put(struct smbios_tables *t, uint8_t *structure, uint8_t size,
                uint16_t handle, const char *const *strings)
{
    uint8_t *start = t->data + t->size, *p = start;

    structure[1] = size;
    store_le16(structure + 2, handle);
    memcpy(p, structure, size);
    p += size;
    for (; strings && *strings; strings++) {
        int n = snprintf((char *)p, STRING_MAX + 1, "%s",
                         **strings ? *strings : "-");
        p += (n < STRING_MAX ? n : STRING_MAX) + 1;
    }
    if (p == start + size)
        *p++ = 0;
    *p++ = 0;
    t->size += (unsigned)(p - start);
    ASSERT(t->size <= sizeof t->data);
    t->count++;
    if ((unsigned)(p - start) > t->largest)
        t->largest = (unsigned)(p - start);
}

static void put_system(struct smbios_tables *t)
{
    static const char *const strings[] = {"Umbra", "Umbra PC", "1", NULL};
    uint8_t system[27] = {TYPE_SYSTEM, 0, 0, 0, 1, 2, 3};
    uint8_t enclosure[22] = {TYPE_ENCLOSURE, 0, 0, 0, 1, DESKTOP, 0};

    system[24] = 6; /* wake-up: power switch */
    put(t, system, sizeof system, 0x100, strings);
    enclosure[9] = enclosure[10] = enclosure[11] = STATE_SAFE;
    enclosure[12] = UNKNOWN; /* security */
    put(t, enclosure, sizeof enclosure, 0x300, (const char *[]){"Umbra", NULL});
}

static void put_processor(struct smbios_tables *t,
                          const struct smbios_board *board)
{
    uint8_t p[42] = {TYPE_PROCESSOR, 0, 0, 0, 1, 3, UNKNOWN, 2};

    store_le32(p + 8, board->cpu_signature);
    store_le32(p + 12, board->cpu_features);
    p[16] = 3;
    p[24] = CPU_ENABLED;
    p[25] = UNKNOWN;
    for (unsigned cache = 26; cache < 32; cache += 2)
        store_le16(p + cache, NO_HANDLE);
    p[35] = p[36] = p[37] = 1; /* cores, enabled, threads */
    store_le16(p + 38, UNKNOWN);
    store_le16(p + 40, UNKNOWN);
    put(t, p, sizeof p, 0x400,
        (const char *[]){"CPU 0", board->manufacturer, board->brand, NULL});
}

static void put_mapped(struct smbios_tables *t, uint16_t handle, uint64_t start,
                       uint64_t size)
{
    uint8_t m[31] = {TYPE_MAPPED_ADDRESS};
    uint64_t last_kib = ((start + size) >> 10) - 1;

    if (!size)
        return;
    if (last_kib <= UINT32_MAX - 1) {
        store_le32(m + 4, (uint32_t)(start >> 10));
        store_le32(m + 8, (uint32_t)last_kib);
    } else {
        store_le32(m + 4, UINT32_MAX);
        store_le32(m + 8, UINT32_MAX);
        store_le64(m + 15, start);
        store_le64(m + 23, start + size - 1);
    }
    store_le16(m + 12, HANDLE_ARRAY);
    m[14] = 1; /* devices in a row */
    put(t, m, sizeof m, handle, NULL);
}

static void put_memory(struct smbios_tables *t,
                       const struct smbios_board *board)
{
    uint64_t kib = board->ram_bytes >> 10, mib = board->ram_bytes >> 20;
    uint8_t array[23] = {TYPE_MEMORY_ARRAY, 0, 0, 0, 3, 3, 3};
    uint8_t device[34] = {TYPE_MEMORY_DEVICE};

    store_le32(array + 7, kib < KIB_EXTENDED ? (uint32_t)kib : KIB_EXTENDED);
    store_le16(array + 11, NO_ERROR_HANDLE);
    store_le16(array + 13, 1);
    if (kib >= KIB_EXTENDED)
        store_le64(array + 15, board->ram_bytes);
    put(t, array, sizeof array, HANDLE_ARRAY, NULL);

    store_le16(device + 4, HANDLE_ARRAY);
    store_le16(device + 6, NO_ERROR_HANDLE);
    store_le16(device + 8, 64);
    store_le16(device + 10, 64);
    store_le16(device + 12,
               mib < SIZE_EXTENDED ? (uint16_t)mib : SIZE_EXTENDED);
    device[14] = FORM_DIMM;
    device[16] = 1;
    device[17] = 2;
    device[18] = MEMORY_RAM;
    store_le16(device + 19, 1 << 1); /* detail: other */
    if (mib >= SIZE_EXTENDED)
        store_le32(device + 28, (uint32_t)mib);
    put(t, device, sizeof device, 0x1100,
        (const char *[]){"DIMM 0", "Bank 0", NULL});
    put_mapped(t, 0x1300, 0, board->low_end);
    put_mapped(t, 0x1301, 1ull << 32, board->ram_bytes - board->low_end);
}

static void fill_anchor(struct smbios_tables *t)
{
    uint8_t *a = t->anchor;

    memcpy(a, "_SM_", 4);
    a[5] = SMBIOS_ANCHOR_SIZE;
    a[6] = 2;
    a[7] = 8;
    store_le16(a + 8, (uint16_t)t->largest);
    memcpy(a + 16, "_DMI_", 5);
    store_le16(a + 22, (uint16_t)t->size);
    store_le16(a + 28, (uint16_t)t->count);
    a[30] = 0x28;
}

void smbios_build(const struct smbios_board *board, struct smbios_tables *t)
{
    uint8_t boot[11] = {TYPE_BOOT_STATUS}, end[4] = {TYPE_END};

    memset(t, 0, sizeof *t);
    put_system(t);
    put_processor(t, board);
    put_memory(t, board);
    put(t, boot, sizeof boot, 0x2000, NULL);
    put(t, end, sizeof end, 0x7F00, NULL);
    fill_anchor(t);
}
