/* The firmware configuration device of QEMU's specification (docs/specs/
 * fw_cfg): selector port 510h, data port 511h, big-endian file directory. */

#include "post.h"

#define FWCFG_SELECT  0x510
#define FWCFG_DATA    0x511
#define KEY_SIGNATURE 0x00
#define KEY_DIRECTORY 0x19
#define NAME_SIZE     56
#define FILES_MAX     256

static void read_bytes(void *to, uint32_t count)
{
    uint8_t *p = to;

    while (count-- > 0)
        *p++ = inb(FWCFG_DATA);
}

static uint32_t read_big32(void)
{
    uint32_t value = 0;
    int i;

    for (i = 0; i < 4; i++)
        value = value << 8 | inb(FWCFG_DATA);
    return value;
}

bool fwcfg_present(void)
{
    char signature[4];

    outw(FWCFG_SELECT, KEY_SIGNATURE);
    read_bytes(signature, 4);
    return memcmp(signature, "QEMU", 4) == 0;
}

uint16_t fwcfg_read16(uint16_t key)
{
    uint8_t low;

    outw(FWCFG_SELECT, key);
    low = inb(FWCFG_DATA);
    return (uint16_t)(low | inb(FWCFG_DATA) << 8);
}

static bool same_name(const char *name, const char *entry)
{
    int i;

    for (i = 0; i < NAME_SIZE; i++) {
        if (name[i] != entry[i])
            return false;
        if (name[i] == 0)
            return true;
    }
    return false;
}

bool fwcfg_read_file(const char *name, void *to, uint32_t size)
{
    uint32_t count, i;

    outw(FWCFG_SELECT, KEY_DIRECTORY);
    count = read_big32();
    for (i = 0; i < count && i < FILES_MAX; i++) {
        uint32_t length = read_big32();
        uint32_t key = read_big32() >> 16; /* and 16 reserved bits */
        char entry[NAME_SIZE];

        read_bytes(entry, NAME_SIZE);
        if (!same_name(name, entry))
            continue;
        outw(FWCFG_SELECT, (uint16_t)key);
        read_bytes(to, length < size ? length : size);
        return true;
    }
    return false;
}
