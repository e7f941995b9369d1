/* boot_direct.c - prepares the code that enters a kernel (bios/direct.S). */
#include "devices/boot_direct.h"

#include "bios/direct_code.h"

enum { DEFAULT_WIDTH = 1024, DEFAULT_HEIGHT = 768, DEFAULT_DEPTH = 32 };

bool boot_direct_begin(struct boot_load *load, struct boot_direct *direct)
{
    _Static_assert(sizeof direct_code < DIRECT_SIZE, "room for its stack");

    direct->fixes = 0;
    direct->image = boot_own(load, DIRECT_SIZE);
    if (!direct->image)
        return false;
    memcpy(direct->image, direct_code, sizeof direct_code);
    return true;
}

void boot_direct_fix(struct boot_direct *direct, unsigned fact,
                     unsigned operation, uint32_t source, uint32_t size,
                     gpa_t to)
{
    uint8_t *fix =
        direct->image + DIRECT_FIX + DIRECT_FIX_SIZE * direct->fixes++;

    ASSERT(direct->fixes <= DIRECT_MAX_FIXES);
    fix[0] = (uint8_t)fact;
    fix[1] = (uint8_t)operation;
    store_le32(fix + 4, size);
    store_le32(fix + 8, source);
    store_le32(fix + 12, (uint32_t)to);
}

void boot_direct_copy(struct boot_direct *direct, unsigned fact,
                      uint32_t offset, uint32_t size, gpa_t to)
{
    boot_direct_fix(direct, fact, DIRECT_COPY, offset, size, to);
}

static uint16_t wish(uint32_t value, uint16_t otherwise)
{
    return value ? (uint16_t)min_u64(value, 0xFFFF) : otherwise;
}

void boot_direct_video(struct boot_direct *direct, bool graphics,
                       uint32_t width, uint32_t height, uint32_t depth)
{
    uint8_t *image = direct->image;

    store_le16(image + DIRECT_VIDEO, graphics ? DIRECT_GRAPHICS : DIRECT_TEXT);
    store_le16(image + DIRECT_WIDTH, wish(width, DEFAULT_WIDTH));
    store_le16(image + DIRECT_HEIGHT, wish(height, DEFAULT_HEIGHT));
    store_le16(image + DIRECT_DEPTH, wish(depth, DEFAULT_DEPTH));
}

gpa_t boot_direct_place(const struct boot_load *load, uint64_t size)
{
    for (gpa_t gpa = BOOT_LOW_START; gpa < BOOT_LOW_END; gpa += PAGE_SIZE)
        if (boot_is_free(load, gpa, size))
            return gpa;
    return boot_place(load, size, BOOT_HIGH_START, UINT32_MAX);
}

uint8_t *boot_direct_info(struct boot_load *load, const char *what, size_t size,
                          gpa_t *gpa)
{
    uint8_t *data = boot_own(load, size);

    if (!data)
        return NULL;
    *gpa = boot_direct_place(load, size);
    if (*gpa)
        return data;
    boot_refuse(load, load->request->kernel.name,
                "leaves no room for its %s information; give the PC more RAM "
                "with -m",
                what);
    return NULL;
}

static bool finish(struct boot_load *load, struct boot_direct *direct,
                   uint16_t mode)
{
    const char *name = load->request->kernel.name;
    gpa_t gpa = boot_direct_place(load, DIRECT_SIZE);

    if (!gpa || gpa >= BOOT_LOW_END)
        return boot_refuse(load, name,
                           "leaves no 8 KiB free between 0x%x and 0x%x; link "
                           "it to 1 MiB or above",
                           BOOT_LOW_START, BOOT_LOW_END);
    store_le16(direct->image + DIRECT_FIXES, (uint16_t)direct->fixes);
    store_le16(direct->image + DIRECT_MODE, mode);
    load->plan->record = (struct boot_record){
        .kind = BOOT_REAL_MODE,
        .cs = (uint32_t)(gpa >> 4),
        .seg = (uint32_t)(gpa >> 4),
        .sp = DIRECT_SIZE,
    };
    return boot_add_piece(load, name, gpa, DIRECT_SIZE, direct->image,
                          DIRECT_SIZE);
}

bool boot_direct_enter32(struct boot_load *load, struct boot_direct *direct,
                         uint32_t entry, uint32_t eax, uint32_t ebx)
{
    store_le32(direct->image + DIRECT_ENTRY, entry);
    store_le32(direct->image + DIRECT_EAX, eax);
    store_le32(direct->image + DIRECT_EBX, ebx);
    return finish(load, direct, 32);
}

/* Boot sectors find themselves at 0000:7C00. */
bool boot_direct_enter16(struct boot_load *load, struct boot_direct *direct,
                         uint32_t entry, uint8_t drive)
{
    uint32_t segment = entry < 0x10000 ? 0 : entry >> 4;

    store_le32(direct->image + DIRECT_ENTRY,
               segment << 16 | (entry - (segment << 4)));
    store_le32(direct->image + DIRECT_EBX, drive);
    return finish(load, direct, 16);
}
