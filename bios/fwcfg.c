/* The firmware configuration device of QEMU's specification (docs/specs/
 * fw_cfg): selector port 510h, data port 511h, big-endian file directory. */

#include "fwcfg.h"

#define FWCFG_SELECT  0x510
#define KEY_SIGNATURE 0x00
#define KEY_DIRECTORY 0x19
#define FILES_MAX     256

void fwcfg_bytes(void *to, uint32_t count)
{
    uint8_t *p = to;

    while (count-- > 0) {
        uint8_t byte = inb(FWCFG_DATA);

        if (p)
            *p++ = byte;
    }
}

static uint32_t read_big32(void)
{
    uint32_t value = 0;
    int i;

    for (i = 0; i < 4; i++)
        value = value << 8 | inb(FWCFG_DATA);
    return value;
}

void fwcfg_select(uint16_t key)
{
    outw(FWCFG_SELECT, key);
}

bool fwcfg_present(void)
{
    char signature[4];

    fwcfg_select(KEY_SIGNATURE);
    fwcfg_bytes(signature, 4);
    return memcmp(signature, "QEMU", 4) == 0;
}

uint16_t fwcfg_read16(uint16_t key)
{
    uint8_t low;

    fwcfg_select(key);
    low = inb(FWCFG_DATA);
    return (uint16_t)(low | inb(FWCFG_DATA) << 8);
}

static bool begins(const char *prefix, const char *name)
{
    int i;

    for (i = 0; prefix[i]; i++)
        if (i == FWCFG_NAME_SIZE || prefix[i] != name[i])
            return false;
    return true;
}

bool fwcfg_find(const char *prefix, uint32_t n, struct fwcfg_file *file,
                char name[FWCFG_NAME_SIZE])
{
    char entry[FWCFG_NAME_SIZE];
    uint32_t count, i;

    fwcfg_select(KEY_DIRECTORY);
    count = read_big32();
    for (i = 0; i < count && i < FILES_MAX; i++) {
        file->size = read_big32();
        file->key = (uint16_t)(read_big32() >> 16); /* and 16 reserved bits */
        fwcfg_bytes(entry, FWCFG_NAME_SIZE);
        if (!begins(prefix, entry) || n-- > 0)
            continue;
        if (name)
            memcpy(name, entry, FWCFG_NAME_SIZE);
        return true;
    }
    return false;
}

bool fwcfg_read_file(const char *name, void *to, uint32_t size)
{
    struct fwcfg_file file;

    if (!fwcfg_find(name, 0, &file, NULL))
        return false;
    fwcfg_select(file.key);
    fwcfg_bytes(to, file.size < size ? file.size : size);
    return true;
}
